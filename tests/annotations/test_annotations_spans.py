"""Coders' spans of a task: whose they are, what they share, and how much of a moment is positive."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.labels import label_session, label_spec
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.spans import (
    CodedSpan,
    coded_spans,
    intersect,
    maximal_interval,
    minimal_interval,
    phase_spans,
    unite,
)
from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid


def coded(*rows, session="s01", coder="A"):
    return [
        {"session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
        for tier, code, onset_s, offset_s in rows
    ]


@pytest.fixture(scope="module")
def dolls(guided_play):
    return label_spec(guided_play)["targets"]["dolls-task_engagement"]


def spans_of(target, *rows, **more):
    return coded_spans(Segments.from_rows(row for part in rows for row in part), target, **more)


def test_a_coders_positive_moments_lie_within_their_own_span(dolls):
    found = spans_of(dolls, coded(
        ("phase", "dolls", 10, 40), ("phase", "drum", 50, 90),
        ("task_engagement", "yes", 5, 12), ("task_engagement", "yes", 20, 25), ("task_engagement", "yes", 25, 26),
        ("task_engagement", "no", 30, 31), ("task_engagement", "yes", 35, 55), ("task_engagement", "yes", 60, 70),
        ("social_engagement", "yes", 10, 40),
    ))
    span = found["s01"]["A"]
    assert (span.session, span.coder, span.onset_s, span.offset_s) == ("s01", "A", 10, 40)
    # Touching marks are one; what reaches over an edge is cut there; what lies in another task is not there.
    assert span.positive.tolist() == [[10, 12], [20, 26], [35, 40]]
    assert span.positive_share(10, 40) == pytest.approx(13 / 30)
    assert span.positive_share(11, 13) == 0.5 and span.positive_share(20, 26) == 1 and span.positive_share(12, 20) == 0


def test_a_span_is_cut_at_the_last_picture_with_what_is_positive_in_it():
    span = CodedSpan("s01", "A", 10.0, 40.0, np.array([[10.0, 12.0], [20.0, 26.0], [35.0, 40.0]]))
    cut = span.until(25.0)
    assert (cut.onset_s, cut.offset_s, cut.positive.tolist()) == (10.0, 25.0, [[10.0, 12.0], [20.0, 25.0]])
    assert span.until(99.0).offset_s == 40.0 and span.until(99.0).positive.tolist() == span.positive.tolist()


def test_unlabelled_is_not_negative(dolls):
    found = spans_of(
        dolls,
        coded(("phase", "dolls", 0, 9)),
        coded(("phase", "drum", 0, 9), ("task_engagement", "yes", 0, 9), coder="B"),
        coded(("phase", "shaker", 0, 9), session="s02"),
    )
    # A marked the task and nothing in it; B did not mark the task; of s02 nobody did.
    assert {session: list(by_coder) for session, by_coder in found.items()} == {"s01": ["A"]}
    assert found["s01"]["A"].positive.shape == (0, 2) and found["s01"]["A"].positive_share(0, 9) == 0


def test_sessions_and_coders_are_in_order_of_their_names(dolls):
    rows = [coded(("phase", "dolls", 0, 9), session=session, coder=coder)
            for session, coder in (("s2", "C"), ("s1", "B"), ("s2", "A"), ("s1", "A"))]
    found = spans_of(dolls, *rows)
    assert [(session, list(by_coder)) for session, by_coder in found.items()] == [
        ("s1", ["A", "B"]), ("s2", ["A", "C"])]


def test_phases_of_the_sheet_hold_for_every_coder_of_the_session(dolls):
    found = spans_of(
        dolls,
        coded(("phase", "dolls", 0, 9), ("task_engagement", "yes", 4, 20)),
        coded(("task_engagement", "yes", 0, 6), coder="B"),
        coded(("phase", "dolls", 1, 2), session="s02"),
        sheet_phases={"s01": [["dolls", 5.0, 10.0], ["drum", 20.0, 30.0]], "s03": [["dolls", 0.0, 1.0]]},
    )
    assert [(span.session, span.coder, span.onset_s, span.offset_s, span.positive.tolist())
            for by_coder in found.values() for span in by_coder.values()] == [
        ("s01", "A", 5, 10, [[5, 10]]), ("s01", "B", 5, 10, [[5, 6]]), ("s02", "A", 1, 2, [])]


def test_a_task_marked_twice_is_an_error_with_both_times(dolls):
    with pytest.raises(DyadflowError) as error:
        spans_of(dolls, coded(("phase", "dolls", 0, 9), ("phase", "dolls", 20, 30), coder="B"))
    for part in ("session s01, coder B", "'dolls'", "0.000 to 9.000 s", "20.000 to 30.000 s"):
        assert part in str(error.value)


def test_where_the_positive_class_is_what_is_not_marked_the_rest_is_positive(dolls):
    target = dolls | {"otherwise": 1}
    found = spans_of(target, coded(
        ("phase", "dolls", 10, 40), ("task_engagement", "no", 8, 12), ("task_engagement", "no", 20, 25)))
    assert found["s01"]["A"].positive.tolist() == [[12, 20], [25, 40]]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"classes": ["no", "self", "joint"]}, "has 3 classes, not two"),
        ({"phases": None}, "belongs to all phases, not to one"),
        ({"phases": ["dolls", "drum"]}, "belongs to 2 phases, not to one"),
        ({"otherwise": None}, "unlabelled is not negative"),
        ({"codes": {"yes": 1, "no": 0, "unseen": -3}}, "'unseen' in tier 'task_engagement' (1.000 to 2.000 s)"),
        ({"codes": {"no": 0}}, "is not in tier 'task_engagement'"),
    ],
)
def test_targets_and_codes_that_are_not_yes_or_no_are_errors(dolls, change, sentence):
    rows = coded(("phase", "dolls", 0, 9), ("task_engagement", "unseen" if "codes" in change else "yes", 1, 2))
    with pytest.raises(DyadflowError) as error:
        spans_of(dolls | change, rows)
    assert sentence in str(error.value)


def span(onset_s, offset_s, positive=(), coder="A"):
    return CodedSpan("s01", coder, onset_s, offset_s, np.array(positive, dtype=float).reshape(-1, 2))


def test_what_three_coders_share_and_what_any_of_them_marked():
    spans = {"A": span(10, 40), "B": span(12, 43), "C": span(11, 39)}
    assert minimal_interval(spans) == (12, 39) and maximal_interval(spans) == (10, 43)
    apart = {"A": span(10, 20), "B": span(20, 30)}
    assert minimal_interval(apart) is None and maximal_interval(apart) == (10, 30)
    assert minimal_interval({}) is None and maximal_interval({}) is None
    assert minimal_interval({"A": span(1, 2)}) == maximal_interval({"A": span(1, 2)}) == (1, 2)


def test_a_share_of_what_is_not_coded_has_no_answer():
    for first_s, last_s in ((9, 12), (38, 41), (20, 20), (25, 20)):
        with pytest.raises(ValueError):
            span(10, 40).positive_share(first_s, last_s)
    assert span(10, 40, [[10, 40]]).positive_share(10 - 1e-9, 40) == pytest.approx(1)


TIMES = st.integers(0, 400).map(lambda tenths: tenths / 10)
INTERVALS = st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] < pair[1])


@settings(max_examples=60, deadline=None)
@given(st.lists(INTERVALS, min_size=1, max_size=4))
def test_the_minimal_interval_lies_in_every_span_and_those_in_the_maximal(intervals):
    minimal, maximal = intersect(intervals), unite(intervals)
    for onset_s, offset_s in intervals:
        assert maximal[0] <= onset_s and offset_s <= maximal[1]
        if minimal:
            assert onset_s <= minimal[0] < minimal[1] <= offset_s
    middles = np.arange(0.05, 40, 0.1)
    shared = np.logical_and.reduce([(first <= middles) & (middles < last) for first, last in intervals])
    assert bool(shared.any()) == (minimal is not None)
    if minimal:
        assert shared.sum() / 10 == pytest.approx(minimal[1] - minimal[0])


@settings(max_examples=40, deadline=None)
@given(INTERVALS, st.lists(INTERVALS, max_size=6), st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True))
def test_the_positive_share_is_that_of_a_fine_sampling_and_adds_up(dolls, task, marks, cuts):
    rows = coded(("phase", "dolls", *task), *(("task_engagement", "yes", *mark) for mark in marks))
    coded_span = coded_spans(Segments.from_rows(rows), dolls)["s01"]["A"]
    assert (np.diff(coded_span.positive.ravel()) > 0).all()

    middles = np.arange(0.005, 40, 0.01)
    positive = np.logical_or.reduce(
        [np.zeros(len(middles), dtype=bool), *((first <= middles) & (middles < last) for first, last in marks)])
    onset_s, offset_s = (task[0] + cut * (task[1] - task[0]) for cut in sorted(cuts))
    assume(offset_s - onset_s > 0.1)
    inside = (onset_s <= middles) & (middles < offset_s)
    share = coded_span.positive_share(onset_s, offset_s)
    # Marks lie on tenths, so that the sampling errs at the two ends of the interval only.
    assert share == pytest.approx(positive[inside].mean(), abs=0.02 / (offset_s - onset_s))

    middle_s = (onset_s + offset_s) / 2
    halves = coded_span.positive_share(onset_s, middle_s), coded_span.positive_share(middle_s, offset_s)
    assert share == pytest.approx(sum(halves) / 2)
    assert 0 <= min(halves) <= share + 1e-12 and share - 1e-12 <= max(halves) <= 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(INTERVALS, st.lists(INTERVALS, max_size=3)), min_size=1, max_size=3))
def test_spans_and_frame_labels_say_the_same(guided_play, coding):
    """On a grid of tenths, on which all borders lie, each frame is of one class throughout."""
    spec = label_spec(guided_play)
    by_coder = {}
    for coder, (task, marks) in zip("ABC", coding, strict=False):
        disjoint = [list(pair) for pair in zip(*[iter(sorted({edge for mark in marks for edge in mark}))] * 2,
                                               strict=False)]
        rows = coded(("phase", "dolls", *task), *(("task_engagement", "yes", *mark) for mark in disjoint), coder=coder)
        by_coder[coder] = Segments.from_rows(rows)
    grid = FrameGrid(10, 400)
    labels = label_session(by_coder, grid, spec)
    spans = coded_spans(Segments.concat(by_coder.values()), spec["targets"]["dolls-task_engagement"])["s01"]
    for coder, mine in spans.items():
        codes = labels.codes["dolls-task_engagement"][coder]
        assert (codes >= 0).sum() / 10 == pytest.approx(mine.offset_s - mine.onset_s)
        share = mine.positive_share(mine.onset_s, mine.offset_s)
        assert share == pytest.approx((codes == 1).sum() / (codes >= 0).sum())
    minimal = minimal_interval(spans)
    held = grid.frames_between(*minimal) if minimal else slice(0, 0)
    assert np.flatnonzero(labels.phase == 0).tolist() == list(range(held.start, held.stop))


def test_a_phase_of_no_length_marks_nothing():
    assert phase_spans(Segments.from_rows(coded(("phase", "dolls", 3, 3))), "dolls") == {}
