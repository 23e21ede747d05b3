"""Agreement between coders: which frames count, which coders count, and the numbers by hand."""

import numpy as np
import pytest

from dyadflow.agreement.coders import AGREEMENT_COLUMNS, compare_coders, tabulate_confusion
from dyadflow.annotations.labels import EXCLUDED, UNCODED, UNSCORABLE, SessionLabels
from dyadflow.media.grid import FrameGrid

PHASES = ("play", "turn-away", "reunion")
DYADS = {"s1": "d1", "s2": "d2"}


def session(codes, phase=None):
    """Labels of one session; `codes` by target and coder."""
    frames = len(next(iter(next(iter(codes.values())).values())))
    arrays = {
        target: {coder: np.array(values, np.int8) for coder, values in coders.items()}
        for target, coders in codes.items()
    }
    return SessionLabels(
        grid=FrameGrid(25.0, frames), phases=PHASES,
        phase=np.array(phase if phase is not None else [0] * frames, np.int8),
        classes={target: ("neg", "pos") for target in codes}, codes=arrays,
    )


def humans(labels):
    """All coders of all sessions, all human."""
    return {(name, coder): "human" for name, found in labels.items()
            for coders in found.codes.values() for coder in coders}


def only(table, **equals):
    """The one row in which the named columns have these values."""
    for name, value in equals.items():
        table = table[table[name] == value]
    assert len(table) == 1, table
    return table.iloc[0]


def test_two_coders_worked_by_hand():
    labels = {"s1": session({"infant": {"A": [0, 0, 1, 1, 1], "B": [0, 1, 1, 1, 0]}}),
              "s2": session({"infant": {"A": [0, 0, 0, 1, 1], "B": [0, 0, 1, 1, 1]}})}
    row = only(compare_coders(labels, DYADS, humans(labels)), target="infant", phase="all")
    # A in rows: [[3, 2], [1, 4]]; observed 0.7, chance (5 * 4 + 5 * 6) / 100 = 0.5.
    assert (row.coder_a, row.coder_b, row.sessions, row.dyads, row.frames) == ("A", "B", 2, 2, 10)
    assert row.percent == pytest.approx(70)
    assert row.kappa == pytest.approx(0.4)
    assert 0 < row.percent_low < 70 < row.percent_high < 100
    counted = tabulate_confusion(labels, DYADS, humans(labels))
    assert [*counted.frames] == [3, 2, 1, 4]
    assert [*counted.code_a] == ["neg", "neg", "pos", "pos"]
    assert [*counted.code_b] == ["neg", "pos", "neg", "pos"]


def test_frames_without_a_class_by_both_are_not_units():
    labels = {"s1": session({"infant": {"A": [0, UNCODED, 1, EXCLUDED, UNSCORABLE, 1],
                                        "B": [0, 1, UNSCORABLE, 0, 1, 1]}})}
    row = only(compare_coders(labels, DYADS, humans(labels)), phase="all")
    assert (row.frames, row.percent) == (2, 100)
    assert tabulate_confusion(labels, DYADS, humans(labels)).frames.sum() == 2


def test_every_phase_has_its_row_and_excluded_ones_have_none():
    phase = [0, 0, 1, 1, 2, 2, -1]
    labels = {"s1": session({"infant": {"A": [0, 1, EXCLUDED, EXCLUDED, 0, 1, 1],
                                        "B": [0, 1, EXCLUDED, EXCLUDED, 1, 0, 1]}}, phase)}
    table = compare_coders(labels, DYADS, humans(labels))
    assert [*table.phase] == ["all", "play", "reunion"]
    assert only(table, phase="play").kappa == 1
    assert only(table, phase="reunion").kappa == -1
    # The last frame lies in no phase, but is coded: it counts in `all` alone.
    assert [*table.frames] == [5, 2, 2]


def test_coding_assisted_by_a_prediction_never_counts():
    labels = {"s1": session({"infant": {"A": [0, 1], "B": [0, 1], "C": [0, 1]}})}
    kinds = humans(labels) | {("s1", "B"): "assisted", ("s1", "C"): "model"}
    table = compare_coders(labels, DYADS, kinds)
    assert table.empty
    assert tuple(table.columns) == AGREEMENT_COLUMNS


def test_a_coder_is_compared_only_where_both_coded_that_target():
    labels = {
        "s1": session({"infant": {"A": [0, 1], "B": [0, 1]}, "caregiver": {"A": [0, 1], "B": [UNCODED] * 2}}),
        "s2": session({"infant": {"A": [0, 1], "C": [1, 1]}, "caregiver": {"A": [1, 1], "C": [1, 1]}}),
    }
    table = compare_coders(labels, DYADS, humans(labels))
    pairs = table[table.phase == "all"][["target", "coder_a", "coder_b", "sessions"]]
    assert [tuple(row) for row in pairs.to_numpy()] == [
        ("infant", "A", "B", 1), ("infant", "A", "C", 1), ("caregiver", "A", "C", 1)]


def test_two_coders_who_shared_a_session_but_no_frame_have_a_row_that_says_so():
    labels = {"s1": session({"infant": {"A": [0, UNCODED], "B": [UNCODED, 1]}})}
    row = only(compare_coders(labels, DYADS, humans(labels)), phase="all")
    assert (row.sessions, row.dyads, row.frames) == (0, 0, 0)
    assert np.isnan([row.percent, row.kappa, row.kappa_low]).all()


def test_two_sessions_of_one_dyad_are_one_dyad_and_have_no_interval():
    labels = {name: session({"infant": {"A": [0, 1, 0, 1], "B": b}})
              for name, b in (("s1", [0, 1, 1, 1]), ("s2", [0, 1, 0, 0]))}
    row = only(compare_coders(labels, {"s1": "d1", "s2": "d1"}, humans(labels)), phase="all")
    assert (row.sessions, row.dyads) == (2, 1)
    assert np.isnan(row.percent_low)


def test_the_order_in_which_coders_are_listed_does_not_matter():
    forward = {"s1": session({"infant": {"A": [0, 1, 1], "B": [0, 1, 0], "C": [1, 1, 0]}})}
    backward = {"s1": session({"infant": {"C": [1, 1, 0], "B": [0, 1, 0], "A": [0, 1, 1]}})}
    assert compare_coders(forward, DYADS, humans(forward)).equals(
        compare_coders(backward, DYADS, humans(backward)))
