"""What both partners share: by hand, and frame by frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyadflow.annotations.scheme import read_scheme
from dyadflow.behaviour.dyadic import DYADIC_COLUMNS, find_dyadic_states, tabulate_dyadic
from dyadflow.behaviour.regulation import (
    REGULATION_COLUMNS,
    correlate_levels,
    sample_levels,
    tabulate_regulation,
)
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.errors import DyadflowError


def shared(codings, scheme, **chosen):
    return tabulate_dyadic(find_dyadic_states(codings, scheme), scheme, BehaviourSettings(**chosen))


def regulated(codings, scheme, **chosen):
    return tabulate_regulation(find_dyadic_states(codings, scheme), scheme, BehaviourSettings(**chosen))


#: Match of two kinds (look 0-10, cry 10-14), mismatch 14-20, match 20-30, hidden 30-33, mismatch 33-40, match 40-60
#: (look and smile with watch and laugh are one state), mismatch 60-64.
MINUTE = {("s1", "A"): [
    ("infant", "look", 0, 10), ("infant", "cry", 10, 20), ("infant", "look", 20, 30), ("infant", "hidden", 30, 33),
    ("infant", "cry", 33, 40), ("infant", "smile", 40, 50), ("infant", "look", 50, 64),
    ("parent", "watch", 0, 10), ("parent", "frown", 10, 14), ("parent", "watch", 14, 45), ("parent", "laugh", 45, 60),
    ("parent", "frown", 60, 64),
]}


def test_states_by_hand(plain, gather, only):
    table = shared(gather(plain, MINUTE), plain)
    assert tuple(table.columns) == DYADIC_COLUMNS and list(table.state) == ["bad", "good", "match", "mismatch"]
    assert set(table.observed_s) == {61} and set(table.phase) == {"all"}
    bad, good, match, mismatch = (only(table, state=name) for name in table.state)
    assert (bad.bouts, bad.duration_s, good.bouts, good.duration_s) == (1, 4, 3, 40)
    # One matched state that turns into another is one match.
    assert (match.bouts, match.duration_s, match.bout_mean_s) == (3, 44, pytest.approx(44 / 3))
    assert (mismatch.bouts, mismatch.duration_s) == (3, 17)
    assert match.proportion == pytest.approx(44 / 61) and match.rate_per_min == pytest.approx(180 / 61)


def test_repair_by_hand(plain, gather, only):
    row = only(regulated(gather(plain, MINUTE), plain), session="s1")
    assert row.match_proportion == pytest.approx(44 / 61) and row.mismatch_proportion == pytest.approx(17 / 61)
    # Lost at 14 and 60; over 30-33 nothing is known to turn into anything. Regained at 20 (after 6 s), 40 (after 7).
    assert (row.ruptures, row.reparations, row.reparation_latency_s) == (2, 2, 6.5)
    assert row.reparation_rate_per_min == pytest.approx(120 / 61)


def test_a_short_mismatch_is_neither_lost_nor_regained(plain, gather, only):
    row = only(regulated(gather(plain, MINUTE), plain, minimal_bout_s=6.5), session="s1")
    assert (row.ruptures, row.reparations, row.reparation_latency_s) == (0, 1, 7)
    assert row.mismatch_proportion == pytest.approx(17 / 61)
    assert only(shared(gather(plain, MINUTE), plain, minimal_bout_s=6.5), state="mismatch").bouts == 1


def test_phases_cut_states_and_excluded_ones_have_none(icep, gather, only):
    codings = gather(icep, {("s1", "A"): [
        ("phase", "play", 0, 10), ("phase", "turn-away", 10, 12), ("phase", "still-face", 12, 20),
        ("infant", "Ineu", 0, 14), ("infant", "Ipro", 14, 20),
        ("caregiver", "Cneu", 0, 6), ("caregiver", "Cnon", 6, 13), ("caregiver", "Cneu", 13, 20),
    ]})
    table, repairs = shared(codings, icep), regulated(codings, icep)
    assert list(dict.fromkeys(table.phase)) == list(repairs.phase) == ["all", "play", "still-face"]
    assert only(table, phase="play", state="neutral").duration_s == 6
    assert only(table, phase="all", state="mismatch").duration_s == 4 + 1 + 6
    # A mismatch that runs into still-face over turn-away begins there anew: it is repaired after 1 s.
    assert only(repairs, phase="still-face").reparation_latency_s == 1
    assert (only(repairs, phase="all").ruptures, only(repairs, phase="all").reparations) == (2, 1)


def test_infant_and_caregiver_coded_by_different_people(plain, gather):
    rows = [row for row in MINUTE["s1", "A"]]
    apart = {("s1", "A"): [row for row in rows if row[0] == "infant"],
             ("s1", "B"): [row for row in rows if row[0] == "parent"]}
    together, separate = shared(gather(plain, MINUTE), plain), shared(gather(plain, apart), plain)
    assert set(separate.coder) == {"A+B"}
    assert separate.drop(columns="coder").equals(together.drop(columns="coder"))
    # Where one person coded both, others' halves are not put together.
    both = gather(plain, MINUTE | {("s1", "B"): apart["s1", "B"]})
    assert set(shared(both, plain).coder) == {"A"}


def test_schemes_without_dyadic_states_give_headers(guided, gather):
    codings = gather(guided, {("s1", "A"): [("phase", "dolls", 0, 9)]})
    assert len(shared(codings, guided)) == 0 and tuple(shared(codings, guided).columns) == DYADIC_COLUMNS
    assert len(regulated(codings, guided)) == 0 and tuple(regulated(codings, guided).columns) == REGULATION_COLUMNS


def test_codes_that_are_in_no_state_do_not_match_each_other(icep, gather, only):
    spec = icep.model_dump()
    del spec["dyadic"]["states"]["elsewhere"]
    scheme = read_scheme(spec)
    codings = gather(scheme, {("s1", "A"): [
        ("phase", "play", 0, 10), ("infant", "Inon", 0, 10), ("caregiver", "Cnon", 0, 4),
        ("caregiver", "Cneu", 4, 10)]})
    table = shared(codings, scheme)
    assert only(table, phase="play", state="mismatch").proportion == 1
    assert only(table, phase="play", state="mismatch").bouts == 1


def test_a_state_may_not_be_called_match(plain, gather):
    spec = plain.model_dump()
    spec["dyadic"]["states"]["match"] = spec["dyadic"]["states"].pop("good")
    with pytest.raises(DyadflowError, match="a dyadic state may not be called 'match'"):
        find_dyadic_states(gather(plain, MINUTE), read_scheme(spec))


def test_a_merge_in_the_file_has_the_state_of_its_codes_if_they_share_one(plain, gather, only):
    spec = plain.model_dump()
    spec["merges"]["mixed"] = {"codes": ["watch", "frown"]}
    spec["merges"]["upset"] = {"codes": ["cry"]}
    scheme = read_scheme(spec)
    table = shared(gather(scheme, {("s1", "A"): [
        ("infant", "calm", 0, 20),
        ("parent", "watch", 0, 10), ("parent", "mixed", 10, 15), ("parent", "laugh", 15, 20)]}), scheme)
    assert (only(table, state="good").duration_s, only(table, state="good").observed_s) == (15, 15)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_proportions_are_those_of_frames(icep, gather, seed):
    rng = np.random.default_rng(seed)
    rate_hz, frames = 10, 400
    edges = np.sort(rng.choice(np.arange(1, frames), 7, replace=False))
    names = ["play", "turn-away", "still-face", "reunion"]
    phase = np.full(frames, "", dtype=object)
    rows = []
    for number, name in enumerate(names):
        first, stop = edges[number], edges[number + 1 + (number > 1)]
        if number == 3:
            first, stop = edges[5], edges[6]
        phase[first:stop] = name
        rows.append(("phase", name, first / rate_hz, stop / rate_hz))
    painted = {}
    for tier in ("infant", "caregiver"):
        painted[tier], place = np.full(frames, "", dtype=object), 0
        while place < frames:
            stop = min(frames, place + int(rng.integers(1, 40)))
            if rng.random() > 0.1:
                code = str(rng.choice([*icep.tiers[tier].codes]))
                painted[tier][place:stop] = code
                rows.append((tier, code, place / rate_hz, stop / rate_hz))
            place = stop
    state_of = {code: name for name, state in icep.dyadic.states.items() for codes in state.codes.values()
                for code in codes}
    one, two = painted["infant"], painted["caregiver"]
    seen = ~np.isin(one, ["", "Iusc", "Islp"]) & ~np.isin(two, ["", "Cusc"])
    states = np.array([state_of[a] if a in state_of and state_of[a] == state_of.get(b) else "mismatch"
                       for a, b in zip(one, two, strict=True)], dtype=object)
    codings = gather(icep, {("s1", "A"): rows})
    table, repairs = shared(codings, icep).set_index(["phase", "state"]), regulated(codings, icep).set_index("phase")
    for name in ("all", "play", "still-face", "reunion"):
        inside = seen & (np.isin(phase, ["play", "still-face", "reunion"]) if name == "all" else phase == name)
        for state in (*icep.dyadic.states, "match", "mismatch"):
            held = inside & ((states != "mismatch") if state == "match" else (states == state))
            row = table.loc[name, state]
            assert row.observed_s == pytest.approx(inside.sum() / rate_hz)
            assert row.duration_s == pytest.approx(held.sum() / rate_hz)
            if inside.any():
                assert row.proportion == pytest.approx(held.sum() / inside.sum())
            starts = held & ~np.concatenate([[False], held[:-1]])
            if name != "all":
                assert row.bouts == starts.sum()
        matched = inside & (states != "mismatch")
        missed = inside & (states == "mismatch")
        assert repairs.ruptures[name] == (matched[:-1] & missed[1:]).sum()
        assert repairs.reparations[name] == (missed[:-1] & matched[1:]).sum()


def test_the_caregiver_who_follows_after_two_seconds_is_found_to_do_so(icep, gather, only):
    rng = np.random.default_rng(5)
    levels = ["Ipro", "Iwit", "Inon", "Ineu", "Ipos"]
    answers = dict(zip(levels, ["Chos", "Cwit", "Cnon", "Cneu", "Cpos"], strict=True))
    codes = [str(code) for code in rng.choice(levels, 60)]
    rows = [("phase", "play", 0, 180)]
    rows += [("infant", code, 3 * number, 3 * number + 3) for number, code in enumerate(codes)]
    rows += [("caregiver", answers[code], 3 * number + 2, 3 * number + 5) for number, code in enumerate(codes[:-1])]
    row = only(regulated(gather(icep, {("s1", "A"): rows}), icep), phase="play")
    assert row.synchrony == pytest.approx(1) and row.synchrony_lag_s == 2
    assert row.infant_leads == row.synchrony and row.caregiver_leads < 0.8 and row.synchrony_zero < row.synchrony
    # Moments at which both have a level: every half second from 2 s on, to 179.
    assert row.synchrony_moments == 354
    # The other way round the infant follows.
    other = {**answers, **{answer: code for code, answer in answers.items()},
             "infant": "caregiver", "caregiver": "infant"}
    turned = [(other.get(tier, tier), other.get(code, code), *span) for tier, code, *span in rows]
    assert only(regulated(gather(icep, {("s1", "A"): turned}), icep), phase="play").synchrony_lag_s == -2


def test_no_synchrony_where_one_level_never_changes(icep, gather, only):
    row = only(regulated(gather(icep, {("s1", "A"): [
        ("phase", "still-face", 0, 20), ("infant", "Ineu", 0, 8), ("infant", "Ipro", 8, 20),
        ("caregiver", "Cneu", 0, 20),
    ]}), icep), phase="still-face")
    assert np.isnan([row.synchrony, row.synchrony_lag_s, row.synchrony_zero, row.infant_leads]).all()
    assert row.synchrony_moments == 40


@pytest.mark.parametrize("seed", range(4))
def test_correlations_are_numpys_of_the_pairs_that_both_have(seed):
    rng = np.random.default_rng(seed)
    one, two = (np.where(rng.random(50) < 0.2, np.nan, rng.integers(-2, 3, 50)).astype(float) for _ in range(2))
    found, pairs = correlate_levels(one, two, 6)
    for lag in range(-6, 7):
        both = [(one[t], two[t + lag]) for t in range(50) if 0 <= t + lag < 50]
        both = np.array([pair for pair in both if np.isfinite(pair).all()])
        assert pairs[lag + 6] == len(both)
        assert found[lag + 6] == pytest.approx(np.corrcoef(both.T)[0, 1])


def test_levels_are_sampled_in_the_middle_of_steps(plain):
    runs = [(0.0, 1.0, -1.0), (1.5, 3.0, 2.0)]
    sampled = sample_levels(runs, [(0.4, 2.6)], 0.5)
    # Moments 0.25 (outside), 0.75, 1.25 (nothing), 1.75, 2.25, 2.75 (outside).
    assert np.array_equal(sampled, [np.nan, -1, np.nan, 2, 2, np.nan], equal_nan=True)


def test_long_lags_of_a_short_phase_are_passed_over(icep, gather, only):
    # 6 s: 12 moments. At 4 s only 4 pairs are left, which happen to agree wholly; half of 12 are needed.
    row = only(regulated(gather(icep, {("s1", "A"): [
        ("phase", "play", 0, 6), ("infant", "Ineu", 0, 1), ("infant", "Ipos", 1, 6),
        ("caregiver", "Cpos", 0, 2), ("caregiver", "Cneu", 2, 5), ("caregiver", "Cpos", 5, 6),
    ]}), icep), phase="play")
    runs = [np.repeat([1.0, 2.0], [2, 10]), np.repeat([2.0, 1.0, 2.0], [4, 6, 2])]
    found, pairs = correlate_levels(*runs, 10)
    assert found[10 + 8] == pytest.approx(1) and pairs[10 + 8] == 4
    assert row.synchrony == pytest.approx(np.nanmax(found[4:17])) and row.synchrony < 0.9
    assert row.infant_leads == pytest.approx(np.nanmax(found[11:17]))
    assert row.caregiver_leads == pytest.approx(np.nanmax(found[4:10]))


def test_of_equally_good_lags_the_shortest_and_the_one_that_the_caregiver_follows_at(icep, gather, only):
    # Both turn every 2 s, the caregiver always the other way: whole agreement 2 s before and after, and 6, not at 0.
    rows = [("phase", "play", 0, 40)]
    for number in range(20):
        rows += [("infant", ("Ineu", "Ipos")[number % 2], 2 * number, 2 * number + 2),
                 ("caregiver", ("Cpos", "Cneu")[number % 2], 2 * number, 2 * number + 2)]
    row = only(regulated(gather(icep, {("s1", "A"): rows}), icep, synchrony_lag_s=7), phase="play")
    assert (row.synchrony, row.synchrony_lag_s, row.synchrony_zero) == (pytest.approx(1), 2, pytest.approx(-1))
