"""Agreement between coders: which frames count, which coders count, and the numbers by hand."""

import numpy as np
import pytest

from dyadflow.agreement.coders import AGREEMENT_COLUMNS, compare_coders, tabulate_confusion
from dyadflow.annotations.labels import EXCLUDED, UNCODED, UNSCORABLE, SessionLabels
from dyadflow.media.grid import FrameGrid

PHASES = ("play", "turn-away", "reunion")
DYADS = {"s1": "d1", "s2": "d2"}


def session(codes, phase=None):
    """Labels of one session; `codes` by target and coder."""
    frames = len(next(iter(next(iter(codes.values())).values())))
    arrays = {
        target: {coder: np.array(values, np.int8) for coder, values in coders.items()}
        for target, coders in codes.items()
    }
    return SessionLabels(
        grid=FrameGrid(25.0, frames), phases=PHASES,
        phase=np.array(phase if phase is not None else [0] * frames, np.int8),
        classes={target: ("neg", "pos") for target in codes}, codes=arrays,
    )


def humans(labels):
    """All coders of all sessions, all human."""
    return {(name, coder): "human" for name, found in labels.items()
            for coders in found.codes.values() for coder in coders}


def only(table, code="all", **equals):
    """The one row in which the named columns have these values."""
    for name, value in {"code": code, **equals}.items():
        table = table[table[name] == value]
    assert len(table) == 1, table
    return table.iloc[0]


def test_two_coders_worked_by_hand():
    labels = {"s1": session({"infant": {"A": [0, 0, 1, 1, 1], "B": [0, 1, 1, 1, 0]}}),
              "s2": session({"infant": {"A": [0, 0, 0, 1, 1], "B": [0, 0, 1, 1, 1]}})}
    row = only(compare_coders(labels, DYADS, humans(labels)), target="infant", phase="all")
    # A in rows: [[3, 2], [1, 4]]; observed 0.7, chance (5 * 4 + 5 * 6) / 100 = 0.5.
    assert (row.coder_a, row.coder_b, row.sessions, row.dyads, row.frames) == ("A", "B", 2, 2, 10)
    assert row.percent == pytest.approx(70)
    assert row.kappa == pytest.approx(0.4)
    assert 0 < row.percent_low < 70 < row.percent_high < 100
    counted = tabulate_confusion(labels, DYADS, humans(labels))
    assert [*counted.frames] == [3, 2, 1, 4]
    assert [*counted.code_a] == ["neg", "neg", "pos", "pos"]
    assert [*counted.code_b] == ["neg", "pos", "neg", "pos"]


def test_frames_without_a_class_by_both_are_not_units():
    labels = {"s1": session({"infant": {"A": [0, UNCODED, 1, EXCLUDED, UNSCORABLE, 1],
                                        "B": [0, 1, UNSCORABLE, 0, 1, 1]}})}
    row = only(compare_coders(labels, DYADS, humans(labels)), phase="all")
    assert (row.frames, row.percent) == (2, 100)
    assert tabulate_confusion(labels, DYADS, humans(labels)).frames.sum() == 2


def test_every_phase_has_its_row_and_excluded_ones_have_none():
    phase = [0, 0, 1, 1, 2, 2, -1]
    labels = {"s1": session({"infant": {"A": [0, 1, EXCLUDED, EXCLUDED, 0, 1, 1],
                                        "B": [0, 1, EXCLUDED, EXCLUDED, 1, 0, 1]}}, phase)}
    table = compare_coders(labels, DYADS, humans(labels))
    assert [*zip(table.phase, table.code, strict=True)] == [
        (phase, code) for phase in ("all", "play", "reunion") for code in ("all", "neg", "pos")]
    assert only(table, phase="play").kappa == 1
    assert only(table, phase="reunion").kappa == -1
    # The last frame lies in no phase, but is coded: it counts in `all` alone.
    assert [*table[table.code == "all"].frames] == [5, 2, 2]


def test_coding_assisted_by_a_prediction_never_counts():
    labels = {"s1": session({"infant": {"A": [0, 1], "B": [0, 1], "C": [0, 1]}})}
    kinds = humans(labels) | {("s1", "B"): "assisted", ("s1", "C"): "model"}
    table = compare_coders(labels, DYADS, kinds)
    assert table.empty
    assert tuple(table.columns) == AGREEMENT_COLUMNS


def test_a_coder_is_compared_only_where_both_coded_that_target():
    labels = {
        "s1": session({"infant": {"A": [0, 1], "B": [0, 1]}, "caregiver": {"A": [0, 1], "B": [UNCODED] * 2}}),
        "s2": session({"infant": {"A": [0, 1], "C": [1, 1]}, "caregiver": {"A": [1, 1], "C": [1, 1]}}),
    }
    table = compare_coders(labels, DYADS, humans(labels))
    pairs = table[(table.phase == "all") & (table.code == "all")][["target", "coder_a", "coder_b", "sessions"]]
    assert [tuple(row) for row in pairs.to_numpy()] == [
        ("infant", "A", "B", 1), ("infant", "A", "C", 1), ("caregiver", "A", "C", 1)]


def test_two_coders_who_shared_a_session_but_no_frame_have_a_row_that_says_so():
    labels = {"s1": session({"infant": {"A": [0, UNCODED], "B": [UNCODED, 1]}})}
    row = only(compare_coders(labels, DYADS, humans(labels)), phase="all")
    assert (row.sessions, row.dyads, row.frames) == (0, 0, 0)
    assert np.isnan([row.percent, row.kappa, row.kappa_low]).all()


def test_two_sessions_of_one_dyad_are_one_dyad_and_have_no_interval():
    labels = {name: session({"infant": {"A": [0, 1, 0, 1], "B": b}})
              for name, b in (("s1", [0, 1, 1, 1]), ("s2", [0, 1, 0, 0]))}
    row = only(compare_coders(labels, {"s1": "d1", "s2": "d1"}, humans(labels)), phase="all")
    assert (row.sessions, row.dyads) == (2, 1)
    assert np.isnan(row.percent_low)


def test_the_order_in_which_coders_are_listed_does_not_matter():
    forward = {"s1": session({"infant": {"A": [0, 1, 1], "B": [0, 1, 0], "C": [1, 1, 0]}})}
    backward = {"s1": session({"infant": {"C": [1, 1, 0], "B": [0, 1, 0], "A": [0, 1, 1]}})}
    assert compare_coders(forward, DYADS, humans(forward)).equals(
        compare_coders(backward, DYADS, humans(backward)))


def three_classes(a, b):
    """Labels of one session by two coders, of a target with three classes."""
    codes = {"mood": {"A": np.array(a, np.int8), "B": np.array(b, np.int8)}}
    grid = FrameGrid(25.0, len(a))
    return SessionLabels(grid, PHASES, np.zeros(len(a), np.int8), {"mood": ("low", "middle", "high")}, codes)


def test_each_code_is_compared_with_all_others_together():
    labels = {"s1": three_classes([0, 0, 0, 1, 1, 2, 2, 2, 2, 2], [0, 0, 1, 1, 2, 2, 2, 2, 0, 0])}
    table = compare_coders(labels, DYADS, humans(labels))
    assert only(table, phase="all").percent == pytest.approx(60)
    # Low against the rest: both 2, A alone 1, B alone 2, neither 5; chance (3 * 4 + 7 * 6) / 100 = 0.54.
    row = only(table, code="low", phase="all")
    assert (row.percent, row.frames) == (pytest.approx(70), 10)
    assert row.kappa == pytest.approx((0.7 - 0.54) / (1 - 0.54))
    # Middle: both 1, one each alone; chance (2 * 2 + 8 * 8) / 100.
    assert only(table, code="middle", phase="all").kappa == pytest.approx((0.8 - 0.68) / (1 - 0.68))


def test_of_two_classes_either_one_against_the_rest_is_the_whole():
    labels = {"s1": session({"infant": {"A": [0, 0, 1, 1, 1], "B": [0, 1, 1, 1, 0]}}),
              "s2": session({"infant": {"A": [0, 0, 0, 1, 1], "B": [0, 0, 1, 1, 1]}})}
    table = compare_coders(labels, DYADS, humans(labels))
    values = table[table.phase == "all"].drop(columns="code")
    assert len(values) == 3 and (values == values.iloc[0]).all()[values.iloc[0].notna()].all()


def test_only_ordered_targets_have_a_weighted_kappa_and_only_for_all_codes():
    labels = {"s1": three_classes([0, 0, 0, 1, 1, 2, 2, 2, 2, 2], [0, 0, 1, 1, 2, 2, 2, 2, 0, 0])}
    plain = compare_coders(labels, DYADS, humans(labels))
    assert plain[["kappa_linear", "kappa_quadratic", "kappa_linear_low", "kappa_quadratic_high"]].isna().all().all()
    table = compare_coders(labels, DYADS, humans(labels), ordered=["mood"])
    row = only(table, phase="all")
    # Steps apart: two frames by 1, two by 2. By chance: rows 3 2 5, columns 4 2 4; linear (3*2 + 3*8 + 2*4 + 2*4 +
    # 5*8 + 5*2) / 10 = 9.6; quadratic (3*2 + 3*16 + 2*4 + 2*4 + 5*16 + 5*2) / 10 = 16.
    assert row.kappa_linear == pytest.approx(1 - 6 / 9.6)
    assert row.kappa_quadratic == pytest.approx(1 - 10 / 16)
    assert table[table.code != "all"].kappa_linear.isna().all()
    assert table.drop(columns=[name for name in table if "linear" in name or "quadratic" in name]).equals(
        plain.drop(columns=[name for name in table if "linear" in name or "quadratic" in name]))


def test_weighted_kappa_has_an_interval_over_dyads():
    rng = np.random.default_rng(8)
    labels, dyads = {}, {}
    for number in range(6):
        a = rng.integers(0, 3, 60)
        labels[f"s{number}"] = three_classes(a, np.where(rng.random(60) < 0.3, rng.integers(0, 3, 60), a))
        dyads[f"s{number}"] = f"d{number}"
    row = only(compare_coders(labels, dyads, humans(labels), ordered=["mood"]), phase="all")
    assert row.kappa_linear_low < row.kappa_linear < row.kappa_linear_high
    assert row.kappa_quadratic_low < row.kappa_quadratic < row.kappa_quadratic_high


def test_a_wider_level_is_a_wider_interval_in_the_table():
    labels = {"s1": session({"infant": {"A": [0, 0, 1, 1, 1], "B": [0, 1, 1, 1, 0]}}),
              "s2": session({"infant": {"A": [0, 0, 0, 1, 1], "B": [0, 0, 1, 1, 1]}}),
              "s3": session({"infant": {"A": [0, 0, 0, 1, 1], "B": [0, 0, 1, 1, 0]}})}
    dyads = {name: name for name in labels}
    narrow, wide = (only(compare_coders(labels, dyads, humans(labels), level=level), phase="all")
                    for level in (0.5, 0.9))
    assert wide.kappa_low < narrow.kappa_low < narrow.kappa_high < wide.kappa_high
