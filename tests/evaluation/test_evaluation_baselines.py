"""What costs nothing: guesses from training dyads, and an oracle that knows the frame before."""

import numpy as np

from dyadflow.evaluation.baselines import BASELINES, ORACLES, count_baselines
from dyadflow.evaluation.truth import Fold, Truth


def truth_of(**codes):
    """A truth without phases; each session a dyad and a fold of its own."""
    return Truth(
        "infant", ("neg", "neu", "pos"), (), {name: np.array(own, np.int8) for name, own in codes.items()},
        {name: np.full(len(own), -1, np.int8) for name, own in codes.items()},
        {name: Fold(name, number) for number, name in enumerate(codes)},
    )


def confusion(truth, model):
    """Of all sessions together."""
    [found] = [each for each in count_baselines("corrected", truth) if each.cell.model == model]
    return found.counts.sum((0, 1)).tolist()


def test_the_oracle_is_named_apart_from_the_baselines_and_has_no_stream():
    counted = count_baselines("corrected", truth_of(a=[0, 1], b=[1, 1]))
    assert [each.cell.model for each in counted] == [*BASELINES, *ORACLES] == ["majority", "phase", "previous"]
    assert {each.cell.stream for each in counted} == {"none"}


def test_the_oracle_says_the_code_of_the_frame_before_and_is_wrong_only_where_a_bout_begins():
    codes = np.repeat([0, 1, 2, 1, 0], 50)
    found = confusion(truth_of(a=codes, b=codes[::-1]), "previous")
    # Four changes in each session, 0 to 1 to 2 to 1 to 0; the first frame is neg, which the other dyad does most
    # (of equals the first).
    assert found == [[198, 2, 0], [2, 196, 2], [0, 2, 98]]
    assert np.trace(found) / 500 == 1 - 8 / 500


def test_over_frames_without_a_class_the_oracle_remembers_the_last_that_had_one():
    # a begins with a gap and the majority of b, pos; after the gap it still says neg.
    truth = truth_of(a=[-1, 0, -2, -3, 0, 2], b=[2, 2, 2])
    [found] = [each for each in count_baselines("corrected", truth) if each.cell.model == "previous"]
    assert found.counts[0].sum(0).tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 0]]
