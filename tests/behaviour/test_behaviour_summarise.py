"""All tables of a study at once: what they hold, and that the codebook says it of each column."""

import csv

import pytest

from dyadflow.annotations.segments import Segments
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.summarise import summarise_behaviour
from dyadflow.behaviour.wide import wide_columns
from dyadflow.tables import read_table

TABLES = ("measures", "wide", "transitions", "lags", "dyadic", "regulation", "phases", "icc", "codebook")
STILL_FACE = [("phase", "play", 0, 20), ("phase", "turn-away", 20, 25), ("phase", "still-face", 25, 45),
              ("phase", "reunion", 45, 60)]


def still_face(shift_s):
    infant = [("Ineu", 0, 12), ("Ipos", 12, 22), ("Inon", 22, 30), ("Ipro", 30, 47), ("Ineu", 47, 60)]
    caregiver = [("Cpvc", 0, 14), ("Cpos", 14, 20), ("Cnon", 20, 25), ("Cneu", 25, 45), ("Cpvc", 45, 60)]
    return STILL_FACE + [
        (tier, code, max(0, onset_s + shift_s), offset_s + shift_s)
        for tier, bouts in (("infant", infant), ("caregiver", caregiver)) for code, onset_s, offset_s in bouts
    ]


@pytest.fixture
def summarise(tmp_path):
    """Write all tables of codings; give them back as text."""

    def run(scheme, rows, *, covariates=None, **given):
        rows = list(rows.items())
        Segments.from_rows(
            {"session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
            for (session, coder), those in rows for tier, code, onset_s, offset_s in those
        ).write(tmp_path / "segments.tsv")
        summarise_behaviour(**{
            "segments": tmp_path / "segments.tsv", "scheme": scheme.model_dump(),
            "sessions": {session: {"dyad": "D" + session, "covariates": (covariates or {}).get(session, {})}
                         for (session, _), _ in rows},
            "kinds": {key: "human" for key, _ in rows}, "sheet_phases": {}, "lengths_s": {}, "settings": {},
            **{name: tmp_path / "out" / f"{name}.tsv" for name in TABLES}, **given,
        })
        return {name: read_table(tmp_path / "out" / f"{name}.tsv", all_text=True) for name in TABLES}

    return run


def described(tables):
    return {(table, column) for table, column in zip(tables["codebook"].table, tables["codebook"].column, strict=True)}


def test_the_codebook_has_every_column_of_every_table_and_nothing_else(icep, guided, plain, summarise):
    for scheme, rows in (
        (icep, {("s1", "A"): still_face(0), ("s1", "B"): still_face(0.5)}),
        (guided, {("s1", "A"): [("phase", "dolls", 0, 9)]}),
        (plain, {("s1", "A"): [("infant", "look", 0, 9)]}),
    ):
        tables = summarise(scheme, rows, covariates={"s1": {"group": "x", "age (months)": "4", "coder": "nobody"}})
        assert described(tables) == {(name, column) for name, table in tables.items() for column in table.columns}
        assert not tables["codebook"].duplicated(["table", "column"]).any()
        assert (tables["codebook"].meaning != "").all()
        assert not tables["codebook"].meaning.str.contains(r"[{}]").any()


def test_settings_stand_in_the_codebook(plain, summarise):
    tables = summarise(plain, {("s1", "A"): [("infant", "look", 0, 9)]},
                       settings=BehaviourSettings(minimal_bout_s=0.75, lag_s=4.5).model_dump())
    meanings = tables["codebook"].set_index(["table", "column"]).meaning
    assert "0.75 s" in meanings["measures", "bouts"] and "4.5 s" in meanings["lags", "lag_to_s"]


def test_wide_has_a_row_a_session_and_coder(icep, summarise):
    tables = summarise(icep, {("s1", "A"): still_face(0), ("s1", "B"): still_face(0.5), ("s2", "A"): STILL_FACE[:1]},
                       covariates={"s1": {"group": "anxious", "coder": "x"}, "s2": {"group": "control", "coder": "y"}})
    wide = tables["wide"]
    assert [*zip(wide.session, wide.dyad, wide.coder, wide.group, wide.coder_covariate, strict=True)] == [
        ("s1", "Ds1", "A", "anxious", "x"), ("s1", "Ds1", "B", "anxious", "x"), ("s2", "Ds2", "A", "control", "y")]
    row = wide.iloc[0]
    assert float(row.infant_Ipro_still_face_proportion) == 0.75 and float(row.infant_Ineg_still_face_latency_s) == 5
    assert float(row.infant_Ipro_reunion_bout_mean_s) == 2 and float(row.infant_Ipos_play_rate_per_min) == 3
    assert row.infant_Ipro_play_latency_s == "" and float(row.infant_Ipro_play_proportion) == 0
    assert not any("turn" in column or "Iusc" in column for column in wide.columns)
    assert (wide.iloc[2, 5:] == "").all()


def test_names_that_spss_and_r_take(plain):
    spec = plain.model_copy(update={"tiers": {
        "2nd tier": plain.tiers["infant"].model_copy(update={"codes": {
            "a-b": plain.tiers["infant"].codes["cry"], "a b": plain.tiers["infant"].codes["cry"],
            "A_B": plain.tiers["infant"].codes["cry"]}})}, "merges": {}})
    names = list(wide_columns(spec, ["v_2nd_tier_a_b_all_latency_s"]).values())
    assert names[:4] == ["v_2nd_tier_a_b_all_proportion", "v_2nd_tier_a_b_all_rate_per_min",
                         "v_2nd_tier_a_b_all_bout_mean_s", "v_2nd_tier_a_b_all_latency_s_2"]
    assert names[4] == "v_2nd_tier_a_b_all_proportion_2" and names[8] == "v_2nd_tier_A_B_all_proportion_3"
    assert len({name.casefold() for name in names}) == len(names)


def test_nothing_coded_gives_headers(icep, summarise):
    full = summarise(icep, {("s1", "A"): still_face(0), ("s1", "B"): still_face(1)})
    empty = summarise(icep, {})
    for name in TABLES:
        assert list(empty[name].columns) == list(full[name].columns)
        assert (len(empty[name]) == 0) == (name != "codebook") and len(full[name])


def test_the_same_coding_gives_the_same_bytes_in_whatever_order_its_rows_stand(icep, summarise, tmp_path):
    rows = {("s1", "A"): still_face(0), ("s1", "B"): still_face(0.5), ("s2", "B"): still_face(0.25)}
    summarise(icep, rows)
    first = {name: (tmp_path / "out" / f"{name}.tsv").read_bytes() for name in TABLES}
    summarise(icep, {key: its[::-1] for key, its in rows.items()})
    assert first == {name: (tmp_path / "out" / f"{name}.tsv").read_bytes() for name in TABLES}


def test_tables_are_plain_tab_separated_text(icep, summarise, tmp_path):
    summarise(icep, {("s1", "A"): still_face(0)})
    for name in TABLES:
        with open(tmp_path / "out" / f"{name}.tsv", encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t"))
        assert len({len(row) for row in rows}) == 1


def test_the_recordings_length_and_the_sheets_phases_are_used(icep, summarise):
    tables = summarise(icep, {("s1", "A"): [("infant", "Ipos", 0, 50)]}, lengths_s={"s1": 30.0},
                       sheet_phases={"s1": [["play", 10, 40]]})
    smile = tables["measures"].set_index(["phase", "code"]).loc["play", "Ipos"]
    assert (float(smile.duration_s), float(smile.observed_s)) == (20, 20)
    assert float(tables["phases"].offset_s[0]) == 40 and float(tables["phases"].infant_coded_s[0]) == 20


def test_a_step_longer_than_the_greatest_lag_is_told():
    with pytest.raises(ValueError, match="no step would fit"):
        BehaviourSettings(lag_step_s=2, lag_max_s=1)
    assert BehaviourSettings(lag_step_s=0.1, lag_max_s=0.3).lag_windows()[-1] == pytest.approx((0.2, 0.3))
