"""Arithmetic of intervals, against the same on a grid of whole seconds."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dyadflow.behaviour.bouts import clip, join, join_runs, single_runs, subtract, total_s

SECONDS = 30
intervals = st.lists(st.tuples(st.integers(0, SECONDS), st.integers(1, 6)), max_size=8).map(
    lambda them: [(float(onset), float(min(SECONDS, onset + length))) for onset, length in them if onset < SECONDS])


def painted(those):
    grid = np.zeros(SECONDS, dtype=bool)
    for onset_s, offset_s, *_ in those:
        grid[int(onset_s):int(offset_s)] = True
    return grid


def is_apart(those):
    return all(first[1] < second[0] for first, second in pairwise(those))


@settings(max_examples=100, deadline=None)
@given(intervals, intervals)
def test_joined_cut_and_taken_away_as_on_a_grid(one, two):
    joined, spans = join(one), join(two)
    assert (painted(joined) == painted(one)).all() and is_apart(joined)
    cut, left = clip(joined, spans), subtract(joined, spans)
    assert (painted(cut) == (painted(one) & painted(two))).all()
    assert (painted(left) == (painted(one) & ~painted(two))).all()
    assert total_s(cut) + total_s(left) == total_s(joined) == painted(one).sum()


@settings(max_examples=100, deadline=None)
@given(intervals, intervals, intervals)
def test_a_moment_with_two_values_is_in_no_run(one, two, three):
    runs = single_runs({"a": join(one), "b": join(two), "c": join(three)})
    held = np.array([painted(one), painted(two), painted(three)])
    for number, value in enumerate("abc"):
        assert (painted([run for run in runs if run[2] == value]) == (held[number] & (held.sum(0) == 1))).all()
    assert all(first[1] <= second[0] and (first[1] < second[0] or first[2] != second[2])
               for first, second in pairwise(runs))


def test_gaps_up_to_the_given_length_are_closed():
    assert join([(0, 1), (1.1, 2), (2.3, 3)], 0.1) == [(0, 2), (2.3, 3)]
    assert join_runs([(0, 1, "a"), (1, 2, "a"), (2, 3, "b"), (4, 5, "b")]) == [(0, 2, "a"), (2, 3, "b"), (4, 5, "b")]


def test_a_point_belongs_to_the_span_that_begins_with_it_and_nothing_else_comes_out_without_length():
    points = [(0.0, 0.0), (5.0, 5.0), (10.0, 10.0)]
    assert clip(points, [(0.0, 5.0)]) == [(0.0, 0.0)]
    assert clip(points, [(5.0, 10.0)]) == [(5.0, 5.0)]
    assert clip([(0.0, 5.0, "a"), (5.0, 10.0, "b")], [(5.0, 7.0)]) == [(5.0, 7.0, "b")]
