"""Runs of a class: the same units as frame labels, joined where they touch, and cut to what two coders coded."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dyadflow.agreement.runs import Runs, events_in_common, find_runs
from dyadflow.annotations.labels import UNCODED, label_session, select_tier
from dyadflow.annotations.segments import Segments
from dyadflow.media.grid import FrameGrid

GRID = FrameGrid(25.0, 250)


def runs_of(*rows):
    """Runs from (class, onset_s, offset_s)."""
    return Runs(np.array([row[1:] for row in rows], float).reshape(-1, 2), np.array([row[0] for row in rows], int))


def listed(runs):
    return [(int(place), *map(float, span)) for place, span in zip(runs.classes, runs.spans.round(6), strict=True)]


def segments_of(tier, *rows, coder="A"):
    return Segments.from_rows(
        {"session": "s1", "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
        for code, onset_s, offset_s in rows)


def infant_runs(spec, *rows, phases=(("play", 0.0, 10.0),), duration_s=10.0):
    target = spec["targets"]["infant"]
    return listed(find_runs(select_tier(segments_of("infant", *rows), target), target, list(phases), duration_s))


def test_codes_of_one_class_that_touch_are_one_run(icep_spec):
    classes = icep_spec["targets"]["infant"]["classes"]
    place = {name: classes.index(name) for name in classes}
    merged = [code for code, value in icep_spec["targets"]["infant"]["codes"].items()
              if value == place["Ineg"] and code != "Ineg"]
    assert len(merged) > 1
    found = infant_runs(icep_spec, (merged[0], 1, 2), (merged[1], 2, 3), (merged[0], 3.2, 4), ("Ipos", 4, 5))
    assert found == [(place["Ineg"], 1, 3), (place["Ineg"], 3.2, 4), (place["Ipos"], 4, 5)]
    # A gap that only rounding can have made is none.
    assert infant_runs(icep_spec, ("Ipos", 1, 2), ("Ipos", 2.0002, 3)) == [(place["Ipos"], 1, 3)]


def test_a_run_ends_with_its_phase_goes_on_where_phases_touch_and_never_leaves_the_recording(icep_spec):
    place = icep_spec["targets"]["infant"]["classes"].index("Ipos")
    phases = (("play", 2.0, 4.0), ("still-face", 4.0, 6.0), ("reunion", 7.0, 11.0))
    assert infant_runs(icep_spec, ("Ipos", 1, 12), phases=phases) == [(place, 2, 6), (place, 7, 10)]
    assert infant_runs(icep_spec, ("Ipos", 1, 12), phases=()) == []


def test_presence_outside_a_mark_is_the_other_class_inside_the_task_alone(guided_spec):
    target = guided_spec["targets"]["dolls-task_engagement"]
    coding = select_tier(segments_of("task_engagement", ("yes", 1, 2), ("yes", 2, 3), ("yes", 4, 9)), target)
    phases = [("shaker", 0.0, 1.5), ("dolls", 1.5, 5.0)]
    assert listed(find_runs(coding, target, phases, 10.0)) == [(1, 1.5, 3), (0, 3, 4), (1, 4, 5)]
    # Who marks the task and nothing in it says no throughout.
    assert listed(find_runs(coding.iloc[:0], target, phases, 10.0)) == [(0, 1.5, 5)]


def test_points_are_no_runs(icep_spec):
    assert infant_runs(icep_spec, ("Ipos", 1, 1)) == []


def painted(runs):
    """Frame labels of runs."""
    codes = np.full(GRID.frames, UNCODED)
    for place, (onset_s, offset_s) in zip(runs.classes, runs.spans, strict=True):
        codes[GRID.frames_between(onset_s, offset_s)] = place
    return codes


EDGES = st.lists(st.integers(0, 10_000).map(lambda ms: ms / 1000), min_size=2, max_size=16, unique=True).map(sorted)


@settings(max_examples=60, deadline=None)
@given(edges=EDGES, marks=EDGES, random=st.randoms(use_true_random=False))
def test_runs_hold_the_frames_that_are_labelled(icep_spec, edges, marks, random):
    codes = list(icep_spec["targets"]["infant"]["codes"])
    pairs = pairwise(edges)
    rows = [(random.choice(codes), *pair) for pair in pairs if random.random() < 0.8]
    spans = [(name, *pair) for name, pair in zip(
        ["play", "turn-away", "still-face", "reunion"], pairwise(marks), strict=False)]
    coding = segments_of("infant", *rows)
    labels = label_session({"A": coding}, GRID, icep_spec, spans)
    target = icep_spec["targets"]["infant"]
    held = [span for span in spans if span[0] != "turn-away"]
    found = find_runs(select_tier(coding, target), target, held, GRID.duration_s)
    expected = labels.codes["infant"]["A"]
    assert (painted(found) == np.where(expected >= 0, expected, UNCODED)).all()
    gaps = found.spans[1:, 0] - found.spans[:-1, 1]
    assert (gaps >= 0).all() and (found.spans[:, 1] > found.spans[:, 0]).all()
    assert not ((gaps < 4e-4) & (found.classes[1:] == found.classes[:-1])).any()


@settings(max_examples=60, deadline=None)
@given(edges=EDGES, marks=EDGES, random=st.randoms(use_true_random=False))
def test_runs_of_presence_hold_the_frames_that_are_labelled(guided_spec, edges, marks, random):
    rows = [("yes", *pair) for pair in pairwise(edges) if random.random() < 0.6]
    spans = [(name, *pair) for name, pair in zip(
        random.sample(["dolls", "shaker", "drum"], 3), pairwise(marks), strict=False)]
    phases = segments_of("phase", *spans)
    coding = Segments.concat([phases, segments_of("task_engagement", *rows)])
    labels = label_session({"A": coding}, GRID, guided_spec)
    for name in ("dolls-task_engagement", "drum-task_engagement"):
        target = guided_spec["targets"][name]
        found = find_runs(select_tier(coding, target), target, spans, GRID.duration_s)
        expected = labels.codes[name]["A"]
        assert (painted(found) == np.where(expected >= 0, expected, UNCODED)).all()


def test_events_begin_and_end_with_what_both_coded():
    a, b = runs_of((0, 0, 4), (1, 4, 8)), runs_of((0, 1, 5), (1, 5, 6))
    mine, theirs = events_in_common(a, b, 1.0, GRID)
    assert listed(mine) == [(0, 1, 4), (1, 4, 6)]
    assert listed(theirs) == [(0, 1, 5), (1, 5, 6)]
    # The first of each was on before both coded: nobody saw it begin.
    assert mine.seen.tolist() == [False, True] and theirs.seen.tolist() == [False, True]


def test_a_long_gap_of_one_coder_cuts_the_other_and_a_short_one_does_not():
    whole = runs_of((0, 0, 10))
    mine, theirs = events_in_common(whole, runs_of((0, 0, 4), (1, 6, 10)), 1.0, GRID)
    assert listed(mine) == [(0, 0, 4), (0, 6, 10)]
    assert mine.seen.tolist() == theirs.seen.tolist() == [False, False]
    # A tool that ends a segment 40 ms before the next begins.
    mine, theirs = events_in_common(whole, runs_of((0, 0, 3.96), (1, 4, 10)), 1.0, GRID)
    assert listed(mine) == [(0, 0, 10)]
    assert theirs.seen.tolist() == [False, True]


def test_what_one_coder_did_while_the_other_coded_nothing_is_no_event():
    a, b = runs_of((0, 0, 1), (1, 1, 2), (0, 5, 6)), runs_of((0, 0, 1), (0, 4, 6))
    mine, theirs = events_in_common(a, b, 1.0, GRID)
    assert listed(mine) == [(0, 0, 1), (0, 5, 6)] and listed(theirs) == [(0, 0, 1), (0, 5, 6)]
    empty = runs_of()
    assert all(len(part.spans) == 0 for part in events_in_common(empty, runs_of((0, 0, 1)), 1.0, GRID))


def test_what_holds_no_frame_is_no_event():
    # A went on to class 1 a hundredth of a second before the phase ended; frames are at 0.02, 0.06, ...
    mine, theirs = events_in_common(runs_of((0, 0, 1.99), (1, 1.99, 2)), runs_of((0, 0, 2)), 1.0, GRID)
    assert listed(mine) == [(0, 0, 1.99)] and listed(theirs) == [(0, 0, 2)]
    mine, _ = events_in_common(runs_of((0, 0, 1.97), (1, 1.97, 2)), runs_of((0, 0, 2)), 1.0, GRID)
    assert listed(mine) == [(0, 0, 1.97), (1, 1.97, 2)]


@settings(max_examples=60, deadline=None)
@given(EDGES, EDGES, st.randoms(use_true_random=False), st.floats(0, 2))
def test_events_are_within_what_both_coded_and_swapping_coders_swaps_them(first, second, random, gap_s):
    a, b = (runs_of(*[(random.randrange(3), *pair) for pair in pairwise(edges)
                      if random.random() < 0.7]) for edges in (first, second))
    mine, theirs = events_in_common(a, b, gap_s, GRID)
    turned = events_in_common(b, a, gap_s, GRID)
    assert (listed(mine), listed(theirs)) == (listed(turned[1]), listed(turned[0]))
    coded = [painted(runs) >= 0 for runs in (a, b)]
    for events, own in ((mine, a), (theirs, b)):
        # On every frame that both coded the event has the run's class.
        shared = coded[0] & coded[1]
        assert (painted(events)[shared] == painted(own)[shared]).all()
        assert len(events.spans) == len(events.seen)
