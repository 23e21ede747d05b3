"""Whose phases hold for whom: by the same rule as labels of frames."""

import numpy as np
import pytest

from dyadflow.annotations.labels import label_session, label_spec
from dyadflow.annotations.segments import Segments
from dyadflow.behaviour.measures import tabulate_measures
from dyadflow.behaviour.phase_table import tabulate_phases
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid


def spans(table, coder):
    mine = table[table.coder == coder]
    return list(zip(mine.phase, mine.onset_s, mine.offset_s, strict=True))


def test_the_first_coder_of_the_sheet_who_marked_phases_gives_them_for_all(icep, gather, only):
    rows = {
        ("s1", "zoe"): [("infant", "Ineu", 0, 30), ("caregiver", "Cneu", 5, 20), ("caregiver", "Cusc", 20, 25)],
        ("s1", "ann"): [("phase", "play", 0, 20), ("infant", "Ineu", 2, 30)],
        ("s1", "bob"): [("phase", "reunion", 0, 30), ("infant", "Ipos", 0, 30)],
    }
    sheet = dict.fromkeys([("s1", "zoe"), ("s1", "bob"), ("s1", "ann")], "human")
    table = tabulate_phases(gather(icep, rows, kinds=sheet), icep)
    assert [spans(table, coder) for coder in ("ann", "bob", "zoe")] == [[("reunion", 0, 30)]] * 3
    zoe = only(table, coder="zoe")
    assert (zoe.duration_s, zoe.infant_coded_s, zoe.caregiver_coded_s, zoe.caregiver_observed_s) == (30, 30, 20, 15)
    # Whose tier is not coded at all has no seconds of it, not 0.
    assert np.isnan(only(table, coder="ann").caregiver_coded_s) and only(table, coder="ann").infant_coded_s == 28


def test_the_sheet_goes_before_coders_and_a_phase_may_take_place_twice(icep, gather, only):
    sheet = [["play", 0, 10], ["turn-away", 10, 12], ["play", 12, 20], ["reunion", 20, 30]]
    codings = gather(icep, {("s1", "A"): [("phase", "reunion", 0, 30), ("infant", "Ipos", 8, 14)]},
                     sheet_phases={"s1": sheet})
    assert spans(tabulate_phases(codings, icep), "A") == [tuple(span) for span in sheet]
    table = tabulate_measures(codings, icep, BehaviourSettings())
    smile = only(table, phase="play", code="Ipos")
    assert (smile.observed_s, smile.duration_s, smile.bouts, smile.carried_in, smile.latency_s) == (4, 4, 2, 1, 8)


def test_each_coders_own_tasks_or_those_of_the_sheet(guided, gather):
    rows = {("s1", "A"): [("phase", "dolls", 0, 10)], ("s1", "B"): [("phase", "dolls", 1, 9), ("phase", "drum", 9, 12)]}
    table = tabulate_phases(gather(guided, rows), guided)
    assert spans(table, "A") == [("dolls", 0, 10)] and spans(table, "B") == [("dolls", 1, 9), ("drum", 9, 12)]
    table = tabulate_phases(gather(guided, rows, sheet_phases={"s1": [["drum", 3, 4]]}), guided)
    assert spans(table, "A") == spans(table, "B") == [("drum", 3, 4)]


def test_without_phases_the_whole_coding_is_one(plain, gather, only):
    rows = {("s1", "A"): [("infant", "look", 3, 8), ("parent", "watch", 1, 6), ("infant", "cry", 40, 70)]}
    table = tabulate_phases(gather(plain, rows, lengths_s={"s1": 60.0}), plain)
    row = only(table, phase="all")
    assert (row.onset_s, row.offset_s, row.duration_s, row.infant_coded_s) == (1, 60, 59, 25)


def test_a_phase_or_code_that_the_scheme_does_not_know_is_told(icep, gather):
    with pytest.raises(DyadflowError, match=r"session s1: phase 'lunch' is not in the scheme"):
        gather(icep, {("s1", "A"): [("infant", "Ineu", 0, 1)]}, sheet_phases={"s1": [["lunch", 0, 1]]})
    for row, what in ((("infant", "Xyz", 0, 1), "code 'Xyz' is not in tier 'infant'"),
                      (("dog", "barks", 0, 1), "tier 'dog' is not in the scheme")):
        with pytest.raises(DyadflowError, match=what):
            gather(icep, {("s1", "A"): [row]})


@pytest.mark.parametrize("seed", range(6))
def test_time_in_phases_is_that_of_labelled_frames(icep, guided, gather, seed):
    rng = np.random.default_rng(seed)
    scheme, tier = (icep, "infant") if seed % 2 else (guided, "task_engagement")
    names, codes = list(scheme.phases.codes), [*scheme.tiers[tier].codes]
    rows = {}
    for coder in "AB":
        edges = np.sort(rng.choice(np.arange(1, 300), 2 * len(names), replace=False)) / 10
        marks = [("phase", name, *edges[2 * n:2 * n + 2]) for n, name in enumerate(names)]
        cuts = np.sort(rng.choice(np.arange(1, 320), 14, replace=False)) / 10
        rows["s1", coder] = marks[: None if rng.random() < 0.7 else 0] + [
            (tier, str(rng.choice(codes)), a, b) for a, b in cuts.reshape(-1, 2)]
    # Edges on tenths of a second, frames of a tenth: the arithmetic of frames is exact.
    grid = FrameGrid(10.0, 320)
    segments = {coder: Segments.from_rows(
        {"session": "s1", "coder": coder, "tier": t, "code": c, "onset_s": a, "offset_s": b} for t, c, a, b in those)
        for (_, coder), those in rows.items()}
    target = next(name for name, its in scheme.targets.items() if its.tier == tier)
    spec = label_spec(scheme)
    for its in spec["targets"].values():
        its["phases"] = None
    labels = label_session(segments, grid, spec)
    table = tabulate_measures(gather(scheme, rows), scheme, BehaviourSettings())
    for coder in "AB":
        frames = labels.codes[target][coder]
        for number, label in enumerate(labels.classes[target]):
            mine = table[(table.coder == coder) & (table.phase == "all") & (table.tier == tier) & (table.code == label)]
            assert mine.duration_s.sum() == pytest.approx((frames == number).sum() / 10)
