"""Folds: dyads whole, sticky, deterministic, pinned, balanced."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyadflow.errors import DyadflowError
from dyadflow.folds.assign import assign_folds
from dyadflow.folds.settings import FoldSettings
from dyadflow.folds.table import inner_column, read_folds, read_pins
from dyadflow.tables import write_table

CLASSES = ["infant:Ineg", "infant:Inon", "infant:Ipos"]


def draw_counts(seed: int, sessions: int, dyads: int) -> pd.DataFrame:
    """Sessions, the first `dyads` of one dyad each, the others of any; their class mixes differ widely."""
    rng = np.random.default_rng(seed)
    of = [*range(dyads), *rng.integers(dyads, size=sessions - dyads)]
    lengths = rng.integers(200, 3000, size=(sessions, 1))
    frames = (rng.dirichlet([0.4, 0.8, 0.2], size=sessions) * lengths).astype(int)
    names = {"session": [f"s{number}" for number in range(sessions)], "dyad": [f"d{number}" for number in of]}
    return pd.DataFrame(names | {name: frames[:, column] for column, name in enumerate(CLASSES)})


sheets = st.builds(
    lambda seed, dyads, more: draw_counts(seed, dyads + more, dyads),
    st.integers(0, 2**32 - 1), st.integers(8, 20), st.integers(0, 8),
)


@given(counts=sheets, outer=st.integers(2, 5), inner=st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_a_dyad_is_never_on_both_sides_of_a_split(counts, outer, inner):
    folds = assign_folds(counts, outer=outer, inner=inner)
    assert (folds.groupby("dyad").outer.nunique() == 1).all()
    assert set(folds.outer) == set(range(outer))
    for fold in range(outer):
        held_out, column = folds.outer == fold, folds[inner_column(fold)]
        assert column[held_out].isna().all(), "inner folds lie within the training dyads only"
        assert set(column[~held_out]) == set(range(inner))
        assert (folds[~held_out].groupby("dyad")[inner_column(fold)].nunique() == 1).all()


@given(counts=sheets, cut=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_sessions_added_at_the_end_move_nobody(counts, cut):
    first = counts.iloc[: 8 + int(cut * (len(counts) - 8))]
    before = assign_folds(first, outer=4, inner=2).set_index("session").outer
    after = assign_folds(counts, outer=4, inner=2).set_index("session").outer
    assert (after[before.index] == before).all()


@given(counts=sheets, seed=st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_pins_are_kept_and_the_same_sheet_gives_the_same_folds(counts, seed):
    rng = np.random.default_rng(seed)
    pins = {f"d{number}": int(rng.integers(3)) for number in rng.choice(8, size=3, replace=False)}
    folds = assign_folds(counts, outer=3, inner=2, pins=pins)
    assert all((folds.outer[folds.dyad == dyad] == fold).all() for dyad, fold in pins.items())
    reordered = dict(sorted(pins.items(), reverse=True))
    pd.testing.assert_frame_equal(folds, assign_folds(counts.copy(), outer=3, inner=2, pins=reordered))


def test_a_whole_table_used_as_pins_freezes_it():
    counts = draw_counts(3, 14, 12)
    before = assign_folds(counts, outer=4, inner=2)
    recoded = counts.assign(**{CLASSES[0]: counts[CLASSES[0]] * np.arange(14)})
    after = assign_folds(recoded, outer=4, inner=2, pins=dict(zip(before.dyad, before.outer, strict=True)))
    assert (after.outer == before.outer).all()


def test_folds_hold_equal_numbers_of_dyads():
    folds = assign_folds(draw_counts(1, 23, 23), outer=5, inner=3)
    assert sorted(folds.groupby("outer").dyad.nunique()) == [4, 4, 5, 5, 5]


def test_folds_are_better_balanced_than_dealt_at_random():
    def imbalance(counts, outer):
        shares = counts[CLASSES].groupby(np.asarray(outer, dtype=int)).sum() / counts[CLASSES].sum()
        return float(((shares - 1 / 4) ** 2).to_numpy().sum())

    ours, random = [], []
    for seed in range(60):
        counts = draw_counts(seed, 24, 24)
        ours.append(imbalance(counts, assign_folds(counts, outer=4, inner=2).outer))
        random.append(imbalance(counts, np.random.default_rng(seed).permutation(np.arange(24) % 4)))
    assert np.mean(ours) < 0.75 * np.mean(random)


def test_a_case_worked_out_by_hand():
    # d0 and d1 open the folds. d2 shows only a: fold 1 holds less of it. d3 is left with fold 0.
    counts = pd.DataFrame(
        [("s0", "d0", 90, 10), ("s1", "d1", 10, 90), ("s2", "d2", 50, 0), ("s3", "d3", 0, 50)],
        columns=["session", "dyad", "t:a", "t:b"],
    )
    folds = assign_folds(counts, outer=2, inner=2)
    assert list(folds.outer) == [0, 1, 1, 0]
    assert list(folds.inner_of_0.fillna(-1)) == [-1, 0, 1, -1]


@pytest.mark.parametrize(("asked", "words"), [
    ({"outer": 9, "inner": 2}, "at most 8 outer folds"),
    ({"outer": 2, "inner": 5}, "at most 4 inner folds"),
    ({"outer": 4, "inner": 2, "pins": {"nobody": 0}}, "dyad nobody"),
    ({"outer": 4, "inner": 2, "pins": {"d0": 4}}, "from 0 to 3"),
    ({"outer": 4, "inner": 2, "pins": {f"d{number}": 0 for number in range(6)}}, "no dyad for outer fold"),
])
def test_what_cannot_be_dealt_is_said_in_a_sentence(asked, words):
    with pytest.raises(DyadflowError) as caught:
        assign_folds(draw_counts(0, 8, 8), **asked)
    assert words in str(caught.value)


def test_a_session_listed_twice_is_an_error():
    counts = draw_counts(0, 8, 8)
    with pytest.raises(DyadflowError, match="s0 is listed twice"):
        assign_folds(pd.concat([counts, counts.iloc[:1]]), outer=2, inner=2)


def test_the_table_reads_back_as_it_was_written(tmp_path):
    folds = assign_folds(draw_counts(2, 10, 9), outer=3, inner=2)
    write_table(folds, tmp_path / "folds.tsv")
    pd.testing.assert_frame_equal(read_folds(tmp_path / "folds.tsv"), folds, check_dtype=False)
    assert "<NA>" not in (tmp_path / "folds.tsv").read_text()


def test_pins_are_read_and_their_absence_is_no_error(tmp_path):
    assert read_pins(None) == read_pins(tmp_path / "folds.tsv") == {}
    (tmp_path / "folds.tsv").write_text("dyad\touter\n007\t2\nd1\t0\n")
    assert read_pins(tmp_path / "folds.tsv") == {"007": 2, "d1": 0}


@pytest.mark.parametrize(("rows", "words"), [
    ("d1\tfirst\n", "line 2: 'first' is not the number of a fold"),
    ("d1\t0\nd1\t1\n", "line 3: dyad d1 is pinned to folds 0 and 1"),
])
def test_pins_that_make_no_sense_are_named_by_line(tmp_path, rows, words):
    (tmp_path / "folds.tsv").write_text("dyad\touter\n" + rows)
    with pytest.raises(DyadflowError) as caught:
        read_pins(tmp_path / "folds.tsv")
    assert words in str(caught.value)


def test_settings_have_the_corrected_preset_s_folds():
    assert FoldSettings() == FoldSettings(outer=10, inner=5)
