"""Measures of single codes, worked by hand on short sessions, and what must hold on any."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyadflow.annotations.scheme import read_scheme
from dyadflow.behaviour.measures import MEASURE_COLUMNS, tabulate_measures
from dyadflow.behaviour.settings import BehaviourSettings


def measured(codings, scheme, **chosen):
    return tabulate_measures(codings, scheme, BehaviourSettings(**chosen))


def exclusive_tier(codes, *, seed, gaps=True, unit_s=0.5):
    """Segments of an exclusive tier: touching ones, some apart, none that overlap."""
    rng = np.random.default_rng(seed)
    rows, time_s = [], 0.0
    for _ in range(int(rng.integers(1, 30))):
        if gaps and rng.random() < 0.2:
            time_s += unit_s * int(rng.integers(1, 5))
        length_s = unit_s * int(rng.integers(1, 8))
        rows.append((str(rng.choice(codes)), time_s, time_s + length_s))
        time_s += length_s
    return rows


def test_a_minute_by_hand(plain, gather, only):
    # cry 0-10, look 10-30, cry 30-34; hidden 34-40; nobody coded 40-50; smile 50-60. Observed: 34 + 10 s.
    table = measured(gather(plain, {("s1", "A"): [
        ("infant", "cry", 0, 10), ("infant", "look", 10, 30), ("infant", "cry", 30, 34), ("infant", "hidden", 34, 40),
        ("infant", "smile", 50, 60),
    ]}), plain)
    assert tuple(table.columns) == MEASURE_COLUMNS
    assert list(table.code) == ["cry", "look", "smile", "hidden", "upset", "calm"] and set(table.tier) == {"infant"}
    assert set(table.observed_s) == {44} and set(table.dyad) == {"dyad of s1"}
    cry = only(table, code="cry")
    assert (cry.bouts, cry.carried_in, cry.duration_s, cry.latency_s, cry.censored) == (2, 0, 14, 0, "no")
    assert cry.rate_per_min == pytest.approx(60 * 2 / 44) and cry.proportion == pytest.approx(14 / 44)
    assert (cry.bout_mean_s, cry.bout_median_s, cry.bout_min_s, cry.bout_max_s) == (7, 7, 4, 10)
    assert cry.bout_sd_s == pytest.approx(np.std([10, 4], ddof=1))
    look, smile = only(table, code="look"), only(table, code="smile")
    assert (look.latency_s, smile.latency_s) == (10, 50) and np.isnan(look.bout_sd_s)
    # What could not be seen has a duration, and no share of what was.
    hidden = only(table, code="hidden")
    assert (hidden.duration_s, hidden.bouts, hidden.censored) == (6, 1, "")
    assert np.isnan([hidden.proportion, hidden.rate_per_min, hidden.latency_s]).all()
    # Look and smile are one merge, apart here: two bouts.
    calm = only(table, code="calm")
    assert (calm.bouts, calm.duration_s, calm.bout_max_s) == (2, 30, 20)


def test_time_of_an_excluded_code_is_not_observed_either(icep, gather, only):
    table = measured(gather(icep, {("s1", "A"): [
        ("phase", "play", 0, 30), ("infant", "Ineu", 0, 15), ("infant", "Islp", 15, 25), ("infant", "Ineu", 25, 30)]}),
        icep)
    monitors, sleeps = only(table, phase="play", code="Ineu"), only(table, phase="play", code="Islp")
    assert (monitors.observed_s, monitors.proportion, monitors.bouts) == (20, 1, 2)
    assert (sleeps.duration_s, sleeps.bouts) == (10, 1) and np.isnan(sleeps.proportion)


def test_codes_of_a_merge_that_touch_are_one_bout(icep, gather, only):
    table = measured(gather(icep, {("s1", "A"): [
        ("phase", "play", 0, 100), ("infant", "Ipro", 0, 10), ("infant", "Iwit", 10, 15), ("infant", "Ineu", 15, 20),
        ("infant", "Iwit", 20, 26), ("infant", "Ipro", 26, 30), ("infant", "Ipro", 30, 31),
    ]}), icep)
    both = only(table, phase="all", code="Ineg")
    assert (both.bouts, both.duration_s, both.bout_min_s, both.bout_max_s) == (2, 26, 11, 15)
    # Two touching segments of one code are one bout as well.
    assert only(table, phase="all", code="Ipro").bouts == 2 and only(table, phase="all", code="Iwit").bouts == 2


def test_phases_are_measured_as_if_observed_alone_and_all_leaves_the_excluded_out(icep, gather, only):
    # Protest from 55 to 70 runs from play (to 60) over turn-away (60-62) into still-face (62-100), which touches
    # reunion (100-140); smiling runs from 90 to 110 over that edge.
    table = measured(gather(icep, {("s1", "A"): [
        ("phase", "play", 10, 60), ("phase", "turn-away", 60, 62), ("phase", "still-face", 62, 100),
        ("phase", "reunion", 100, 140),
        ("infant", "Ineu", 0, 55), ("infant", "Ipro", 55, 70), ("infant", "Inon", 70, 90), ("infant", "Ipos", 90, 110),
        ("infant", "Ineu", 110, 150),
    ]}), icep)
    infant = table[table.tier == "infant"]
    assert list(dict.fromkeys(infant.phase)) == ["all", "play", "turn-away", "still-face", "reunion"]
    assert only(infant, phase="all", code="Ipro").observed_s == 50 + 38 + 40
    protest = {phase: only(infant, phase=phase, code="Ipro") for phase in dict.fromkeys(infant.phase)}
    assert [protest[phase].duration_s for phase in protest] == [13, 5, 2, 8, 0]
    # Turn-away parts the bout: two in all. Each phase that it is on in has one; it began in the first.
    assert [protest[phase].bouts for phase in protest] == [2, 1, 1, 1, 0]
    assert [protest[phase].carried_in for phase in protest] == [1, 0, 1, 1, 0]
    # Latency is time in the phase; in all the 2 s of turn-away and what lies before play do not count.
    assert [protest[phase].latency_s for phase in protest][:4] == [45, 45, 0, 0]
    assert protest["reunion"].censored == "yes" and np.isnan(protest["reunion"].latency_s)
    assert only(infant, phase="all", code="Inon").latency_s == 50 + 8
    # Touching phases do not part a bout in all.
    smile = {phase: only(infant, phase=phase, code="Ipos") for phase in ("all", "still-face", "reunion")}
    assert [smile[phase].bouts for phase in smile] == [1, 1, 1]
    assert [smile[phase].bout_mean_s for phase in smile] == [20, 10, 10]
    assert (smile["still-face"].carried_in, smile["reunion"].carried_in) == (0, 1)
    # A bout that begins with the phase is not carried in.
    assert only(infant, phase="reunion", code="Ineu").carried_in == 0


def test_a_bout_that_begins_with_its_phase_began_in_it(icep, gather, only):
    table = measured(gather(icep, {("s1", "A"): [
        ("phase", "play", 10.04, 20), ("infant", "Ineu", 9, 10.04), ("infant", "Ipos", 10.04, 12)]}), icep)
    smile = only(table, phase="play", code="Ipos")
    assert (smile.bouts, smile.carried_in, smile.latency_s) == (1, 0, 0)
    assert only(table, phase="play", code="Ineu").bouts == 0


def test_short_bouts_are_not_counted_and_keep_their_time(plain, gather, only):
    rows = {("s1", "A"): [("infant", "cry", 0, 0.4), ("infant", "look", 0.4, 9), ("infant", "cry", 9, 10)]}
    cry = only(measured(gather(plain, rows), plain, minimal_bout_s=0.5), code="cry")
    assert (cry.bouts, cry.duration_s, cry.latency_s, cry.bout_min_s) == (1, 1.4, 9, 1)
    assert cry.proportion == pytest.approx(0.14) and cry.rate_per_min == 6
    assert only(measured(gather(plain, rows), plain), code="cry").bouts == 2


def test_gaps_of_a_frame_are_closed_where_the_study_says_so(plain, gather, only):
    rows = {("s1", "A"): [("infant", "look", 0, 4.96), ("infant", "look", 5, 9.96), ("infant", "cry", 10, 12)]}
    strict = measured(gather(plain, rows), plain)
    assert only(strict, code="look").bouts == 2 and only(strict, code="look").observed_s == pytest.approx(11.92)
    closed = measured(gather(plain, rows, gap_s=0.05), plain)
    assert only(closed, code="look").bouts == 1 and only(closed, code="look").duration_s == pytest.approx(10)
    assert only(closed, code="look").observed_s == pytest.approx(12)


def test_a_bout_of_one_frame_is_none_of_those_gaps(plain, gather, only):
    rows = [("infant", "look", 0, 5), ("infant", "cry", 5, 5.04), ("infant", "look", 5.04, 10)]
    table = measured(gather(plain, {("s1", "A"): rows}, gap_s=0.05), plain)
    assert (only(table, code="look").bouts, only(table, code="cry").bouts) == (2, 1)
    assert only(table, code="cry").duration_s == pytest.approx(0.04) and only(table, code="cry").observed_s == 10


def test_a_millisecond_is_rounding_and_neither_gap_nor_overlap(plain, gather, only):
    table = measured(gather(plain, {("s1", "A"): [
        ("infant", "look", 0, 4.999), ("infant", "look", 5, 8.001), ("infant", "cry", 8, 10)]}), plain)
    assert (only(table, code="look").bouts, only(table, code="look").duration_s) == (1, 8)
    assert only(table, code="cry").observed_s == 10


def test_a_moment_with_two_codes_that_exclude_each_other_is_not_observed(plain, gather, only):
    table = measured(gather(plain, {("s1", "A"): [("infant", "look", 0, 6), ("infant", "cry", 4, 10)]}), plain)
    assert only(table, code="look").observed_s == 8
    assert (only(table, code="look").duration_s, only(table, code="cry").duration_s) == (4, 4)


def test_a_tier_whose_codes_overlap(plain, gather, only):
    # Observed 0-10 and 12-20, less the 2 s in which it was too dark to see.
    table = measured(gather(plain, {("s1", "A"): [
        ("signs", "voice", 0, 6), ("signs", "voice", 4, 7), ("signs", "touch", 2, 10), ("signs", "dark", 8, 14),
        ("signs", "voice", 12, 20),
    ]}), plain)
    voice, touch = only(table, code="voice"), only(table, code="touch")
    assert voice.observed_s == 8 + 6 and (voice.bouts, voice.duration_s) == (2, 13)
    assert (touch.bouts, touch.duration_s, only(table, code="dark").duration_s) == (1, 6, 6)


def test_point_events_are_bouts_of_no_length(plain, gather, only):
    table = measured(gather(plain, {("s1", "A"): [
        ("infant", "look", 0, 30), ("infant", "smile", 5, 5), ("infant", "smile", 9, 9)]}), plain)
    smile = only(table, code="smile")
    assert (smile.bouts, smile.duration_s, smile.rate_per_min, smile.latency_s) == (2, 0, 4, 5)
    assert only(table, code="look").bouts == 1
    # They have no length, and are never too short.
    short = measured(gather(plain, {("s1", "A"): [("infant", "look", 0, 30), ("infant", "smile", 5, 5)]}), plain,
                     minimal_bout_s=1)
    assert only(short, code="smile").bouts == 1


def test_a_merge_leaves_out_its_codes_that_are_not_scorable(plain, gather, only):
    spec = plain.model_dump()
    spec["merges"] = {"seen": {"codes": ["look", "hidden"]}, "unseen": {"codes": ["away"]}}
    scheme = read_scheme(spec)
    table = measured(gather(scheme, {("s1", "A"): [
        ("infant", "look", 0, 6), ("infant", "hidden", 6, 10), ("parent", "away", 0, 4)]}), scheme)
    assert (only(table, code="seen").duration_s, only(table, code="seen").proportion) == (6, 1)
    assert only(table, code="unseen").duration_s == 4 and np.isnan(only(table, code="unseen").proportion)


def test_what_lies_outside_the_recording_is_no_coding_of_it(plain, gather, only):
    rows = {("s1", "A"): [("infant", "look", -2, 4), ("infant", "cry", 4, 12), ("infant", "smile", 12, 14)]}
    table = measured(gather(plain, rows, lengths_s={"s1": 10.0}), plain)
    assert [only(table, code=code).duration_s for code in ("look", "cry", "smile")] == [4, 6, 0]
    assert only(table, code="look").latency_s == 0 and only(table, code="smile").censored == "yes"


def test_coding_by_presence_in_each_coders_own_tasks(guided, gather, only):
    codings = gather(guided, {
        ("s1", "A"): [("phase", "dolls", 10, 40), ("phase", "drum", 50, 60), ("task_engagement", "yes", 5, 20),
                      ("task_engagement", "yes", 30, 34)],
        ("s1", "B"): [("phase", "dolls", 12, 42), ("social_engagement", "yes", 12, 42)],
    })
    table = measured(codings, guided)
    dolls = table[(table.coder == "A") & (table.phase == "dolls")]
    yes, no = only(dolls, tier="task_engagement", code="yes"), only(dolls, tier="task_engagement", code="no")
    assert (yes.observed_s, yes.duration_s, yes.bouts, yes.carried_in) == (30, 14, 2, 1)
    assert (no.duration_s, no.bouts, no.latency_s) == (16, 2, 10)
    # Nothing marked in the drum: all of it is no. What is outside every task is nothing.
    drum = table[(table.coder == "A") & (table.phase == "drum")]
    assert only(drum, tier="task_engagement", code="no").proportion == 1
    assert only(table, coder="A", phase="all", tier="task_engagement", code="yes").observed_s == 40
    # Who marked no shaker has no row of it; who marked nothing in a tier said no throughout.
    assert set(table[table.coder == "B"].phase) == {"all", "dolls"}
    assert only(table, coder="B", phase="dolls", tier="task_engagement", code="yes").proportion == 0
    assert only(table, coder="B", phase="dolls", tier="social_engagement", code="yes").proportion == 1


def test_what_nobody_marks_says_no_only_in_the_phases_of_the_tiers_targets(guided, gather, only):
    spec = guided.model_dump()
    spec["targets"] = {"t": {"tier": "task_engagement", "classes": ["no", "yes"], "phases": ["dolls"]}}
    scheme = read_scheme(spec)
    table = measured(gather(scheme, {("s1", "A"): [
        ("phase", "dolls", 0, 10), ("phase", "drum", 20, 30), ("task_engagement", "yes", 2, 4)]}), scheme)
    mine = table[table.tier == "task_engagement"]
    assert only(mine, phase="dolls", code="no").duration_s == 8
    assert only(mine, phase="drum", code="no").observed_s == 0 and only(mine, phase="drum", code="no").censored == ""
    assert np.isnan(only(mine, phase="drum", code="no").proportion)


def test_without_any_phase_nothing_is_known_to_belong_to_the_paradigm(icep, gather):
    assert len(measured(gather(icep, {("s1", "A"): [("infant", "Ineu", 0, 10)]}), icep)) == 0


def test_codings_of_models_are_not_summed_up(plain, gather):
    rows = {("s1", name): [("infant", "look", 0, 10)] for name in ("a", "h", "m")}
    kinds = {("s1", "a"): "assisted", ("s1", "h"): "human", ("s1", "m"): "model"}
    assert set(measured(gather(plain, rows, kinds=kinds), plain).coder) == {"a", "h"}


def test_a_merge_in_the_file_counts_as_the_merge_and_as_none_of_its_codes(plain, gather, only):
    table = measured(gather(plain, {("s1", "A"): [("infant", "look", 0, 4), ("infant", "calm", 4, 10)]}), plain)
    assert only(table, code="look").proportion == 0.4 and only(table, code="smile").proportion == 0
    assert (only(table, code="calm").duration_s, only(table, code="calm").bouts) == (10, 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_an_exclusive_tier_adds_up(icep, gather, seed):
    codes = [*icep.tiers["infant"].codes]
    rows = [("infant", *row) for row in exclusive_tier(codes, seed=seed)]
    phases = [("phase", "play", 3.25, 20.0), ("phase", "turn-away", 20.0, 22.0), ("phase", "still-face", 22.0, 31.75),
              ("phase", "reunion", 31.75, 60.0)]
    table = measured(gather(icep, {("s1", "A"): rows + phases}), icep)
    single = table[table.code.isin(codes) & ~table.code.isin(["Iusc", "Islp"])]
    for _, mine in single.groupby("phase"):
        observed_s = mine.observed_s.iloc[0]
        assert mine.duration_s.sum() == pytest.approx(observed_s, abs=1e-9)
        if observed_s:
            assert mine.proportion.sum() == pytest.approx(1)
    for _, mine in table.groupby("code"):
        by_phase = mine.set_index("phase")
        parts = by_phase.loc[["play", "still-face", "reunion"]]
        assert parts.duration_s.sum() == pytest.approx(by_phase.duration_s["all"])
        assert parts.observed_s.sum() == pytest.approx(by_phase.observed_s["all"])
        # A bout is cut at most once by the only touching edge of all.
        assert by_phase.bouts["all"] <= parts.bouts.sum() <= by_phase.bouts["all"] + 1
    lasting = table[table.bouts > 0]
    assert (lasting.bout_mean_s * lasting.bouts).to_numpy() == pytest.approx(lasting.duration_s.to_numpy())
    merged = table.set_index(["phase", "code"])
    for phase in dict.fromkeys(table.phase):
        parts = merged.loc[[(phase, "Ipro"), (phase, "Iwit")]]
        assert merged.duration_s[phase, "Ineg"] == pytest.approx(parts.duration_s.sum())
        assert parts.bouts.max() <= merged.bouts[phase, "Ineg"] + parts.bouts.min()
        assert merged.bouts[phase, "Ineg"] <= parts.bouts.sum()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_cutting_a_segment_in_two_changes_nothing(plain, gather, seed):
    rows = [("infant", *row) for row in exclusive_tier(["cry", "look", "smile", "hidden"], seed=seed)]
    cut = [piece for tier, code, onset_s, offset_s in rows
           for piece in ((tier, code, onset_s, onset_s + 0.25), (tier, code, onset_s + 0.25, offset_s))]
    one, two = (measured(gather(plain, {("s1", "A"): those}), plain) for those in (rows, cut))
    assert one.equals(two)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_another_unit_of_time_changes_times_and_rates_only(plain, gather, seed):
    rows = exclusive_tier(["cry", "look", "smile", "hidden"], seed=seed)
    seconds = measured(gather(plain, {("s1", "A"): [("infant", *row) for row in rows]}), plain)
    minutes = measured(gather(plain, {("s1", "A"): [("infant", c, 60 * a, 60 * b) for c, a, b in rows]}), plain)
    for name in MEASURE_COLUMNS:
        one, other = seconds[name].to_numpy(), minutes[name].to_numpy()
        if name.endswith("_s"):
            one = one * 60
        if name == "rate_per_min":
            one = one / 60
        assert np.array_equal(one, other) if one.dtype == object else one == pytest.approx(other, nan_ok=True)
