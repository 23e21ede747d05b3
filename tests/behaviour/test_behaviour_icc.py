"""Coders on the measures of sessions: the numbers of `agreement.icc`, and which sessions and coders go in."""

import numpy as np
import pytest

from dyadflow.agreement.icc import icc
from dyadflow.behaviour.coder_icc import FORMS, ICC_COLUMNS, choose_panel, tabulate_icc
from dyadflow.behaviour.measures import tabulate_measures
from dyadflow.behaviour.settings import BehaviourSettings


def coded(seed, coders, *, wobble=0.5):
    """One session: look, smile and perhaps cry, each coder a little off."""
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.uniform(0, 60, 5))
    rows = {}
    for coder in coders:
        mine = np.sort(np.clip(edges + rng.normal(0, wobble, 5), 0.1, 59.9)).round(3)
        codes = ["look", "smile", "look", "cry" if seed % 3 else "smile", "look", "smile"]
        cuts = [0.0, *mine, 60.0]
        rows[f"s{seed}", coder] = [("infant", code, a, b) for code, a, b in zip(codes, cuts, cuts[1:], strict=False)]
    return rows


def tabulated(codings, scheme):
    chosen = BehaviourSettings()
    measures = tabulate_measures(codings, scheme, chosen)
    return measures, tabulate_icc(measures, codings, scheme, chosen)


def test_values_and_limits_are_those_of_the_measures_of_both_coders(plain, gather, only):
    rows = {key: its for seed in range(8) for key, its in coded(seed, "AB").items()}
    measures, table = tabulated(gather(plain, rows), plain)
    assert tuple(table.columns) == ICC_COLUMNS and set(table.tier) == {"infant"}
    for measure in ("proportion", "rate_per_min", "bout_mean_s", "latency_s"):
        for code in ("look", "cry", "calm"):
            wide = measures[measures.code == code].pivot(index="session", columns="coder", values=measure)
            for form in FORMS:
                row = only(table, code=code, measure=measure, form=form)
                assert (row.value, row.low, row.high) == pytest.approx(
                    tuple(getattr(icc(wide.to_numpy()), form)), nan_ok=True)
                used = int(wide.notna().all(axis=1).sum())
                assert (row.coders, row.sessions, row.dyads) == (2, used, used)
    # Cry is never seen in three sessions: no latency, and no bout, but a proportion.
    assert only(table, code="cry", measure="latency_s", form="icc1").sessions == 5
    assert only(table, code="cry", measure="proportion", form="icc1").sessions == 8
    assert "hidden" not in set(table.code)


def test_coders_may_change_for_the_one_way_form_only(plain, gather, only):
    pairs = ["AB", "AB", "AB", "BC", "BC", "AC", "A", "C"]
    rows = {key: its for seed, names in enumerate(pairs) for key, its in coded(seed, names).items()}
    measures, table = tabulated(gather(plain, rows), plain)
    one_way = only(table, code="look", measure="proportion", form="icc1")
    assert (one_way.coders, one_way.sessions) == (2, 6)
    absolute = only(table, code="look", measure="proportion", form="icc_a1")
    assert (absolute.coders, absolute.sessions) == (2, 3)
    values = measures[measures.code == "look"].set_index(["session", "coder"]).proportion
    expected = icc([[values[f"s{seed}", name] for name in names] for seed, names in enumerate(pairs) if len(names) > 1])
    assert one_way.value == pytest.approx(expected.icc1.value)


def test_the_panel_is_who_has_most_sessions_in_common():
    assert choose_panel({"s1": "ABC", "s2": "ABC", "s3": "CD"}) == (["A", "B", "C"], ["s1", "s2"])
    assert choose_panel({"s1": "AB", "s2": "ABC", "s3": "BC"}) == (["A", "B"], ["s1", "s2"])


def test_sessions_of_one_dyad_count_as_one_dyad_and_assisted_coding_not_at_all(icep, gather, only):
    rows = {}
    for session, shift in (("s1", 0), ("s2", 3), ("s3", 5)):
        for coder, late in (("A", 0), ("B", 1), ("C", 0)):
            rows[session, coder] = [("phase", "play", 0, 30), ("infant", "Ineu", 0, 10 + shift + late),
                                    ("infant", "Ipos", 10 + shift + late, 30)]
    kinds = {key: "assisted" if key[1] == "C" else "human" for key in rows}
    codings = gather(icep, rows, kinds=kinds)
    _, table = tabulated(codings, icep)
    row = only(table, phase="play", code="Ipos", measure="proportion", form="icc_c1")
    assert (row.coders, row.sessions, row.dyads) == (2, 3, 3)
    # Who is always one second later differs, and is consistent.
    assert row.value == pytest.approx(1)
    assert only(table, phase="play", code="Ipos", measure="proportion", form="icc_a1").value < 0.99
    assert set(table.phase) == {"all", "play", "still-face", "reunion"}
    assert only(table, phase="reunion", code="Ipos", measure="proportion", form="icc1").sessions == 0


def test_without_a_second_coder_there_is_nothing_to_compare(plain, gather):
    _, table = tabulated(gather(plain, coded(1, "A")), plain)
    assert len(table) == 0 and tuple(table.columns) == ICC_COLUMNS
