"""The table of events: worked by hand from segments, the same units as plain agreement, and what may not change it."""

import numpy as np
import pandas as pd
import pytest

from dyadflow.agreement.coders import compare_coders
from dyadflow.agreement.events import EVENT_COLUMNS, compare_events, event_table
from dyadflow.agreement.gamma import disorders, gamma_of
from dyadflow.agreement.intervals import interval_from_left_out, jackknife_interval
from dyadflow.agreement.matching import event_kappa, event_percent
from dyadflow.agreement.runs import Runs
from dyadflow.agreement.settings import AgreementSettings
from dyadflow.annotations.label_index import write_label_index
from dyadflow.annotations.labels import label_session
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid
from dyadflow.tables import read_table

GRID = FrameGrid(25.0, 1000)
PHASES = [["play", 0.0, 12.0], ["turn-away", 12.0, 14.0], ["still-face", 14.0, 40.0]]
ALONE = {"phase": "all", "code": "all"}


def coded(session, coder, *rows, tier="infant"):
    return [
        {"session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
        for code, onset_s, offset_s in rows
    ]


def label(segments, spec, sheet):
    return {
        session: label_session(
            {coder: Segments(own) for coder, own in table.groupby("coder")}, GRID, spec, sheet.get(session))
        for session, table in segments.table.groupby("session")
    }


def humans(segments):
    return {key: "human" for key in segments.table[["session", "coder"]].itertuples(index=False, name=None)}


def compare(segments, spec, sheet, dyads=None, *, kinds=None, **settings):
    kinds = kinds or humans(segments)
    dyads = dyads or {session: session for session, _ in kinds}
    return event_table(segments, label(segments, spec, sheet), spec, dyads, kinds,
                       AgreementSettings(**settings), sheet_phases=sheet)


# A sees Ipos at 3, Ineu at 6, Ipos at 9 until play ends, then Ineu through the still-face from 16 on; B is 0.4 s late
# with the first, misses nothing, calls the Ineu an Inon, and sees a short Ipos at 30.
ANNA = coded("s1", "A", ("Ineu", 0, 3), ("Ipos", 3, 6), ("Ineu", 6, 9), ("Ipos", 9, 16), ("Ineu", 16, 40))
BEN = coded("s1", "B", ("Ineu", 0, 3.4), ("Ipos", 3.4, 6), ("Inon", 6, 9.2), ("Ipos", 9.2, 16), ("Ineu", 16, 30),
            ("Ipos", 30, 31), ("Ineu", 31, 40))


@pytest.fixture(scope="module")
def by_hand(icep_spec):
    return compare(Segments.from_rows([*ANNA, *BEN]), icep_spec, {"s1": PHASES})


def test_events_by_hand_in_all_and_in_each_phase(by_hand, only, icep_spec):
    assert tuple(by_hand.columns) == EVENT_COLUMNS
    mine = by_hand[by_hand.target == "infant"]
    assert [*dict.fromkeys(mine.phase)] == ["all", "play", "still-face"]
    assert [*dict.fromkeys(mine.code)] == ["all", *icep_spec["targets"]["infant"]["classes"]]
    assert set(by_hand.target) == {"infant"}
    # Play: Ineu 0, Ipos 3, Ineu 6, Ipos 9 of A; B has Inon for the second Ineu. Turn-away cuts the last Ipos, which
    # begins again at 14; still-face: Ipos 14, Ineu 16 of A, and of B also Ipos 30, Ineu 31.
    row = only(mine, phase="play", code="all")
    assert (row.events_a, row.events_b, row.matched) == (4, 4, 3)
    assert row.event_percent == pytest.approx(100 * 3 / 5)
    # Four pairs: shares of A 2 Ineu 2 Ipos, of B 1 Ineu 1 Inon 2 Ipos.
    chance = 4 * (2 * 1 + 2 * 2) / 16
    assert row.event_kappa == pytest.approx((3 - chance) / (4 - chance))
    row = only(mine, phase="still-face", code="all")
    assert (row.events_a, row.events_b, row.matched) == (2, 4, 2)
    assert row.event_percent == pytest.approx(50)
    row = only(mine, **ALONE)
    assert (row.events_a, row.events_b, row.matched, row.sessions, row.dyads) == (6, 8, 5, 1, 1)
    assert row.event_percent == pytest.approx(100 * 5 / 9)
    # Seen onsets of matched events: 3 to 3.4, 9 to 9.2, 16 to 16; not those at 0 and 14, where coding begins.
    assert row.onset_difference_s == pytest.approx(0.2) and row.onset_difference_abs_s == pytest.approx(0.2)
    row = only(mine, phase="all", code="Ineu")
    assert (row.events_a, row.events_b, row.matched) == (3, 3, 2) and np.isnan(row.event_kappa)
    assert row.event_percent == pytest.approx(50)
    assert only(mine, phase="all", code="Inon").event_percent == 0
    row = only(mine, phase="all", code="Ineg")
    assert (row.events_a, row.events_b) == (0, 0) and np.isnan([row.event_percent, row.onset_difference_s]).all()
    assert mine.tolerance_s.eq(1.0).all() and mine.gamma.isna().all()


def test_frames_within_the_tolerance_by_hand(by_hand, only):
    # 300 frames of play and 650 of the still-face, each seen from either coder. Seen from A: Ineu from 6 to 9 (75) has
    # no Ineu of B within a second, all else has its like. Seen from B: Inon from 6 to 9.2 (80) and Ipos from 30 to 31
    # (25) have none of A. A's Ineu from 30 to 31 is never further than half a second from an Ineu of B.
    row = only(by_hand, **ALONE)
    units = 2 * (300 + 650)
    assert row.time_percent == pytest.approx(100 * (units - 75 - 80 - 25) / units)
    play = only(by_hand, phase="play", code="all")
    assert play.time_percent == pytest.approx(100 * (600 - 155) / 600)
    # To Ipos against the rest only those 25 matter, and the 5 of B's Inon that lie under A's Ipos.
    row = only(by_hand, phase="all", code="Ipos")
    assert row.time_percent == pytest.approx(100 * (units - 25 - 5) / units)


def test_without_a_tolerance_the_frames_are_those_of_plain_agreement(many, only):
    segments, spec, sheet, dyads = many
    kinds = humans(segments)
    table = compare(segments, spec, sheet, dyads, tolerance_s=0)
    plain = compare_coders(label(segments, spec, sheet), dyads, kinds)
    keys = ["target", "phase", "code", "coder_a", "coder_b"]
    assert table[keys].equals(plain[keys])
    for name in ("percent", "percent_low", "percent_high", "kappa", "kappa_low", "kappa_high"):
        assert table[f"time_{name}"].to_numpy() == pytest.approx(plain[name].to_numpy(), nan_ok=True), name
    assert (table[["sessions", "dyads"]] == plain[["sessions", "dyads"]]).all().all()
    more = compare(segments, spec, sheet, dyads, tolerance_s=1)
    assert (more.time_percent >= table.time_percent)[table.time_percent.notna()].all()
    assert (more.matched >= table.matched).all() and (more.events_a == table.events_a).all()


@pytest.fixture(scope="module")
def many(icep_spec):
    """Seven sessions of six dyads, three coders who differ in when and in what."""
    rng = np.random.default_rng(5)
    rows, sheet, dyads = [], {}, {}
    for number in range(7):
        session = f"s{number}"
        edges = np.append(np.cumsum(rng.exponential(1.6, 24)), 40.0)
        truth = rng.choice(["Ineu", "Ipos", "Inon"], len(edges))
        for coder in "ABC":
            own = np.sort(np.clip(edges + rng.normal(0, 0.3, len(edges)), 0, 40)).round(3)
            said = np.where(rng.random(len(edges)) < 0.15, rng.choice(["Ineu", "Ipos", "Inon"], len(edges)), truth)
            rows += coded(session, coder, *[(code, first, last) for code, first, last in zip(
                said, own, own[1:], strict=False) if last > first])
        sheet[session], dyads[session] = PHASES, f"d{min(number, 5)}"
    return Segments.from_rows(rows), icep_spec, sheet, dyads


def test_phases_and_codes_add_up(many):
    table = compare(*many)
    numbers = ["events_a", "events_b", "matched"]
    keys = ["coder_a", "coder_b"]
    whole = table[(table.phase == "all") & (table.code == "all")].set_index(keys)[numbers]
    assert len(whole) == 3 and (whole > 50).all().all()
    for part in (table[(table.phase != "all") & (table.code == "all")],
                 table[(table.phase == "all") & (table.code != "all")]):
        assert (part.groupby(keys)[numbers].sum() == whole).all().all()


def test_swapped_coders_swap_the_columns_and_turn_the_difference(many):
    segments, spec, sheet, dyads = many
    turned = Segments(segments.table.assign(coder=segments.table.coder.map({"A": "Z", "B": "B", "C": "C"})))
    there, back = (compare(own, spec, sheet, dyads) for own in (segments, turned))
    there = there[(there.coder_a == "A") & (there.coder_b == "B")].reset_index(drop=True)
    back = back[(back.coder_a == "B") & (back.coder_b == "Z")].reset_index(drop=True)
    kept = [name for name in EVENT_COLUMNS if name.startswith(("time_", "event_"))] + ["matched", "phase", "code"]
    pd.testing.assert_frame_equal(there[kept], back[kept])
    assert there.events_a.equals(back.events_b) and there.events_b.equals(back.events_a)
    assert there.onset_difference_s.to_numpy() == pytest.approx(-back.onset_difference_s.to_numpy(), nan_ok=True)


def test_intervals_leave_out_one_dyad_at_a_time(many, only):
    segments, spec, sheet, dyads = many
    row = only(compare(*many, level=0.9), coder_a="A", coder_b="B", **ALONE)
    assert row.dyads == 6
    left_out = []
    for dyad in sorted(set(dyads.values())):
        own = segments.table[segments.table.session.map(dyads) != dyad]
        left_out.append(only(compare(Segments(own), spec, sheet, dyads), coder_a="A", coder_b="B", **ALONE))
    for name, bounds in (("time_percent", (0, 100)), ("time_kappa", (-1, 1)), ("event_percent", (0, 100)),
                         ("event_kappa", (-1, 1))):
        expected = interval_from_left_out(
            row[name], np.array([one[name] for one in left_out]), bounds=bounds, level=0.9)
        assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx(expected), name
        assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]


def test_only_people_are_compared(many):
    segments = many[0]
    kinds = humans(segments) | {(f"s{number}", "C"): "assisted" for number in range(7)}
    table = compare(*many, kinds=kinds)
    assert set(zip(table.coder_a, table.coder_b, strict=True)) == {("A", "B")}


def test_phases_of_the_first_coder_of_the_sheet_hold_for_all(icep_spec, only):
    marks = [coded("s1", coder, *spans, tier="phase") for coder, spans in (
        ("A", [("play", 0, 5)]), ("B", [("play", 0, 12), ("turn-away", 12, 14), ("still-face", 14, 40)]))]
    segments = Segments.from_rows([*ANNA, *BEN, *marks[0], *marks[1]])
    labels = {"s1": label_session(
        {coder: segments.select(coder=coder) for coder in "BA"}, GRID, icep_spec, None)}
    kinds = {("s1", "B"): "human", ("s1", "A"): "human"}
    table = event_table(segments, labels, icep_spec, {"s1": "d1"}, kinds, AgreementSettings())
    expected = compare(Segments.from_rows([*ANNA, *BEN]), icep_spec, {"s1": PHASES})
    pd.testing.assert_frame_equal(table, expected)


def test_each_coders_own_tasks_bound_what_is_compared(guided_spec, only):
    rows = []
    for coder, onset_s, offset_s, marks in (
        ("A", 2, 20, [("yes", 4, 8), ("yes", 18, 20)]), ("B", 3, 22, [("yes", 4.3, 8.1), ("yes", 12, 13)]),
    ):
        rows += coded("s1", coder, ("dolls", onset_s, offset_s), tier="phase")
        rows += coded("s1", coder, *marks, tier="task_engagement")
    table = compare(Segments.from_rows(rows), guided_spec, {})
    row = only(table[table.target == "dolls-task_engagement"], **ALONE)
    # Within 3 to 20: A no, yes 4, no 8, yes 18; B no, yes 4.3, no 8.1, yes 12, no 13.
    assert (row.events_a, row.events_b, row.matched) == (4, 5, 3)
    assert row.onset_difference_s == pytest.approx((0.3 + 0.1) / 2)
    row = only(table[table.target == "dolls-task_engagement"], phase="dolls", code="yes")
    assert (row.events_a, row.events_b, row.matched) == (2, 2, 1)


def test_gamma_is_pooled_over_sessions_and_empty_but_in_one_row_a_pair(icep_spec, only):
    pytest.importorskip("pygamma_agreement")
    both = Segments.from_rows([*ANNA, *BEN, *({**row, "session": "s2"} for row in (*ANNA, *BEN))])
    table = compare(both, icep_spec, {"s1": PHASES, "s2": PHASES}, gamma=True, gamma_samples=10)
    row = only(table, **ALONE)
    assert table.gamma.notna().sum() == 1
    place = icep_spec["targets"]["infant"]["classes"].index
    runs = [Runs(np.array([span for _, *span in rows], float), np.array([place(code) for code, *_ in rows]))
            for rows in (
        [("Ineu", 0, 3), ("Ipos", 3, 6), ("Ineu", 6, 9), ("Ipos", 9, 12), ("Ipos", 14, 16), ("Ineu", 16, 40)],
        [("Ineu", 0, 3.4), ("Ipos", 3.4, 6), ("Inon", 6, 9.2), ("Ipos", 9.2, 12), ("Ipos", 14, 16), ("Ineu", 16, 30),
         ("Ipos", 30, 31), ("Ineu", 31, 40)])]
    sums = np.array([disorders(*runs, samples=10, seed=1, name=f"infant\x1fA\x1fB\x1f{session}")
                     for session in ("s1", "s2")])
    assert row.gamma == pytest.approx(float(gamma_of(sums.sum(0))), abs=1e-6)
    assert (row.gamma_low, row.gamma_high) == pytest.approx(
        jackknife_interval(sums, gamma_of, bounds=(-1, 1)), nan_ok=True)


def test_gamma_without_its_library_stops_before_anything_is_counted(monkeypatch, many):
    monkeypatch.setattr("dyadflow.agreement.gamma.find_spec", lambda name: None)
    with pytest.raises(DyadflowError, match="pygamma-agreement is not installed"):
        compare(*many, gamma=True)
    assert compare(*many).gamma.isna().all()


def test_the_table_is_written_from_the_files_of_a_study(tmp_path, many):
    segments, spec, sheet, dyads = many
    segments.write(tmp_path / "segments.tsv")
    files = {}
    for session, labels in label(segments, spec, sheet).items():
        files[session] = tmp_path / f"{session}.h5"
        labels.write(files[session])
    write_label_index(files, tmp_path / "labels.tsv", place=tmp_path)
    compare_events(
        segments=tmp_path / "segments.tsv", labels=tmp_path / "labels.tsv", spec=spec, sheet_phases=sheet, dyads=dyads,
        kinds=humans(segments), settings={"tolerance_s": 0.5}, seed=1, events=tmp_path / "events.tsv",
    )
    found = read_table(tmp_path / "events.tsv", EVENT_COLUMNS)
    expected = compare(*many, tolerance_s=0.5)
    assert found.tolerance_s.eq(0.5).all()
    pd.testing.assert_frame_equal(found[list(EVENT_COLUMNS)], expected, check_dtype=False, atol=1e-6)


def test_a_study_with_nobody_to_compare_has_an_empty_table(icep_spec):
    table = compare(Segments.from_rows(ANNA), icep_spec, {"s1": PHASES})
    assert table.empty and tuple(table.columns) == EVENT_COLUMNS


def test_percent_and_kappa_of_the_table_are_those_of_its_counts(by_hand, only):
    counts = np.zeros((5, 5), int)
    place = ["Ineg", "Inon", "Ineu", "Ipos"].index
    counts[place("Ineu"), place("Ineu")], counts[place("Ipos"), place("Ipos")] = 2, 3
    counts[place("Ineu"), place("Inon")], counts[4, place("Ipos")], counts[4, place("Ineu")] = 1, 1, 1
    row = only(by_hand, **ALONE)
    assert (row.event_percent, row.event_kappa) == pytest.approx((event_percent(counts), event_kappa(counts)))
