"""Smoothing by hand, and bouts against plain implementations of their definitions."""

import time
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


def test_a_session_of_six_minutes_takes_no_time():
    rows = np.random.default_rng(1).dirichlet(np.ones(5), 9000)
    began = time.process_time()
    smooth_codes(rows, smoothing_frames=25, minimum_bout_frames=25)
    assert time.process_time() - began < 1


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
