"""Events matched by their onsets: the best matching there is, and percent and kappa worked by hand."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dyadflow.agreement.matching import (
    event_kappa,
    event_numbers,
    event_percent,
    match_onsets,
    one_event_class,
    tally_events,
)
from dyadflow.agreement.runs import Events

TIMES = st.lists(st.integers(0, 120).map(lambda tenths: tenths / 10), max_size=5, unique=True).map(sorted)


def events(*rows):
    """Events from (class, onset_s), each seen to begin."""
    onsets = np.array([onset_s for _, onset_s in rows], float)
    spans = np.column_stack([onsets, np.append(onsets[1:], onsets[-1:] + 1)]) if rows else np.empty((0, 2))
    return Events(spans, np.array([place for place, _ in rows], int), np.ones(len(rows), bool))


def tally(a, b, tolerance_s=1.0, classes=3):
    """Counts and differences of one phase."""
    slots = (np.zeros(len(a.spans), int), np.zeros(len(b.spans), int))
    counts, differences = tally_events(a, b, slots, tolerance_s, classes, 1)
    return counts[0], differences[0]


def test_every_event_is_matched_at_most_once_and_with_the_nearest():
    assert match_onsets(np.array([1.0, 5.0]), np.array([0.4, 1.3, 5.2]), 1.0).tolist() == [[0, 1], [1, 2]]
    assert match_onsets(np.array([1.0]), np.array([2.0]), 1.0).tolist() == [[0, 0]]
    assert match_onsets(np.array([1.0]), np.array([2.001]), 1.0).tolist() == []
    assert match_onsets(np.array([]), np.array([2.0]), 1.0).shape == (0, 2)


def test_more_matches_are_better_than_nearer_ones():
    # Nearest first would match 1.0 with 1.2 and leave 0.5 and 1.9 alone.
    assert match_onsets(np.array([0.5, 1.0]), np.array([1.2, 1.9]), 1.0).tolist() == [[0, 0], [1, 1]]


@settings(max_examples=100, deadline=None)
@given(TIMES, TIMES, st.integers(0, 30).map(lambda tenths: tenths / 10))
def test_no_other_matching_is_better(a, b, tolerance_s):
    found = match_onsets(np.array(a), np.array(b), tolerance_s)
    apart = [abs(a[i] - b[j]) for i, j in found]
    best = (0, 0.0)
    for size in range(1, min(len(a), len(b)) + 1):
        for chosen in combinations(a, size):
            for others in permutations(b, size):
                moves = [abs(one - other) for one, other in zip(chosen, others, strict=True)]
                if max(moves) <= tolerance_s + 1e-6:
                    best = max(best, (size, -sum(moves)))
    assert len(found) == best[0] and -sum(apart) == pytest.approx(best[1], abs=1e-6)
    # In order, each once, and within the tolerance.
    assert (np.diff(found, axis=0) > 0).all() and all(move <= tolerance_s + 1e-6 for move in apart)
    assert match_onsets(np.array(b), np.array(a), tolerance_s)[:, ::-1].tolist() == found.tolist()


def test_many_onsets_are_matched_as_by_one_assignment():
    from scipy.optimize import linear_sum_assignment

    rng = np.random.default_rng(9)
    a, b = np.sort(rng.uniform(0, 400, 150)), np.sort(rng.uniform(0, 400, 170))
    found = match_onsets(a, b, 1.5)
    apart = np.abs(a[:, None] - b)
    rows, columns = linear_sum_assignment(np.where(apart <= 1.5, apart - 1e4, 0))
    kept = apart[rows, columns] <= 1.5
    assert len(found) == kept.sum()
    assert apart[tuple(found.T)].sum() == pytest.approx(apart[rows, columns][kept].sum())


# A codes 0 at 1, 1 at 3, 0 at 6 and 2 at 9; B 0 at 1.5, 2 at 3.4, 0 at 5.2 and 1 at 20.
ONE = events((0, 1.0), (1, 3.0), (0, 6.0), (2, 9.0))
OTHER = events((0, 1.5), (2, 3.4), (0, 5.2), (1, 20.0))


def test_events_worked_by_hand():
    counts, differences = tally(ONE, OTHER)
    # Matched: both 0. Confused: 1 of A with 2 of B. A alone: 2 at 9. B alone: 1 at 20.
    assert counts.tolist() == [[2, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]]
    assert [int(number) for number in event_numbers(counts)] == [4, 4, 2]
    # 2 matched, 2 unmatched of each.
    assert event_percent(counts) == pytest.approx(100 * 2 / 6)
    # Five tallies, three pairs; shares of A 2 1 1 of 4, of B 2 1 1 of 4: chance 3 * (4 + 1 + 1) / 16.
    chance = 3 * 6 / 16
    assert event_kappa(counts) == pytest.approx((2 - chance) / (5 - chance))
    # B is 0.5 s later, then 0.8 s earlier.
    assert differences[0] == pytest.approx([2, -0.3, 1.3]) and not differences[1:].any()


def test_onsets_that_nobody_saw_do_not_tell_how_late_a_coder_is():
    hidden = Events(ONE.spans, ONE.classes, np.array([False, True, True, True]))
    assert tally(hidden, OTHER)[1][0] == pytest.approx([1, -0.8, 0.8])
    assert tally(hidden, OTHER)[0].tolist() == tally(ONE, OTHER)[0].tolist()


def test_one_class_alone_counts_a_confusion_as_an_event_that_one_coder_has():
    counts, _ = tally(ONE, OTHER)
    assert [int(number) for number in event_numbers(one_event_class(counts, 0))] == [2, 2, 2]
    assert event_percent(one_event_class(counts, 0)) == 100
    assert [int(number) for number in event_numbers(one_event_class(counts, 1))] == [1, 1, 0]
    assert event_percent(one_event_class(counts, 2)) == 0
    assert sum(int(event_numbers(one_event_class(counts, place))[2]) for place in range(3)) == 2


def test_a_pair_is_in_the_phase_of_its_earlier_onset():
    slots = (np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    for first, second, places in ((ONE, OTHER, slots), (OTHER, ONE, slots[::-1])):
        counts, _ = tally_events(first, second, places, 1.0, 3, 2)
        # 6.0 of A in phase 1 is matched with 5.2 of B in phase 0; 3.0 of A in phase 0 is confused with 3.4 in phase 1.
        assert counts[0].sum() == 3 and counts[0, 0, 0] == 2
        assert counts[1].sum() == 2 and counts[1, 3].sum() == 1 and counts[1, :, 3].sum() == 1


TALLIES = st.integers(2, 5).flatmap(lambda size: arrays(np.int64, (size, size), elements=st.integers(0, 9)))


@settings(max_examples=40, deadline=None)
@given(TALLIES)
def test_chance_is_that_of_iterative_proportional_fitting_round_the_empty_cell(counts):
    counts[-1, -1] = 0
    found = event_kappa(counts)
    rows, columns = counts.sum(1), counts.sum(0)
    if not counts[:-1].sum() or not counts[:, :-1].sum():
        assert np.isnan(found)
        return
    fitted = np.ones(counts.shape)
    fitted[-1, -1] = 0
    for _ in range(2000):
        with np.errstate(invalid="ignore", divide="ignore"):
            fitted = np.nan_to_num(fitted * (rows / fitted.sum(1))[:, None])
            fitted = np.nan_to_num(fitted * (columns / fitted.sum(0)))
        if np.allclose(fitted.sum(1), rows, atol=1e-9, rtol=0):
            break
    else:
        # Where no two events are paired, the fit only creeps towards the margins.
        assume(False)
    agreed, chance = np.trace(counts), np.trace(fitted)
    if counts.sum() - chance > 1e-6:
        assert found == pytest.approx((agreed - chance) / (counts.sum() - chance), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(TALLIES)
def test_swapped_coders_and_renamed_classes_change_neither_percent_nor_kappa(counts):
    counts[-1, -1] = 0
    order = [*reversed(range(len(counts) - 1)), len(counts) - 1]
    for statistic in (event_percent, event_kappa):
        assert statistic(counts.T) == pytest.approx(statistic(counts), nan_ok=True)
        assert statistic(counts[np.ix_(order, order)]) == pytest.approx(statistic(counts), nan_ok=True)
    percent = event_percent(counts)
    assert np.isnan(percent) or 0 <= percent <= 100


@settings(max_examples=60, deadline=None)
@given(TIMES, TIMES, st.randoms(use_true_random=False), st.floats(0, 3))
def test_swapping_coders_turns_the_tally_and_more_tolerance_never_matches_less(first, second, random, tolerance_s):
    a, b = (events(*[(random.randrange(3), onset_s) for onset_s in times]) for times in (first, second))
    counts, differences = tally(a, b, tolerance_s)
    turned, opposite = tally(b, a, tolerance_s)
    assert (turned == counts.T).all()
    assert opposite == pytest.approx(differences * [1, -1, 1])
    assert (counts[:-1].sum(), counts[:, :-1].sum()) == (len(first), len(second)) and not counts[-1, -1]
    assert np.trace(tally(a, b, tolerance_s + 0.5)[0]) >= np.trace(counts)


def test_events_that_are_all_the_same_agree_fully():
    counts, differences = tally(ONE, ONE, 0.0)
    assert event_percent(counts) == 100 and event_kappa(counts) == 1
    assert differences[:, 0].tolist() == [2, 1, 1] and not differences[:, 1:].any()


def test_where_there_is_nothing_to_match_there_is_no_number():
    assert np.isnan(event_percent(np.zeros((3, 3)))) and np.isnan(event_kappa(np.zeros((3, 3))))
    counts, _ = tally(events(), OTHER)
    assert event_percent(counts) == 0 and np.isnan(event_kappa(counts))
    # One class alone, always matched: chance would do as well.
    assert np.isnan(event_kappa([[7, 0], [0, 0]])) and event_percent([[7, 0], [0, 0]]) == 100
    # Two who never come near each other: no pairs, and so no chance agreement either.
    assert event_kappa([[0, 0, 3], [0, 0, 2], [2, 2, 0]]) == 0
