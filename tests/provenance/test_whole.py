"""Guards architecture rule 5: a file is whole or absent, whoever else writes it, and a full disk is one sentence."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dyadflow.provenance.fingerprint import PIECE_BYTES, WHOLE_BYTES, Fingerprints, fingerprint
from dyadflow.provenance.whole import UNFINISHED, as_mistake, clear, put, unfinished, whole


def test_a_file_appears_when_the_block_ends_well_and_a_failure_leaves_what_was_there(tmp_path):
    place = tmp_path / "folder" / "s01.h5"
    with whole(place) as beside:
        beside.write_text("one")
        assert not place.exists() and beside.suffix == ".h5"
    with pytest.raises(ValueError, match="half"), whole(place) as beside:
        beside.write_text("tw")
        raise ValueError("half")
    assert place.read_text() == "one" and [path.name for path in place.parent.iterdir()] == ["s01.h5"]


def test_what_a_killed_process_has_left_is_cleared_and_only_that(tmp_path):
    left = tmp_path / f"{UNFINISHED}0a1b2c3d-s01.h5"
    left.write_text("half")
    names = (f"{UNFINISHED}0a1b2c3d-s02.h5", "s01.h5", f"{UNFINISHED}0a1b2c3d-xs01.h5")
    others = [tmp_path / name for name in names]
    for other in others:
        other.write_text("x")
    folder = tmp_path / f"{UNFINISHED}ffffffff-s01.h5"
    folder.mkdir()
    clear(tmp_path / "s01.h5")
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_a_folder_takes_the_place_of_an_older_one_as_a_whole(tmp_path):
    place = tmp_path / "folds"
    place.mkdir()
    (place / "old").write_text("x")
    unfinished(place).mkdir()
    (unfinished(place) / "new").write_text("y")
    put(place)
    assert [path.name for path in place.iterdir()] == ["new"]


def test_a_disk_that_says_only_when_asked_that_it_is_full_gets_no_file_into_place(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="quota"), whole(tmp_path / "s01.h5") as beside:
        beside.write_text("all")
    assert list(tmp_path.iterdir()) == []
    with whole(tmp_path / "key.fit", checked=True) as beside:
        beside.write_text("all")
    assert (tmp_path / "key.fit").read_text() == "all"


def test_a_file_that_jobs_write_at_the_same_time_is_there_for_each_of_them_and_never_gone(tmp_path):
    place = tmp_path / "code" / "0123.tsv"

    def one_of_many():
        program = (
            "import sys; from pathlib import Path; from dyadflow.provenance.whole import whole\n"
            "place = Path(sys.argv[1])\n"
            "for _ in range(300):\n"
            "    with whole(place, shared=True) as beside: beside.write_text('the same')\n"
            "    assert place.read_text() == 'the same'\n")
        return subprocess.Popen([sys.executable, "-c", program, str(place)], stderr=subprocess.PIPE, text=True)

    jobs = [one_of_many() for _ in range(4)]
    assert [job.communicate()[1] for job in jobs] == [""] * 4
    assert [path.name for path in place.parent.iterdir()] == [place.name]


@pytest.mark.parametrize(("error", "sentence"), [
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "results/s/x.tsv"),
     "results/s/x.tsv: the disk is full. Make room, then run the same command again; what is finished stays."),
    # As HDF5 words it.
    (OSError("Can't synchronously write data (file write failed: error message = 'No space left on device')"),
     "the disk is full. Make room, then run the same command again; what is finished stays."),
    (OSError(errno.EROFS, os.strerror(errno.EROFS), "results"),
     "results: this folder can only be read. Make it writable, or work in a copy of the project."),
    (RuntimeError("can't start new thread"),
     "there is not enough memory for this job. Run fewer jobs at once (--cores, --resources mem_mb), or give this rule "
     "more (--set-resources)."),
    (MemoryError("Unable to allocate 3.4 GiB"),
     "there is not enough memory for this job. Run fewer jobs at once (--cores, --resources mem_mb), or give this rule "
     "more (--set-resources)."),
])
def test_what_the_machine_lacks_is_one_sentence(error, sentence):
    assert str(as_mistake(error)) == sentence


def test_any_other_error_is_no_mistake_of_the_user():
    assert as_mistake(OSError(errno.ENOENT, "No such file", "x")) is None and as_mistake(ValueError("x")) is None


def test_a_fingerprint_of_a_large_file_sees_other_content_at_either_end_and_between(tmp_path):
    path = tmp_path / "long.mp4"
    with open(path, "wb") as file:
        file.truncate(WHOLE_BYTES + 1000)
    seen = {fingerprint(path)}
    for place in (0, WHOLE_BYTES // 2, WHOLE_BYTES + 999):
        with open(path, "r+b") as file:
            # A scene that is another one is longer than the distance of two pieces.
            file.seek(max(0, place - 2 * 2**20))
            file.write(b"x" * 4 * 2**20)
            file.truncate(WHOLE_BYTES + 1000)
        seen.add(fingerprint(path))
    assert len(seen) == 4 and PIECE_BYTES * 32 <= 8 * 2**20


def test_fingerprints_are_kept_by_size_and_time_and_a_spoilt_line_is_read_again(tmp_path, monkeypatch):
    recording, kept = tmp_path / "a.mp4", tmp_path / "private" / "fingerprints.tsv"
    recording.write_bytes(b"one")
    first = Fingerprints(kept).of(recording)
    read = []
    monkeypatch.setattr("dyadflow.provenance.fingerprint.fingerprint", lambda path: read.append(path) or "new")
    assert Fingerprints(kept).of(recording) == first and read == []
    os.utime(recording, (1, 1))
    assert Fingerprints(kept).of(recording) == "new" and read == [recording]
    kept.write_text(kept.read_text()[:-9])
    with open(kept, "a") as file:
        file.write("\ngarbage\t\n")
    assert Fingerprints(kept).of(recording) == "new"


def test_a_folder_of_weights_has_another_fingerprint_when_a_file_in_it_is_another(tmp_path):
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "config.json").write_text("{}")
    before = Fingerprints(tmp_path / "kept.tsv").of(weights)
    os.utime(weights / "config.json", (1, 1))
    assert Fingerprints(tmp_path / "kept.tsv").of(weights) == before
    (weights / "config.json").write_text("{ }")
    assert Fingerprints(tmp_path / "kept.tsv").of(weights) != before


def test_where_nothing_can_be_written_fingerprints_are_given_all_the_same(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert Fingerprints(Path("/proc/none/fingerprints.tsv")).of(tmp_path / "a.mp4")
