"""The files of guided play: the same bytes from the same seed, and readable by what reads anybody's files."""

import re
from pathlib import Path

import pytest

from dyadflow.annotations.importing import import_coding
from dyadflow.annotations.scheme import PHASE_TIER, read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary
from dyadflow.demo.bouts import Bout, join
from dyadflow.demo.play.behaviour import VARIABLES, simulate_play
from dyadflow.demo.play.coders import code_play
from dyadflow.demo.play.handwriting import ENGAGED_WORDS, FILE_TIERS, REMARK_TIER, TASK_WORDS, TYPOS
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.play.write import (
    SESSIONS,
    coders_of,
    coding_file_name,
    make_play_coding,
    write_play_sheets,
    write_play_truth,
)
from dyadflow.errors import DyadflowError
from dyadflow.tables import read_table

SETTINGS = PlaySettings()
CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def vocabulary():
    return Vocabulary.of(read_scheme(CONFIG / "schemes" / "guided-play.yaml"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coding")
    found = {}
    for session in SESSIONS:
        for coder in coders_of(session):
            found[session, coder] = folder / coding_file_name(session, coder)
            make_play_coding(session, coder, settings=SETTINGS, path=found[session, coder])
    return found


def touching(table):
    """Rows as bouts, those of one code that touch put together."""
    joined = []
    for row in table.itertuples():
        bout = Bout(row.code, row.onset_s, row.offset_s)
        joined = [*joined[:-1], *join([joined[-1], bout])] if joined and joined[-1].offset_s == bout.onset_s else [
            *joined, bout]
    return joined


def test_a_coding_file_holds_what_the_coder_coded_to_the_millisecond(files, vocabulary):
    for (session, coder), path in files.items():
        segments, issues = import_coding(path, session=session, coder=coder, vocabulary=vocabulary)
        assert [issue.rule for issue in issues.rows] == ["ignored_tier"]
        expected = code_play(simulate_play(session, SETTINGS), coder, seed=SETTINGS.seed)
        for tier in (PHASE_TIER, *VARIABLES):
            found, wanted = (touching(one.select(tier=tier).table) for one in (segments, expected))
            assert [bout.code for bout in found] == [bout.code for bout in wanted]
            for mine, theirs in zip(found, wanted, strict=True):
                assert (mine.onset_s, mine.offset_s) == pytest.approx((theirs.onset_s, theirs.offset_s), abs=1e-9)


def test_everything_that_coders_may_write_is_in_the_scheme(vocabulary):
    for tier, file_tier in FILE_TIERS.items():
        words = TASK_WORDS.values() if tier == PHASE_TIER else ENGAGED_WORDS[tier]
        for word in words:
            for written in (word, *TYPOS.get(word, ()), f" {word.upper()} "):
                place = vocabulary.place(file_tier, written)
                assert place.tier == tier and place.code == vocabulary.place(file_tier, word).code is not None
    assert vocabulary.ignores(REMARK_TIER)


def test_the_files_hold_blanks_capitals_typing_errors_and_remarks(files):
    from pympi import Eaf

    written = []
    for (session, _), path in files.items():
        document = Eaf(str(path))
        assert set(document.get_tier_names()) == {*FILE_TIERS.values(), REMARK_TIER}
        assert document.get_linked_files()[0]["MEDIA_URL"].endswith(f"{session}.mp4")
        assert len(document.get_annotation_data_for_tier("task")) == 3
        assert 1 <= len(document.get_annotation_data_for_tier(REMARK_TIER)) <= 3
        written += [row[2] for tier in FILE_TIERS.values() for row in document.get_annotation_data_for_tier(tier)]
    known = {*TASK_WORDS.values(), *(word for words in ENGAGED_WORDS.values() for word in words)}
    assert known <= set(written)
    odd = [value for value in written if value not in known]
    assert 0.1 < len(odd) / len(written) < 0.3
    assert any(value != value.strip() for value in odd)
    assert any(value != value.lower() for value in odd)
    assert any(value.strip().lower() in {typo for typos in TYPOS.values() for typo in typos} for value in odd)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, settings in (("a", SETTINGS), ("b", PlaySettings()), ("c", PlaySettings(seed=5))):
        make_play_coding("p02", "B", settings=settings, path=tmp_path / name)
    contents = [(tmp_path / name).read_bytes() for name in "abc"]
    assert contents[0] == contents[1] != contents[2]


def test_files_are_called_after_session_coder_and_a_fixed_day():
    names = {coding_file_name(session, coder) for session in SESSIONS for coder in coders_of(session)}
    assert len(names) == 27
    assert all(re.fullmatch(r"p\d\d_[ABC]_2021(03|04|05)\d\d\.eaf", name) for name in names)
    assert coding_file_name("p01", "A") == coding_file_name("p01", "A")


def test_the_truth_holds_the_tasks_what_is_coded_and_what_shows(tmp_path):
    write_play_truth("p01", settings=SETTINGS, path=tmp_path / "p01.tsv")
    truth = Segments.read(tmp_path / "p01.tsv")
    assert set(truth.table.tier) == {PHASE_TIER, *VARIABLES, "arm", "head"}
    assert set(truth.table.coder) == {"truth"}
    spans = truth.select(tier=PHASE_TIER).table.set_index("code")

    def inside(tier, task):
        table = truth.select(tier=tier).table
        held = table[(table.onset_s >= spans.onset_s[task]) & (table.offset_s <= spans.offset_s[task])]
        return held[["onset_s", "offset_s"]].to_numpy().tolist()

    for task in ("dolls", "shaker", "drum"):
        assert inside("arm", task) == inside("task_engagement", task) != []
    assert inside("head", "dolls") == inside("social_engagement", "dolls") != []
    assert inside("head", "drum") != inside("social_engagement", "drum")


def test_a_coder_nobody_knows_is_answered_with_those_there_are(tmp_path):
    with pytest.raises(DyadflowError, match="A, B, C"):
        make_play_coding("p01", "D", settings=SETTINGS, path=tmp_path / "x")


def test_the_sheets_that_ship_with_the_study_are_those_of_its_sessions(tmp_path):
    write_play_sheets(tmp_path)
    for name in ("sessions.tsv", "coding.tsv"):
        assert (CONFIG / "studies" / "demo-play" / name).read_bytes() == (tmp_path / name).read_bytes()
    sessions = read_table(tmp_path / "sessions.tsv", ["session", "dyad", "media", "experimenter", "block"])
    assert len(sessions) == 12 and sessions.dyad.is_unique
    coding = read_table(tmp_path / "coding.tsv", ["session", "coder", "kind", "format", "path"])
    assert len(coding) == 27 and coding.path.is_unique
