"""Smoothing by hand, and bouts against plain implementations of their definitions."""

from itertools import pairwise

import numpy as np
import pytest

from dyadflow.models.bout_matching import count_edits, count_matches, edit_distance, find_bouts, segmental_f1
from dyadflow.models.smoothing import smooth_codes, tune_smoothing

KNOWN = np.ones(10, bool)


def probabilities_of(codes, sure=0.8):
    codes = np.asarray(codes)
    return np.where(np.arange(3) == codes[:, None], sure, (1 - sure) / 2)


def test_without_smoothing_the_most_probable_class_stands():
    codes = np.array([0, 1, 1, 2, 0])
    np.testing.assert_array_equal(
        smooth_codes(probabilities_of(codes), smoothing_frames=1, minimum_bout_frames=1), codes)


def test_a_moving_mean_takes_in_what_is_there_and_passes_over_what_is_not():
    rows = probabilities_of([0, 1, 0, 0, 2])
    rows[4] = np.nan
    found = smooth_codes(rows, smoothing_frames=3, minimum_bout_frames=1)
    # Frame 0: 0 and 1 tie, the first wins; frame 1: 0 1 0; frame 3: 0 0; frame 4: only its neighbour.
    assert found.tolist() == [0, 0, 0, 0, 0]
    alone = smooth_codes(rows, smoothing_frames=1, minimum_bout_frames=1)
    assert alone.tolist() == [0, 1, 0, 0, -1]


def test_short_bouts_go_to_the_neighbour_that_their_frames_find_more_probable():
    rows = probabilities_of([0, 0, 0, 1, 2, 2, 2])
    rows[3] = [0.1, 0.5, 0.4]
    assert smooth_codes(rows, smoothing_frames=1, minimum_bout_frames=2).tolist() == [0, 0, 0, 2, 2, 2, 2]
    rows[3] = [0.4, 0.5, 0.1]
    assert smooth_codes(rows, smoothing_frames=1, minimum_bout_frames=2).tolist() == [0, 0, 0, 0, 2, 2, 2]
    # The shortest goes first: without frame 2 the others are one bout of four.
    assert smooth_codes(
        probabilities_of([0, 0, 1, 0, 0, 2, 2, 2, 2, 2]), smoothing_frames=1, minimum_bout_frames=3
    ).tolist() == [0] * 5 + [2] * 5


def test_no_bout_is_shorter_than_the_minimum_unless_it_is_all_there_is():
    rng = np.random.default_rng(0)
    for _ in range(30):
        rows = rng.dirichlet(np.ones(4), 200)
        found = smooth_codes(rows, smoothing_frames=3, minimum_bout_frames=6)
        bouts = find_bouts(found, np.ones(200, bool))
        assert (bouts.stops - bouts.starts).min() >= 6
    assert smooth_codes(probabilities_of([1, 1]), smoothing_frames=1, minimum_bout_frames=9).tolist() == [1, 1]


def absorbed_slowly(rows, least):
    """Short bouts given away one at a time, with all bouts listed anew each time."""
    codes = rows.argmax(1)
    while True:
        edges = [0, *(np.flatnonzero(np.diff(codes)) + 1), len(codes)]
        bouts = list(pairwise(edges))
        if len(bouts) == 1:
            return codes
        start, stop = min(bouts, key=lambda bout: (bout[1] - bout[0], bout[0]))
        if stop - start >= least:
            return codes
        near = [codes[place] for place in (start - 1, stop) if 0 <= place < len(codes)]
        codes[start:stop] = max(near, key=lambda code: np.log(rows[start:stop, code]).sum())


def test_many_short_bouts_at_once_go_as_they_would_one_at_a_time():
    rng = np.random.default_rng(4)
    for least in (2, 3, 7, 20):
        for _ in range(10):
            rows = rng.dirichlet(np.ones(3), 150)
            found = smooth_codes(rows, smoothing_frames=1, minimum_bout_frames=least)
            np.testing.assert_array_equal(found, absorbed_slowly(rows, least))


@pytest.mark.parametrize("frames", [3, 5, 11, 301])
def test_a_moving_mean_is_the_mean_of_what_lies_within_it(frames):
    rows = np.random.default_rng(6).dirichlet(np.ones(4), 120)
    rows[[0, 7, 8, 50]] = np.nan
    rows[60:75] = np.nan
    expected = []
    for place in range(120):
        within = rows[max(0, place - frames // 2):place + frames // 2 + 1]
        within = within[np.isfinite(within).all(1)]
        expected.append(within.mean(0).argmax() if len(within) else -1)
    found = smooth_codes(rows, smoothing_frames=frames, minimum_bout_frames=1)
    np.testing.assert_array_equal(found, expected)
    assert (found == -1).any() == (frames < 15)


def test_frames_that_nobody_can_code_end_a_bout_and_stay_without_a_code():
    rows = probabilities_of([0, 0, 0, 1, 1, 1, 1, 2, 2, 2])
    rows[4] = np.nan
    # Frame 3 has only 0 beside it; frames 5 and 6 have only 2.
    assert smooth_codes(rows, smoothing_frames=1, minimum_bout_frames=3).tolist() == [0] * 4 + [-1] + [2] * 5
    assert smooth_codes(np.full((4, 3), np.nan), smoothing_frames=3, minimum_bout_frames=3).tolist() == [-1] * 4
    assert len(smooth_codes(np.zeros((0, 3)), smoothing_frames=3, minimum_bout_frames=3)) == 0


def plain_f1(truth, said, overlap):
    """Lea et al. (2017): predicted segments in order, each takes the true one of its class that it overlaps most."""
    def runs(codes):
        edges = [0, *(np.flatnonzero(np.diff(codes)) + 1), len(codes)]
        return [(int(codes[a]), a, b) for a, b in pairwise(edges)]

    true, used, hits, wrong = runs(truth), set(), 0, 0
    for code, start, stop in runs(said):
        ratios = [
            (min(stop, b) - max(start, a)) / (max(stop, b) - min(start, a)) * (code == other) for other, a, b in true]
        best = int(np.argmax(ratios))
        if ratios[best] >= overlap and best not in used:
            used.add(best)
            hits += 1
        else:
            wrong += 1
    missed = len(true) - len(used)
    return 2 * hits / (2 * hits + wrong + missed)


@pytest.mark.parametrize("overlap", [0.1, 0.25, 0.5])
def test_segmental_f1_is_that_of_its_definition(overlap):
    rng = np.random.default_rng(5)
    for _ in range(40):
        truth, said = (np.repeat(rng.integers(0, 3, 15), rng.integers(1, 9, 15))[:60] for _ in range(2))
        length = min(len(truth), len(said))
        truth, said = truth[:length], said[:length]
        known = np.ones(length, bool)
        counts = count_matches(find_bouts(truth, known), find_bouts(said, known), overlap)
        assert float(segmental_f1(counts)) == pytest.approx(plain_f1(truth, said, overlap))


def test_what_nobody_coded_ends_a_bout_and_belongs_to_none():
    codes = np.array([0, 0, 1, 1, 1, 1, 0, 0, 0, 0])
    known = KNOWN.copy()
    known[[3, 9]] = False
    bouts = find_bouts(codes, known)
    assert list(zip(bouts.codes, bouts.starts, bouts.stops, bouts.stretches, strict=True)) == [
        (0, 0, 2, 1), (1, 2, 3, 1), (1, 4, 6, 2), (0, 6, 9, 2)]
    # Stretch 1: 0 1 against 0; stretch 2: 1 0 against 1 0.
    said = find_bouts(np.array([0, 0, 0, 2, 1, 1, 0, 0, 0, 2]), known)
    assert count_edits(bouts, said).tolist() == [1, 4]
    assert len(find_bouts(codes, np.zeros(10, bool))) == 0


@pytest.mark.parametrize(("one", "other", "distance"), [
    ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("flaw", "lawn", 2), ("intention", "execution", 5),
])
def test_edit_distances_of_the_textbook(one, other, distance):
    codes = [np.array([ord(letter) for letter in word], int) for word in (one, other)]
    assert edit_distance(*codes) == edit_distance(*codes[::-1]) == distance


def test_the_smoothing_is_tuned_to_how_long_people_s_bouts_last():
    rng = np.random.default_rng(2)
    codes = [np.repeat(rng.permutation(12) % 3, 50) for _ in range(4)]
    flicker = [probabilities_of(np.where(rng.random(600) < 0.3, rng.integers(0, 3, 600), each)) for each in codes]
    frames, minimum = tune_smoothing(flicker, codes, rate_hz=25.0)
    assert (frames, minimum) != (1, 1) and frames % 2 == 1
    smoothed = [smooth_codes(each, smoothing_frames=frames, minimum_bout_frames=minimum) for each in flicker]
    assert np.mean([(one == other).mean() for one, other in zip(smoothed, codes, strict=True)]) > 0.95
    assert tune_smoothing([probabilities_of(each) for each in codes], codes, rate_hz=25.0) == (1, 1)
    assert tune_smoothing(flicker, [np.full(600, -1)] * 4, rate_hz=25.0) == (1, 1)


def test_the_pair_that_is_tuned_is_the_best_of_the_grid_by_f1_of_bouts_and_of_frames():
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(8)
    for spread in (2.0, 4.0):
        codes = np.repeat(rng.permutation(24) % 3, rng.integers(4, 60, 24))
        rows = np.exp(2 * np.eye(3)[codes] + spread * rng.normal(size=(len(codes), 3)))
        rows /= rows.sum(1, keepdims=True)
        score = {}
        for window in (1, 3, 5, 11, 21):
            for minimum in (1, 2, 5, 10, 20):
                said = smooth_codes(rows, smoothing_frames=window, minimum_bout_frames=minimum)
                by_frame = f1_score(codes, said, average="macro")
                score[window, minimum] = (plain_f1(codes, said, 0.25) + by_frame) / 2
        assert tune_smoothing([rows], [codes], rate_hz=10.0) == max(score, key=score.get)
        assert max(score.values()) > score[1, 1]


def test_a_rare_class_with_short_bouts_is_not_smoothed_away():
    # Bouts of 0 with a flicker of 8 frames in six of ten, of 2, and four of 1 with 6 frames between them. To drop
    # whatever is shorter than 12 frames would find more bouts, and have more frames right: but none of 1.
    codes, said = [], []
    for number in range(10):
        codes += [0] * 60 + [1] * (6 * (number < 4)) + [2] * 60
        said += [0] * 26 + [2 if number >= 4 else 0] * 8 + [0] * 26 + [1] * (6 * (number < 4)) + [2] * 60
    rows = [probabilities_of(said)]
    frames, minimum = tune_smoothing(rows, [np.array(codes)], rate_hz=25.0)
    found = smooth_codes(rows[0], smoothing_frames=frames, minimum_bout_frames=minimum)
    assert (found == 1).sum() == 24
    without = smooth_codes(rows[0], smoothing_frames=1, minimum_bout_frames=12)
    assert (without == np.array(codes)).mean() > (np.array(said) == np.array(codes)).mean()
    assert plain_f1(np.array(codes), without, 0.25) > plain_f1(np.array(codes), np.array(said), 0.25)


def test_frames_without_a_prediction_are_wrong_and_not_an_error():
    codes = np.repeat([0, 1, 0, 1], 30)
    rows = probabilities_of(codes)
    rows[10:15] = np.nan
    # A mean over 13 frames (0.5 s) fills the gap; one over 5 (0.2 s) leaves a frame.
    assert tune_smoothing([rows], [codes], rate_hz=25.0) == (13, 1)
