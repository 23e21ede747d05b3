"""Task spans of several coders: Table 1 and figure 1 of the second paper, worked by hand on tiny examples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyadflow.agreement.clock import CLOCK_COLUMNS, compare_on_clock
from dyadflow.agreement.coders import compare_coders
from dyadflow.agreement.intervals import jackknife_interval
from dyadflow.agreement.kappa import cohen_kappa, percent_agreement
from dyadflow.agreement.task_spans import DURATION_COLUMNS, SPAN_COLUMNS, compare_task_spans, duration_table, span_table
from dyadflow.annotations.labels import label_session
from dyadflow.annotations.segments import Segments
from dyadflow.media.grid import FrameGrid
from dyadflow.tables import read_table

PHASES = ["dolls", "shaker", "drum"]


def coded(session, coder, *rows):
    return [
        {"session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
        for tier, code, onset_s, offset_s in rows
    ]


def dolls(onset_s, offset_s):
    return ("phase", "dolls", onset_s, offset_s)


def task(onset_s, offset_s):
    return ("task_engagement", "yes", onset_s, offset_s)


def social(onset_s, offset_s):
    return ("social_engagement", "yes", onset_s, offset_s)


def only(table, **equals):
    """The one row in which the named columns have these values."""
    for name, value in equals.items():
        table = table[table[name] == value]
    assert len(table) == 1, table
    return table.iloc[0]


def humans(segments):
    return {key: "human" for key in segments.table[["session", "coder"]].itertuples(index=False, name=None)}


TABLE_1 = Segments.from_rows([
    *coded("s1", "A", dolls(10, 40), ("phase", "drum", 50, 70)),
    *coded("s1", "B", dolls(12, 43), ("phase", "drum", 50, 66)),
    *coded("s1", "C", dolls(11, 39)),
    *coded("s2", "A", dolls(0, 20)),
    *coded("s2", "B", dolls(30, 60)),
    *coded("s3", "A", dolls(5, 15)),
])
CODERS = {"s1": ["A", "B", "C"], "s2": ["A", "B"], "s3": ["A"], "s4": []}


def test_minimal_and_maximal_intervals_by_hand():
    table = span_table(TABLE_1, CODERS, PHASES)
    assert tuple(table.columns) == SPAN_COLUMNS
    assert [*zip(table.session, table.phase, strict=True)] == [(s, p) for s in ("s1", "s2", "s3") for p in PHASES]
    # Three coders: 12 to 39 of 10 to 43. Two of three marked the drum: 50 to 66 of 50 to 70.
    assert only(table, session="s1", phase="dolls")[2:].tolist() == [3, 12, 39, 10, 43, 27, 33, 27 / 33]
    assert only(table, session="s1", phase="drum")[2:].tolist() == [2, 50, 66, 50, 70, 16, 20, 0.8]
    # Spans that do not meet share 0 s; one coder alone has a span, and nobody to compare it with.
    apart = only(table, session="s2", phase="dolls")
    assert (apart.minimal_s, apart.maximal_s, apart.ratio) == (0, 60, 0) and np.isnan(apart.minimal_onset_s)
    alone = only(table, session="s3", phase="dolls")
    assert (alone.coders, alone.minimal_s, alone.maximal_s) == (1, 10, 10) and np.isnan(alone.ratio)
    unmarked = only(table, session="s1", phase="shaker")
    assert unmarked.coders == 0 and np.isnan([unmarked.minimal_s, unmarked.maximal_s, unmarked.ratio]).all()


def test_table_1_by_hand():
    table = duration_table(TABLE_1, span_table(TABLE_1, CODERS, PHASES))
    assert tuple(table.columns) == DURATION_COLUMNS and [*table.phase] == [*PHASES, "all"]
    row = only(table, phase="dolls")
    # 30, 31, 28, 20, 30 and 10 s: mean 149 / 6; squared deviations add up to 344.83, over 5.
    assert row.coded_mean_s == pytest.approx(149 / 6)
    assert row.coded_sd_s == pytest.approx(np.sqrt((4045 - 149**2 / 6) / 5))
    assert row.ratio_mean == pytest.approx((27 / 33 + 0) / 2)
    assert (row.minimal_total_s, row.sessions, row.codings) == (27 + 0 + 10, 3, 6)
    row = only(table, phase="shaker")
    assert (row.minimal_total_s, row.sessions, row.codings) == (0, 0, 0) and np.isnan(row.coded_mean_s)
    row = only(table, phase="all")
    assert row.coded_mean_s == pytest.approx((149 + 20 + 16) / 8)
    assert row.ratio_mean == pytest.approx((27 / 33 + 0 + 0.8) / 3)
    assert (row.minimal_total_s, row.sessions, row.codings) == (53, 3, 8)


def test_phases_of_the_sheet_have_an_interval_and_nothing_to_compare():
    table = span_table(TABLE_1, CODERS, PHASES, {"s1": [["dolls", 15.0, 25.0]]})
    row = only(table, session="s1", phase="dolls")
    assert (row.coders, row.minimal_onset_s, row.maximal_offset_s, row.minimal_s) == (3, 15, 25, 10)
    assert np.isnan(row.ratio) and only(table, session="s1", phase="drum").coders == 0


TENTHS = st.integers(0, 300).map(lambda tenths: tenths / 10)
SPANS = st.tuples(TENTHS, TENTHS).filter(lambda pair: pair[0] < pair[1])


@settings(max_examples=40, deadline=None)
@given(st.lists(SPANS, min_size=1, max_size=3))
def test_the_share_of_what_is_shared_is_between_none_and_all(spans):
    segments = Segments.from_rows([row for coder, span in zip("ABC", spans, strict=False)
                                   for row in coded("s1", coder, dolls(*span))])
    row = only(span_table(segments, {"s1": list("ABC")}, ["dolls"]), session="s1")
    lengths_s = [last - first for first, last in spans]
    assert 0 <= row.minimal_s <= min(lengths_s) <= max(lengths_s) <= row.maximal_s
    assert row.coders == len(spans) and (np.isnan(row.ratio) if len(spans) == 1 else 0 <= row.ratio <= 1)
    assert len(spans) == 1 or (row.ratio == 1) == (len(set(spans)) == 1)


# A marks the dolls from 0 to 2 s, B from 0.5 to 2.5 s: they share 0.5 to 2, which is 15 moments a tier.
ANNA = (dolls(0, 2), task(0.2, 1.2), social(0, 2))
BEN = (dolls(0.5, 2.5), task(1.0, 2.4), social(0.5, 1.0))


def test_kappa_on_the_clock_by_hand(guided_spec):
    segments = Segments.from_rows([*coded("s1", "A", *ANNA), *coded("s1", "B", *BEN)])
    table = compare_on_clock(segments, guided_spec, {"s1": "d1"}, humans(segments))
    assert tuple(table.columns) == CLOCK_COLUMNS
    assert [*zip(table.phase, table.tier, strict=True)] == [
        (phase, tier) for phase in ("all", *PHASES) for tier in ("all", "task_engagement", "social_engagement")]
    # Task: A yes 0.5 to 1.2 (7 moments), B yes 1.0 to 2.0 (10): both yes 2, A only 5, B only 8, neither 0.
    row = only(table, phase="dolls", tier="task_engagement")
    assert (row.coder_a, row.coder_b, row.moments, row.sessions, row.dyads) == ("A", "B", 15, 1, 1)
    assert row.percent == pytest.approx(100 * 2 / 15)
    chance = (7 * 10 + 8 * 5) / 15**2
    assert row.kappa == pytest.approx((2 / 15 - chance) / (1 - chance))
    # Social: A yes throughout, B in the first 5 moments. A's constant answer agrees no better than chance.
    row = only(table, phase="dolls", tier="social_engagement")
    assert row.percent == pytest.approx(100 * 5 / 15) and row.kappa == pytest.approx(0)
    # Both variables as one series of 30: A yes 22, B yes 15, both yes 7, neither 0.
    for phase in ("all", "dolls"):
        row = only(table, phase=phase, tier="all")
        chance = (22 * 15 + 8 * 15) / 30**2
        assert row.moments == 30 and row.percent == pytest.approx(100 * 7 / 30)
        assert row.kappa == pytest.approx((7 / 30 - chance) / (1 - chance))
    assert np.isnan([row.kappa_low, row.kappa_high]).all()
    row = only(table, phase="drum", tier="all")
    assert row.moments == 0 and np.isnan(row.kappa)


def test_a_third_coder_narrows_what_every_pair_is_compared_on(guided_spec):
    third = coded("s1", "C", dolls(1.0, 1.5), task(1.0, 1.5))
    segments = Segments.from_rows([*coded("s1", "A", *ANNA), *coded("s1", "B", *BEN), *third])
    kinds = humans(segments)
    table = compare_on_clock(segments, guided_spec, {"s1": "d1"}, kinds)
    pairs = table[(table.phase == "all") & (table.tier == "all")]
    assert [*zip(pairs.coder_a, pairs.coder_b, pairs.moments, strict=True)] == [
        ("A", "B", 10), ("A", "C", 10), ("B", "C", 10)]
    # 1.0 to 1.5: A yes to 1.2, B and C throughout.
    assert only(table, phase="dolls", tier="task_engagement", coder_a="A", coder_b="B").percent == pytest.approx(40)
    assert only(table, phase="dolls", tier="task_engagement", coder_a="B", coder_b="C").percent == 100
    # Coding assisted by a prediction neither is compared nor narrows anything.
    assisted = compare_on_clock(segments, guided_spec, {"s1": "d1"}, kinds | {("s1", "C"): "assisted"})
    assert [*assisted[(assisted.phase == "all") & (assisted.tier == "all")].moments] == [30]


def test_a_coder_who_did_not_mark_a_task_is_not_compared_in_it(guided_spec):
    segments = Segments.from_rows([
        *coded("s1", "A", *ANNA, ("phase", "drum", 3, 4)), *coded("s1", "B", *BEN, task(3, 4))])
    table = compare_on_clock(segments, guided_spec, {"s1": "d1"}, humans(segments))
    assert only(table, phase="drum", tier="all").moments == 0
    assert only(table, phase="all", tier="all").moments == 30


def test_two_targets_on_one_tier_are_counted_once(guided_spec):
    segments = Segments.from_rows([*coded("s1", "A", *ANNA), *coded("s1", "B", *BEN)])
    again = guided_spec["targets"]["dolls-task_engagement"]
    twice = guided_spec | {"targets": guided_spec["targets"] | {"play-task_engagement": again | {"phases": None}}}
    tables = [compare_on_clock(segments, spec, {"s1": "d1"}, humans(segments)) for spec in (guided_spec, twice)]
    assert tables[0].equals(tables[1])


def test_coders_who_share_no_session_have_no_row(guided_spec):
    segments = Segments.from_rows([*coded("s1", "A", *ANNA), *coded("s2", "B", *BEN)])
    assert compare_on_clock(segments, guided_spec, {"s1": "d1", "s2": "d2"}, humans(segments)).empty


def test_phases_of_the_sheet_are_the_minimal_interval(guided_spec):
    segments = Segments.from_rows([*coded("s1", "A", *ANNA), *coded("s1", "B", *BEN)])
    table = compare_on_clock(
        segments, guided_spec, {"s1": "d1"}, humans(segments), sheet_phases={"s1": [["dolls", 0.0, 3.0]]})
    row = only(table, phase="dolls", tier="task_engagement")
    # A yes 0.2 to 1.2, B yes 1.0 to 2.4; both no 0 to 0.2 and 2.4 to 3.
    assert row.moments == 30 and row.percent == pytest.approx(100 * (2 + 2 + 6) / 30)


@pytest.fixture(scope="module")
def many():
    """Six sessions of five dyads, two coders each, who differ at random."""
    rng = np.random.default_rng(3)
    rows = []
    for number in range(6):
        for coder in ("A", "B"):
            marks = [dolls(rng.uniform(0, 2), rng.uniform(28, 32)), ("phase", "drum", 40, rng.uniform(48, 52))]
            for tier in (task, social):
                edges = np.sort(rng.uniform(0, 52, size=8)).round(3)
                marks += [tier(*pair) for pair in edges.reshape(-1, 2)]
            rows += coded(f"s{number}", coder, *marks)
    return Segments.from_rows(rows)


DYADS = {f"s{number}": f"d{min(number, 4)}" for number in range(6)}


def test_the_clock_agrees_with_a_plain_count_and_its_intervals_come_from_dyads(many, guided_spec):
    table = compare_on_clock(many, guided_spec, DYADS, humans(many))
    confusion = {}
    for session, dyad in DYADS.items():
        mine = many.table[many.table.session == session]
        marks = {coder: rows for coder, rows in mine.groupby("coder")}
        spans = {phase: [rows[(rows.tier == "phase") & (rows.code == phase)].iloc[0] for rows in marks.values()]
                 for phase in ("dolls", "drum")}
        for phase, both in spans.items():
            first, last = max(row.onset_s for row in both), min(row.offset_s for row in both)
            for moment in np.arange(0.05, 60, 0.1):
                if not first <= moment < last:
                    continue
                for tier in ("task_engagement", "social_engagement"):
                    said = [int(((rows.tier == tier) & (rows.onset_s <= moment) & (rows.offset_s > moment)).any())
                            for rows in marks.values()]
                    cell = confusion.setdefault((phase, tier), {}).setdefault(dyad, np.zeros((2, 2)))
                    cell[said[0], said[1]] += 1
    by_dyad = np.stack([sum(cells[dyad] for cells in confusion.values()) for dyad in sorted(set(DYADS.values()))])
    row = only(table, phase="all", tier="all")
    assert (row.moments, row.sessions, row.dyads) == (by_dyad.sum(), 6, 5)
    assert row.percent == pytest.approx(percent_agreement(by_dyad.sum(0)))
    assert row.kappa == pytest.approx(cohen_kappa(by_dyad.sum(0)))
    assert (row.kappa_low, row.kappa_high) == pytest.approx(
        jackknife_interval(by_dyad, cohen_kappa, bounds=(-1, 1)))
    assert row.percent_low < row.percent < row.percent_high
    drum = np.sum(list(confusion["drum", "social_engagement"].values()), axis=0)
    row = only(table, phase="drum", tier="social_engagement")
    assert row.moments == drum.sum() and row.kappa == pytest.approx(cohen_kappa(drum))


def test_frames_of_each_coders_own_tasks_are_compared_where_both_have_a_class(guided_spec):
    """What `compare_coders` counts reaches beyond what a third coder shares, but never beyond either coder."""
    by_coder = {
        coder: Segments.from_rows(coded("s1", coder, *rows))
        for coder, rows in (("A", ANNA), ("B", BEN), ("C", (dolls(1.0, 1.5),)))
    }
    labels = {"s1": label_session(by_coder, FrameGrid(10, 30), guided_spec)}
    kinds = {("s1", coder): "human" for coder in by_coder}
    table = compare_coders(labels, {"s1": "d1"}, kinds)
    frames = {(row.coder_a, row.coder_b): row.frames
              for row in table[(table.target == "dolls-task_engagement") & (table.phase == "all")].itertuples()}
    assert frames == {("A", "B"): 15, ("A", "C"): 5, ("B", "C"): 5}
    assert not (table.target == "drum-task_engagement").any()


def test_the_three_tables_are_written_of_human_coding_alone(tmp_path, many, guided_spec):
    model = Segments.from_rows(coded("s0", "model", dolls(15, 16)))
    Segments.concat([many, model]).write(tmp_path / "segments.tsv")
    paths = {name: tmp_path / f"{name}.tsv" for name in ("spans", "durations", "clock")}
    compare_task_spans(
        segments=tmp_path / "segments.tsv", dyads=DYADS, kinds=humans(many) | {("s0", "model"): "model"},
        coders={session: ["A", "B", "model"][: 3 if session == "s0" else 2] for session in DYADS}, spec=guided_spec,
        phases=PHASES, sheet_phases={"s5": [["dolls", 1.0, 5.0], ["drum", 40.0, 44.0]]}, **paths,
    )
    spans = read_table(paths["spans"], SPAN_COLUMNS)
    assert only(spans, session="s0", phase="dolls").coders == 2
    assert only(spans, session="s5", phase="dolls").minimal_s == 4
    durations = read_table(paths["durations"], DURATION_COLUMNS)
    # Of the session with phases in the sheet the coders' own marks do not count; its interval does.
    assert [*durations.codings] == [10, 0, 10, 20] and [*durations.sessions] == [6, 0, 6, 6]
    assert only(durations, phase="all").minimal_total_s == pytest.approx(spans.minimal_s.sum(), abs=1e-4)
    clock = read_table(paths["clock"], CLOCK_COLUMNS)
    assert {*clock.coder_a, *clock.coder_b} == {"A", "B"} and len(clock) == 12
