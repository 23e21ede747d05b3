"""Guards how snippets are drawn and labelled, in epochs and back to back."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyadflow.annotations.spans import CodedSpan
from dyadflow.errors import DyadflowError
from dyadflow.models.video.snippets import SnippetSpec, cover, draw_epoch, feasible_starts, tile, tile_labels

PAPER = SnippetSpec()
AS_PUBLISHED = SnippetSpec(label_s=5.0)


def span(onset_s, offset_s, *positive, session="s1", coder="ann"):
    return CodedSpan(session, coder, onset_s, offset_s, np.array(positive, float).reshape(-1, 2))


def of(*spans):
    """Spans by session and coder."""
    found = {}
    for one in spans:
        found.setdefault(one.session, {})[one.coder] = one
    return found


@st.composite
def milliseconds_spans(draw, coder="ann", least_ms=5400):
    """A span with its positive intervals, all in whole milliseconds, as coding tools write them."""
    onset = draw(st.integers(0, 60_000))
    length = draw(st.integers(least_ms, 90_000))
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    positive = [((onset + first) / 1000, (onset + last) / 1000) for first, last in pairs]
    return span(onset / 1000, (onset + length) / 1000, *positive, coder=coder)


specs = st.builds(
    SnippetSpec, frames=st.just(15), rate_hz=st.just(3.125), strata=st.integers(1, 25),
    label_s=st.sampled_from([None, 5.0, 2.4]),
)
epochs = st.integers(0, 10_000)


@settings(deadline=None)
@given(st.lists(milliseconds_spans(), min_size=1, max_size=3), specs, epochs)
def test_no_snippet_leaves_the_task_span_of_its_coder(spans, spec, epoch):
    by_coder = {f"c{n}": span(one.onset_s, one.offset_s, *one.positive, coder=f"c{n}") for n, one in enumerate(spans)}

    drawn = draw_epoch({"s1": by_coder}, ["s1"], spec=spec, seed=3, epoch=epoch)

    assert len(drawn) == spec.strata
    for one in drawn:
        begins_s, coded = one.start / spec.rate_hz, by_coder[one.coder]
        assert begins_s >= coded.onset_s - 1e-6
        assert begins_s + spec.frames / spec.rate_hz <= coded.offset_s + 1e-6
        assert begins_s + spec.window_s <= coded.offset_s + 1e-6


@settings(deadline=None)
@given(milliseconds_spans(), specs, epochs)
def test_the_nth_snippet_starts_in_the_nth_of_equal_strata(coded, spec, epoch):
    # In exact numbers, and by counting: which frames begin late enough and end early enough.
    onset, offset = (Fraction(round(1000 * time), 1000) for time in (coded.onset_s, coded.offset_s))
    rate, needed = Fraction(spec.rate_hz), max(Fraction(24, 5), Fraction(str(spec.window_s)))
    starts = [n for n in range(600) if onset <= n / rate and n / rate + needed <= offset]

    drawn = draw_epoch(of(coded), ["s1"], spec=spec, seed=3, epoch=epoch)

    for stratum, one in enumerate(drawn):
        place = starts.index(one.start)
        assert place < Fraction(len(starts) * (stratum + 1), spec.strata)
        assert place + 1 > Fraction(len(starts) * stratum, spec.strata)


def test_strata_cover_the_span_and_every_start_is_drawn_equally_often():
    coded = span(10.0, 21.9)  # starts from frame 32 (10.24 s) to 53 (16.96 s, until 21.76 s)
    drawn = Counter(
        one.start for epoch in range(1000) for one in draw_epoch(of(coded), ["s1"], spec=PAPER, seed=1, epoch=epoch)
    )

    assert sorted(drawn) == list(range(32, 54))
    expected = 1000 * 10 / 22
    assert all(abs(count - expected) < 6 * sqrt(expected) for count in drawn.values())


def test_every_coder_is_drawn_in_proportion_and_for_each_snippet_anew():
    spans = of(*(span(10 + 5 * n, 60, coder=coder) for n, coder in enumerate(["ann", "bea", "cas"])))
    drawn = [
        [one.coder for one in draw_epoch(spans, ["s1"], spec=PAPER, seed=1, epoch=epoch)] for epoch in range(900)
    ]

    for stratum in range(10):  # 900 draws of three coders: 300 each, with a deviation of 14
        counts = Counter(coders[stratum] for coders in drawn)
        assert all(abs(counts[coder] - 300) < 5 * 14.2 for coder in ("ann", "bea", "cas"))
    same = sum(coders[0] == coders[1] for coders in drawn)  # independent, so a third of the time
    assert abs(same - 300) < 5 * 14.2


@settings(deadline=None)
@given(milliseconds_spans(), st.sampled_from([None, 5.0]), epochs)
def test_the_share_is_the_count_of_positive_milliseconds(coded, label_s, epoch):
    spec = SnippetSpec(label_s=label_s)
    positive = np.zeros(200_000, bool)
    for first_s, last_s in coded.positive:
        positive[round(1000 * first_s):round(1000 * last_s)] = True

    for one in draw_epoch(of(coded), ["s1"], spec=spec, seed=3, epoch=epoch):
        window = positive[320 * one.start:][:round(1000 * spec.window_s)]
        assert one.share == pytest.approx(window.mean(), abs=1e-8)
        assert one.label == (2 * window.sum() > len(window))


@pytest.mark.parametrize(("positive", "share", "label"), [
    ((12.0, 15.3), 3.3 / 4.8, 1),
    ((13.7, 20.0), 2.3 / 4.8, 0),
    ((13.6, 20.0), 0.5, 0),  # exactly half is not more than half
    ((13.59, 20.0), 2.41 / 4.8, 1),
    ((16.0, 20.0), 0.0, 0),
])
def test_shares_worked_out_by_hand(positive, share, label):
    # 4.8 s at a frame edge: 11.2 to 16.0 s, frame 35, is the only snippet.
    drawn = draw_epoch(of(span(11.2, 16.0, *([positive] if positive[1] <= 16 else [(positive[0], 16.0)]))), ["s1"],
                       spec=PAPER, seed=0, epoch=0)

    assert [one.start for one in drawn] == [35] * 10
    assert drawn[0].share == pytest.approx(share, abs=1e-9)
    assert {one.label for one in drawn} == {label}


def test_the_label_is_that_of_the_coder_drawn():
    spans = of(span(10, 60, (10, 60), coder="yes"), span(10, 60, coder="no"))
    drawn = draw_epoch(spans, ["s1"], spec=PAPER, seed=1, epoch=0)

    assert all((one.label, one.share) == ((1, 1.0) if one.coder == "yes" else (0, 0.0)) for one in drawn)
    assert {one.coder for one in drawn} == {"yes", "no"}


def test_the_positive_fraction_of_many_epochs_is_that_worked_out_by_hand():
    # Starts at frames 50 to 109 (16 to 34.88 s), 60 of them. Positive from 30 s on: more than 2.4 of 4.8 s from
    # a start after 27.6 s = frame 86.25, so from 87 on: 23 of the 60.
    coded = span(16.0, 39.7, (30.0, 39.7))
    labels = [
        one.label for epoch in range(500) for one in draw_epoch(of(coded), ["s1"], spec=PAPER, seed=1, epoch=epoch)
    ]

    expected = 23 / 60
    assert abs(np.mean(labels) - expected) < 5 * sqrt(expected * (1 - expected) / len(labels))


def test_an_epoch_is_drawn_again_alike_and_the_next_one_is_another():
    spans = of(span(10, 200, (50, 90)), span(12, 190, coder="bea"))
    first = draw_epoch(spans, ["s1"], spec=PAPER, seed=1, epoch=4)

    assert draw_epoch(spans, ["s1"], spec=PAPER, seed=1, epoch=4) == first
    assert draw_epoch(spans, ["s1"], spec=PAPER, seed=1, epoch=5) != first
    assert draw_epoch(spans, ["s1"], spec=PAPER, seed=2, epoch=4) != first


def test_a_session_more_changes_no_other_sessions_draws():
    first, more = span(10, 200, (50, 90)), span(5, 100, session="s0")

    alone = draw_epoch(of(first), ["s1"], spec=PAPER, seed=1, epoch=4)
    among = draw_epoch(of(first, more), ["s0", "s1"], spec=PAPER, seed=1, epoch=4)

    assert [one for one in among if one.session == "s1"] == alone
    assert len(among) == 20


def test_sessions_coded_alike_are_not_drawn_alike():
    spans = of(span(10, 200), span(10, 200, session="s2"))
    drawn = draw_epoch(spans, ["s1", "s2"], spec=PAPER, seed=1, epoch=4)

    assert [one.start for one in drawn[:10]] != [one.start for one in drawn[10:]]


def test_a_session_in_which_nobody_marked_the_task_has_nothing_to_draw():
    spans = of(span(10, 60))

    assert {one.session for one in draw_epoch(spans, ["s1", "s2"], spec=PAPER, seed=1, epoch=0)} == {"s1"}
    assert {one.session for one in tile_labels(spans, ["s1", "s2"], spec=PAPER)} == {"s1"}


@pytest.mark.parametrize(("spec", "needed"), [(PAPER, "4.800"), (AS_PUBLISHED, "5.000")])
def test_a_snippet_longer_than_a_span_is_a_sentence(spec, needed):
    spans = of(span(10, 60), span(12.0, 16.7, coder="bea"))

    with pytest.raises(DyadflowError) as caught:
        draw_epoch(spans, ["s1"], spec=spec, seed=1, epoch=0)

    said = str(caught.value)
    for part in ("session s1", "coder bea", "12.000 to 16.700 s", "4.700 s", f"snippet of {needed} s", "Correct"):
        assert part in said


@pytest.mark.parametrize(("onset_s", "offset_s", "spec", "starts"), [
    (3.2, 8.0, PAPER, [10]),              # exactly a snippet, from a frame's edge to another's
    (3.2, 7.999, PAPER, []),
    (3.201, 8.001, PAPER, []),            # long enough, but no frame begins early enough
    (3.201, 8.32, PAPER, [11]),
    (3.2, 8.0, AS_PUBLISHED, []),
    (3.2, 8.2, AS_PUBLISHED, [10]),
    (0.0, 4.8, PAPER, [0]),
    (0.1, 0.2, PAPER, []),
    (2.24, 7.36, PAPER, [7, 8]),          # 2.24 * 3.125 is a little more than 7 in binary
    (4.48, 9.28, PAPER, [14]),            # and (9.28 - 4.8) * 3.125 a little less than 14
    (3.2, 8.0, SnippetSpec(label_s=1.0), [10]),
])
def test_feasible_starts_worked_out_by_hand(onset_s, offset_s, spec, starts):
    assert list(feasible_starts(onset_s, offset_s, spec)) == starts


def test_tiles_lie_back_to_back_over_what_all_coders_share():
    spans = of(span(10, 40, (10, 30)), span(12, 38, (20, 21), coder="bea"))

    # 12 to 38 s: from frame 38 (12.16 s); the last that fits begins at 103 (32.96 s, until 37.76 s).
    assert tile(spans["s1"], spec=PAPER) == [38, 53, 68, 83, 98]
    labelled = tile_labels(spans, ["s1"], spec=PAPER)
    assert [(one.start, one.coder, one.label) for one in labelled] == [
        (38, "ann", 1), (38, "bea", 0), (53, "ann", 1), (53, "bea", 0), (68, "ann", 1), (68, "bea", 0),
        (83, "ann", 1), (83, "bea", 0), (98, "ann", 0), (98, "bea", 0),
    ]
    # From frame 83 (26.56 s) until 31.36 s: positive until 30 s.
    assert labelled[6].share == pytest.approx((30 - 26.56) / 4.8)
    # From 16.96 until 21.76 s: positive from 20 until 21 s.
    assert labelled[3].share == pytest.approx(1 / 4.8)


def test_coders_who_share_less_than_a_snippet_leave_nothing_to_tile():
    assert tile({"ann": span(10, 40), "bea": span(50, 80)}, spec=PAPER) == []
    assert tile({"ann": span(10, 40), "bea": span(36, 80)}, spec=PAPER) == []


@settings(deadline=None)
@given(milliseconds_spans(least_ms=100), milliseconds_spans(least_ms=100), specs)
def test_tiles_are_as_many_as_fit_and_inside_every_coders_span(first, second, spec):
    spans = {"ann": first, "bea": second}
    starts = tile(spans, spec=spec)

    assert all(b - a == spec.frames for a, b in pairwise(starts))
    for start in starts:
        for one in spans.values():
            assert one.onset_s - 1e-6 <= start / spec.rate_hz
            assert start / spec.rate_hz + spec.needed_s <= one.offset_s + 1e-6
    shared_s = min(one.offset_s for one in spans.values()) - max(one.onset_s for one in spans.values())
    assert len(starts) >= (shared_s - spec.needed_s - 1 / spec.rate_hz) // spec.shown_s + 1


@settings(deadline=None)
@given(st.integers(15, 400), st.floats(0, 100), st.floats(0, 100), st.integers(1, 15))
def test_a_cover_shows_every_frame_of_the_interval_and_stays_in_the_recording(frames, onset_s, length_s, size):
    spec = SnippetSpec(frames=size)
    offset_s = onset_s + length_s
    wanted = {n for n in range(frames) if onset_s <= (n + 0.5) / spec.rate_hz < offset_s}

    starts = cover(onset_s, offset_s, spec=spec, frames=frames)

    shown = Counter(n for start in starts for n in range(start, start + size))
    assert wanted <= set(shown) <= set(range(frames))
    assert starts == sorted(set(starts))
    assert len(starts) == -(-len(wanted) // size)  # no more of them than are needed
    if len(wanted) >= size:
        assert set(shown) == wanted


def test_covers_worked_out_by_hand():
    # 3.2 to 16 s: frames 10 to 49.
    assert cover(3.2, 16.0, spec=PAPER, frames=100) == [10, 25, 35]
    assert cover(3.2, 12.8, spec=PAPER, frames=100) == [10, 25]
    assert cover(3.2, 16.0, spec=PAPER, frames=45) == [10, 25, 30]
    assert cover(3.2, 5.0, spec=PAPER, frames=100) == [10]
    assert cover(13.0, 14.4, spec=PAPER, frames=45) == [30]
    assert cover(3.2, 3.3, spec=PAPER, frames=100) == []


def test_a_recording_shorter_than_a_snippet_is_a_sentence():
    with pytest.raises(DyadflowError, match="14 frames, fewer than the 15 of a snippet"):
        cover(0.0, 4.0, spec=PAPER, frames=14)
