"""Tables for EasyDIAg: two coders side by side, in the lines that the toolbox's importer takes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import choose_format, read_coding, write_coding
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError


def row(coder, onset_s, offset_s, *, session="s01", tier="infant", code="Ipos", **more):
    times = {"onset_s": onset_s, "offset_s": offset_s}
    return {"session": session, "coder": coder, "tier": tier, "code": code} | times | more


PAIR = [row("Anna", 0.0, 1.5), row("Ben", 0.04, 1.52), row("Anna", 1.5, 20.0, code="Ineu")]


def write(rows, path):
    return write_coding(Segments.from_rows(rows), path, "easydiag")


def test_a_line_is_tier_with_rater_begin_end_value_and_file(tmp_path):
    written = write([*PAIR, row("Ben", 3.0, 4.0, session="s02"), row("Anna", 2.0, 4.0, session="s02")],
                    tmp_path / "pair.txt")
    assert (tmp_path / "pair.txt").read_text() == (
        "infant_R1\t0\t1500\tIpos\ts01.eaf\n"
        "infant_R2\t40\t1520\tIpos\ts01.eaf\n"
        "infant_R1\t1500\t20000\tIneu\ts01.eaf\n"
        "infant_R1\t2000\t4000\tIpos\ts02.eaf\n"
        "infant_R2\t3000\t4000\tIpos\ts02.eaf\n"
    )
    assert written.files == (tmp_path / "pair.txt",)
    assert [issue.what for issue in written.issues] == ["R1 stands for 'Anna' in pair.txt, R2 for 'Ben'"]


def test_one_recording_without_a_name_has_four_columns(tmp_path):
    write([one | {"session": ""} for one in PAIR], tmp_path / "pair.txt")
    assert (tmp_path / "pair.txt").read_text().splitlines()[0] == "infant_R1\t0\t1500\tIpos"
    assert set(read_coding(tmp_path / "pair.txt").rows.session) == {""}


def test_what_only_one_of_two_coded_is_left_out_and_told(tmp_path):
    alone = row("Ben", 3.0, 4.0, session="s02", confidence=0.5, comment="look")
    written = write([*PAIR, alone], tmp_path / "pair.txt")
    assert "s02" not in (tmp_path / "pair.txt").read_text()
    said = [issue.what for issue in written.issues]
    assert said[0] == "1 session (1 segment) that only one of 'Anna' and 'Ben' coded: left out of pair.txt"
    assert [text.split(" of ")[0] for text in said[2:]] == [
        "EasyDIAg has no column for the confidence", "EasyDIAg has no column for the comment",
    ]


def test_three_coders_give_a_file_for_each_pair(tmp_path):
    rows = [row(coder, 1.0, 2.0) for coder in ("A", "B/2", "C")] + [row("D", 1.0, 2.0, session="s09")]
    written = write(rows, tmp_path / "all.txt")
    assert [path.name for path in written.files] == ["all.A.B_2.txt", "all.A.C.txt", "all.B_2.C.txt"]
    assert all("infant_R2\t1000\t2000\tIpos\ts01.eaf\n" in path.read_text() for path in written.files)
    assert not (tmp_path / "all.txt").exists()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([PAIR[0]], "compares two coders"),
        ([PAIR[0], row("Ben", 1.0, 2.0, session="s02")], "compares two coders"),
        ([*PAIR, row("Ben", 1.0, 2.0, code="")], "without a code"),
        ([*PAIR, row("Ben", 1.0, 2.0, code="a\tb")], "the code 'a.tb'"),
        ([*PAIR, row("Ben", 1.0, 2.0, tier=" infant")], "the tier ' infant'"),
        ([*PAIR, row("Ben", 1.0, 2.0, session="x/y")], "the session 'x/y'"),
        ([*PAIR, row("Ben", 1.0, 1.0002)], "shorter than a millisecond"),
        ([*PAIR, row("Ben", 1.0, 2.0, tier="Infant")], "tiers 'Infant' and 'infant' for the same"),
        ([*PAIR, row("Ben", 1.0, 2.0, session="b-s01")], "sessions 'b-s01' and 's01' for the same"),
    ],
)
def test_what_easydiag_would_take_for_something_else_is_refused(tmp_path, rows, said):
    with pytest.raises(DyadflowError, match=said):
        write(rows, tmp_path / "pair.txt")


def test_an_export_of_elan_with_an_empty_column_is_read(tmp_path):
    lines = ("handR1\t\t10\t20\ton top\tD:\\films\\s01.eaf", "handR2\t\t10\t25\toff\tS.02.eaf", "")
    (tmp_path / "elan.txt").write_text("\n".join(lines))
    reading = read_coding(tmp_path / "elan.txt")
    assert choose_format(tmp_path / "elan.txt").name == "easydiag"
    rows = reading.rows[["session", "coder", "tier", "code", "onset_s", "offset_s"]]
    assert list(rows.itertuples(index=False, name=None)) == [
        ("s01", "R1", "hand", "on top", 0.01, 0.02), ("S.02", "R2", "hand", "off", 0.01, 0.025),
    ]


SESSIONS = ("s1", "S-02", "séance")
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufeff"),
                min_size=1, max_size=6).map(str.strip).filter(bool)
TIMES = st.integers(-5000, 4_000_000).map(lambda ms: ms / 1000)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spans=st.lists(st.tuples(TIMES, TIMES, NAMES, st.sampled_from(SESSIONS), st.booleans()), max_size=12),
    tier=NAMES | st.sampled_from(["", "a_", "xR1", "R2"]),
)
def test_segments_come_back_to_the_millisecond_with_r1_and_r2(tmp_path, spans, tier):
    rows = [
        row("ab"[second], min(on, off), max(on, off), tier=tier, code=code, session=session)
        for on, off, code, session, second in spans
    ]
    # Both coded every session, so that nothing is left out.
    rows += [row(coder, 1.0, 2.0, tier=tier, session=session) for coder in "ab" for session in SESSIONS]
    segments = Segments.from_rows(rows)
    write_coding(segments, tmp_path / "pair.txt", "easydiag")
    reading = read_coding(tmp_path / "pair.txt", "easydiag")
    expected = Segments(segments.table.assign(coder=segments.table.coder.map({"a": "R1", "b": "R2"})))
    assert Segments(reading.rows).table.equals(expected.table) and not len(reading.issues)


def test_no_line_of_a_damaged_table_is_lost(tmp_path, mutants, places):
    rows = [
        row("AB"[n % 2], n / 4, n / 4 + 1, code="Ipos" if n % 3 else "schläft", session=f"s{n // 6}") for n in range(18)
    ]
    write(rows, tmp_path / "five.txt")
    write([one | {"session": ""} for one in rows], tmp_path / "four.txt")
    contents = [(tmp_path / f"{name}.txt").read_bytes() for name in ("five", "four")]
    contents.append(contents[0].decode().replace("\n", "\r\n").encode("utf-16"))
    for seed, content in enumerate(contents):
        for _, mutant in mutants(content, seed, 334, "\t"):
            (tmp_path / "mutant.txt").write_bytes(mutant)
            try:
                reading = read_coding(tmp_path / "mutant.txt", "easydiag")
            except CodingFileError as error:
                assert str(error)
                continue
            text = mutant[: len(mutant) // 2 * 2].decode("utf-16", "replace") if seed == 2 else mutant.decode("latin-1")
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            counted = {f"line {number}" for number, line in enumerate(lines, start=1) if line.strip(" \t")}
            assert counted <= places(reading), (mutant, counted - places(reading))
