"""Frame labels: by the centre of the frame, without drift, and with a reason where there is no class."""

import numpy as np
import pytest

from dyadflow.annotations.labels import (
    EXCLUDED,
    NO_PHASE,
    UNCODED,
    UNSCORABLE,
    SessionLabels,
    label_frames,
    label_session,
    label_spec,
)
from dyadflow.annotations.overlaps import OverlapError
from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid

CODES = ("a", "b", "c", "d")
TARGET = {"tier": "t", "classes": list(CODES), "codes": {code: number for number, code in enumerate(CODES)}}


def coded(*rows, tier="t", coder="anna"):
    return Segments.from_rows(
        {
            "session": "s01",
            "coder": coder,
            "tier": tier,
            "code": code,
            "onset_s": onset_s,
            "offset_s": offset_s,
        }
        for code, onset_s, offset_s in rows
    )


def test_a_frame_belongs_to_the_segment_that_holds_its_centre():
    # Centres at 0.05, 0.15, 0.25 ... A border on a centre gives that frame to what begins there.
    labels = label_frames(
        coded(("a", 0.0, 0.15), ("b", 0.15, 0.26), ("c", 0.36, 0.44)), FrameGrid(10, 6), TARGET
    )
    assert labels.tolist() == [0, 1, 1, UNCODED, UNCODED, UNCODED]
    assert labels.dtype == np.int8


def test_coding_beyond_the_grid_and_other_tiers_change_nothing():
    segments = Segments.concat([coded(("a", -3.0, 99.0)), coded(("zzz", 0.0, 1.0), tier="other")])
    assert label_frames(segments, FrameGrid(25, 4), TARGET).tolist() == [0] * 4


def test_two_segments_on_one_centre_are_an_error_that_names_both():
    with pytest.raises(OverlapError, match=r"'a' \(0\.000 to 0\.160 s\) and 'b' \(0\.140 to 0\.300 s\)"):
        label_frames(coded(("a", 0.0, 0.16), ("b", 0.14, 0.3)), FrameGrid(10, 6), TARGET)
    # Overlapping by less than reaches a centre labels every frame once.
    assert label_frames(coded(("a", 0.0, 0.13), ("b", 0.12, 0.3)), FrameGrid(10, 3), TARGET).tolist() == [
        0,
        1,
        1,
    ]


def test_a_code_that_the_scheme_does_not_know_is_an_error():
    with pytest.raises(DyadflowError, match="'q' is not in tier 't'"):
        label_frames(coded(("q", 0.0, 0.16)), FrameGrid(10, 6), TARGET)


def test_labels_carry_no_drift():
    """1,000 random codings, borders on whole milliseconds, 25 frames a second.

    Each border moves by at most half a frame (20 ms), so coded time per code by at most 20 ms a border. Its
    direction is even but for borders exactly on a centre, which always move back: 0.5 ms a border on average,
    which an onset and the offset of the same segment take back from each other. What is left is chance: a
    uniform error of +-20 ms has a deviation of 11.5 ms, so the mean signed error of n borders stays within
    4 * 11.5 / sqrt(n) ms.
    """
    rng = np.random.default_rng(20240)
    grid = FrameGrid(25, 9000)
    errors_s, borders = [], []
    for _ in range(1000):
        edges_ms = np.sort(rng.choice(np.arange(1, 360_000), size=86, replace=False))
        # No neighbours of one code, so that all borders count; every fifth stretch is not coded.
        codes = (np.cumsum(rng.integers(1, 4, size=85)) % 4).tolist()
        rows = [
            (CODES[code], first / 1000, last / 1000)
            for n, (code, first, last) in enumerate(zip(codes, edges_ms[:-1], edges_ms[1:], strict=True))
            if n % 5
        ]
        labels = label_frames(coded(*rows), grid, TARGET)
        for number, code in enumerate(CODES):
            mine = [row for row in rows if row[0] == code]
            errors_s.append((labels == number).sum() / 25 - sum(last - first for _, first, last in mine))
            borders.append(2 * len(mine))
    errors_s, borders = np.array(errors_s), np.array(borders)
    assert (np.abs(errors_s) <= borders * 0.020 + 1e-9).all()
    assert abs(errors_s.sum() / borders.sum()) < 4 * 0.0115 / np.sqrt(borders.sum())
    assert 0.4 < (errors_s > 0).sum() / (errors_s != 0).sum() < 0.6
    # Nor does it grow with the recording: over a whole session it stays within a few frames.
    assert np.abs(errors_s).max() < 0.5


def test_every_reason_for_no_class_is_its_own_value(icep_r):
    rows = [("Ipos", 0.0, 1.0), ("Islp", 1.0, 2.0), ("Iusc", 2.0, 3.0), ("Iwit", 4.0, 10.0)]
    phases = [("play", 0.0, 5.0), ("turn-away", 5.0, 6.0), ("still-face", 6.0, 7.0), ("reunion", 8.0, 9.0)]
    labels = label_session(
        {"anna": coded(*rows, tier="infant")}, FrameGrid(1, 10), label_spec(icep_r), phases
    )
    assert labels.codes["infant"]["anna"].tolist() == [
        3,
        EXCLUDED,
        UNSCORABLE,
        UNCODED,
        0,
        EXCLUDED,
        0,
        EXCLUDED,
        0,
        EXCLUDED,
    ]
    assert labels.phases == ("play", "turn-away", "still-face", "reunion")
    assert labels.phase.tolist() == [0, 0, 0, 0, 0, 1, 2, NO_PHASE, 3, NO_PHASE]
    assert labels.codes["caregiver"]["anna"].tolist() == [UNCODED] * 5 + [
        EXCLUDED,
        UNCODED,
        EXCLUDED,
        UNCODED,
        EXCLUDED,
    ]
    assert labels.classes["infant"] == ("Ineg", "Inon", "Ineu", "Ipos")


def test_phases_come_from_the_first_coder_who_coded_them_and_hold_for_all(icep_r):
    anna = coded(("Ipos", 0.0, 4.0), tier="infant")
    ben = Segments.concat(
        [
            coded(("Ineu", 0.0, 4.0), tier="infant", coder="ben"),
            coded(("play", 0.0, 2.0), tier="phase", coder="ben"),
        ]
    )
    cleo = coded(("reunion", 0.0, 4.0), tier="phase", coder="cleo")
    labels = label_session({"anna": anna, "ben": ben, "cleo": cleo}, FrameGrid(1, 4), label_spec(icep_r))
    assert labels.phase.tolist() == [0, 0, NO_PHASE, NO_PHASE]
    assert labels.codes["infant"]["anna"].tolist() == [3, 3, EXCLUDED, EXCLUDED]
    assert labels.codes["infant"]["ben"].tolist() == [2, 2, EXCLUDED, EXCLUDED]


def test_a_session_without_phases_is_excluded_whole_only_if_the_scheme_has_them(icep_r):
    spec = label_spec(icep_r)
    infant = {"anna": coded(("Ipos", 0.0, 2.0), tier="infant")}
    assert label_session(infant, FrameGrid(1, 2), spec).codes["infant"]["anna"].tolist() == [EXCLUDED] * 2
    without = label_session(infant, FrameGrid(1, 2), spec | {"phases": None})
    assert without.codes["infant"]["anna"].tolist() == [3, 3] and without.phases == ()


def test_phases_that_overlap_or_are_unknown_are_errors(icep_r):
    spec = label_spec(icep_r)
    with pytest.raises(OverlapError, match=r"'play'.*'reunion'"):
        label_session({}, FrameGrid(1, 4), spec, [("play", 0, 3), ("reunion", 1, 4)])
    with pytest.raises(DyadflowError, match="phase 'plya' is not in the scheme"):
        label_session({}, FrameGrid(1, 4), spec, [("plya", 0, 3)])


def test_labels_read_back_as_written_and_are_the_same_bytes_each_time(tmp_path, icep_r):
    segments = {name: coded(("Ipos", 0.0, 2.0), tier="infant", coder=name) for name in ("anna/home", "Björn")}
    for by_coder in (segments, {}):
        labels = label_session(by_coder, FrameGrid(29.97, 90), label_spec(icep_r), [("play", 0, 3)])
        labels.write(tmp_path / "a.h5")
        labels.write(tmp_path / "b.h5")
        assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
        found = SessionLabels.read(tmp_path / "a.h5")
        assert found.grid == labels.grid and found.phases == labels.phases and found.classes == labels.classes
        assert found.phase.tolist() == labels.phase.tolist()
        assert {
            target: {coder: list(values) for coder, values in coders.items()}
            for target, coders in found.codes.items()
        } == {
            target: {coder: list(values) for coder, values in coders.items()}
            for target, coders in labels.codes.items()
        }


def presence(coder, *rows):
    return Segments.from_rows(
        {"session": "s01", "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
        for tier, code, onset_s, offset_s in rows
    )


def test_each_coders_own_tasks_bound_their_labels_and_what_they_share_is_the_phase(guided_play):
    coded_by = {
        "A": presence("A", ("phase", "dolls", 1, 5), ("phase", "shaker", 6, 9), ("task_engagement", "yes", 2, 4)),
        "B": presence("B", ("phase", "dolls", 2, 6), ("phase", "shaker", 7, 8), ("task_engagement", "yes", 0, 10)),
        "C": presence("C", ("phase", "shaker", 6, 10)),
    }
    labels = label_session(coded_by, FrameGrid(1, 10), label_spec(guided_play))
    x = EXCLUDED
    assert labels.codes["dolls-task_engagement"]["A"].tolist() == [x, 0, 1, 1, 0, x, x, x, x, x]
    assert labels.codes["dolls-task_engagement"]["B"].tolist() == [x, x, 1, 1, 1, 1, x, x, x, x]
    assert labels.codes["shaker-task_engagement"]["B"].tolist() == [x] * 7 + [1, x, x]
    # Who did not mark the dolls says nothing of them, not `no`; who marked the shaker and nothing in it says `no`.
    assert labels.codes["dolls-task_engagement"]["C"].tolist() == [x] * 10
    assert labels.codes["shaker-task_engagement"]["C"].tolist() == [x] * 6 + [0] * 4
    assert {*np.concatenate(list(labels.codes["drum-task_engagement"].values()))} == {x}
    # Dolls: A and B share 2 to 5. Shaker: all three share 7 to 8.
    n = NO_PHASE
    assert labels.phase.tolist() == [n, n, 0, 0, 0, n, n, 1, n, n]


def test_coders_who_take_one_moment_for_different_tasks_leave_it_in_none(guided_play):
    coded_by = {
        "A": presence("A", ("phase", "dolls", 0, 6)),
        "B": presence("B", ("phase", "shaker", 4, 8)),
    }
    labels = label_session(coded_by, FrameGrid(1, 8), label_spec(guided_play))
    assert labels.phase.tolist() == [0, 0, 0, 0, NO_PHASE, NO_PHASE, 1, 1]
    assert labels.codes["dolls-task_engagement"]["A"].tolist() == [0] * 6 + [EXCLUDED] * 2
    assert labels.codes["shaker-task_engagement"]["B"].tolist() == [EXCLUDED] * 4 + [0] * 4


def test_one_coders_own_tasks_may_not_overlap(guided_play):
    coded_by = {"A": presence("A", ("phase", "dolls", 0, 6), ("phase", "shaker", 4, 8))}
    with pytest.raises(OverlapError, match=r"coder A.*'dolls'.*'shaker'"):
        label_session(coded_by, FrameGrid(1, 8), label_spec(guided_play))


def test_phases_of_the_sheet_override_each_coders_own(guided_play):
    coded_by = {
        "A": presence("A", ("phase", "dolls", 0, 6), ("task_engagement", "yes", 2, 3)),
        "B": presence("B", ("task_engagement", "yes", 4, 5)),
        "C": presence("C"),
    }
    labels = label_session(coded_by, FrameGrid(1, 6), label_spec(guided_play), [("dolls", 1.0, 4.0)])
    x = EXCLUDED
    assert labels.phase.tolist() == [NO_PHASE, 0, 0, 0, NO_PHASE, NO_PHASE]
    assert labels.codes["dolls-task_engagement"]["A"].tolist() == [x, 0, 1, 0, x, x]
    assert labels.codes["dolls-task_engagement"]["B"].tolist() == [x, 0, 0, 0, x, x]
    # Not one segment: nothing was coded, whatever the sheet says.
    assert labels.codes["dolls-task_engagement"]["C"].tolist() == [x, UNCODED, UNCODED, UNCODED, x, x]


def test_shared_phases_know_presence_and_targets_of_some_phases_too(guided_play):
    data = guided_play.model_dump()
    data["phases"]["spans"] = "shared"
    coded_by = {
        "A": presence("A", ("phase", "dolls", 0, 2), ("phase", "drum", 3, 5)),
        "B": presence("B", ("phase", "dolls", 1, 5), ("task_engagement", "yes", 1, 4)),
    }
    labels = label_session(coded_by, FrameGrid(1, 5), label_spec(read_scheme(data)))
    x = EXCLUDED
    assert labels.phase.tolist() == [0, 0, NO_PHASE, 2, 2]
    assert labels.codes["dolls-task_engagement"]["B"].tolist() == [0, 1, x, x, x]
    assert labels.codes["drum-task_engagement"]["B"].tolist() == [x, x, x, 1, 0]


def test_labels_of_tasks_read_back_as_written(tmp_path, guided_play):
    coded_by = {"A": presence("A", ("phase", "drum", 0, 2), ("task_engagement", "yes", 1, 2)), "B": presence("B")}
    labels = label_session(coded_by, FrameGrid(3.125, 10), label_spec(guided_play))
    labels.write(tmp_path / "labels.h5")
    found = SessionLabels.read(tmp_path / "labels.h5")
    assert found.phase.tolist() == labels.phase.tolist() and found.classes == labels.classes
    for target, by_coder in labels.codes.items():
        assert {name: list(values) for name, values in found.codes[target].items()} == {
            name: list(values) for name, values in by_coder.items()}
