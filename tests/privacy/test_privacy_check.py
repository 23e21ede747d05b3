"""Guards that whatever must not leave the lab is found, wherever it hides, and that our own figures may go."""

import base64
import gzip
import io
import json
import re
import time
import zipfile
import zlib

import h5py
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.numpy import save_file

from dyadflow.privacy.check import check_folder
from dyadflow.privacy.names import Name, Names
from dyadflow.provenance.absolute import find_paths, shorten_paths
from dyadflow.provenance.fingerprint import fingerprint

NAMES = Names([
    Name("Anna_Müller_2019.mp4", "the name of a recording", "d01.mp4"),
    Name("Anna_Müller_2019", "the name of a recording", "d01"), Name("Seeburg", "a word that the study keeps private"),
])
HOME = "/home/anna/study/d01.h5"


def png(**texts):
    written, info = io.BytesIO(), PngInfo()
    for key, value in texts.items():
        info.add_text(key, value)
    Image.new("RGB", (8, 8)).save(written, "PNG", pnginfo=info)
    return written.getvalue()


def jpeg():
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, "JPEG")
    return written.getvalue()


def pdf(content=b"", header=b"", info=b""):
    packed = zlib.compress(content)
    return (b"%PDF-1.4\n1 0 obj\n<< /Filter /FlateDecode " + header + b" >>\nstream\n" + packed + b"\nendstream\n"
            b"endobj\n2 0 obj\n<< " + info + b" >>\nendobj\n")


def zipped(name, content):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return written.getvalue()


def found_in(folder, name, content):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(finding.kind, finding.where) for finding in check_folder(folder, NAMES)]


PICTURE = base64.b64encode(jpeg()).decode()


def by_name(value):
    """What a case is called: never by bytes, in which a time may stand."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w/.]+", value) else type(value).__name__


@pytest.mark.parametrize(("name", "content", "expected"), [
    ("report/index.html", f'<html>\n<img src="data:image/jpeg;base64,{PICTURE}">', ("picture", "line 2")),
    ("report/index.html", f'<html><img src="data:text/plain;base64,{PICTURE}">', ("picture", "line 1")),
    ("figures/x.svg", f'<svg>\n\n<image xlink:href="data:image/png;base64,{base64.b64encode(png()).decode()}"/></svg>',
     ("picture", "line 3")),
    ("figures/x.svg", '<svg><image href="../private/t1.png"/></svg>', ("picture", "line 1")),
    ("report/index.html", "<html><video src='a.webm'></video>", ("picture", "line 1")),
    ("tables/x.tsv", jpeg(), ("picture", "")),
    ("figures/copied.png", png(), ("picture", "")),
    ("figures/x.pdf", pdf(b"\0" * 64, b"/Type /XObject /Subtype /Image"), ("picture", "stream 1")),
    ("features/sound.dat", b"RIFF\0\0\0\0WAVEfmt ", ("sound", "")),
    ("features/sound.dat", b"OggS\0", ("sound", "")),
    ("media/film", b"\0\0\0\x20ftypisom\0\0\x02\0", ("picture", "")),
    ("evaluation/x.zip", zipped("inner.txt", jpeg()), ("picture", "inner.txt")),
    ("evaluation/x.bin", bytes(range(128, 256)), ("unknown", "")),
    ("evaluation/x.pdf", b"%PDF-1.4 /Encrypt 3 0 R", ("unknown", "")),
    ("evaluation/x.pdf", pdf(info=b"/Title (" + HOME.encode() + b")"), ("path", "its description")),
    ("evaluation/x.pdf", pdf(info=b"/Title <" + ("\ufeff" + HOME).encode("utf-16-be").hex().encode() + b">"),
     ("path", "its description")),
    ("evaluation/x.pdf", pdf(b"BT [(Anna_M) 12 (\\374ller_) -3.5 (2019)] TJ ET"), ("name", "stream 1")),
    ("evaluation/x.tsv", f"file\n{HOME}\n", ("path", "line 2")),
    ("evaluation/x.tsv.gz", gzip.compress(f"file\n{HOME}\n".encode()), ("path", "line 2")),
    ("prediction/x.eaf", '<?xml version="1.0"?>\n<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/Users/anna/d01.mp4"/>',
     ("path", "line 2")),
    ("prediction/x.eaf", '<?xml version="1.0"?>\n<M RELATIVE_MEDIA_URL="../Anna_M%C3%BCller_2019.mp4"/>',
     ("name", "line 2")),
    ("provenance/x.json", json.dumps({"file": "Anna_Müller_2019.mp4"}), ("name", "line 1")),
    ("provenance/x.json", json.dumps({"file": r"C:\Users\anna\d01.mp4"}), ("path", "line 1")),
    ("annotations/issues.tsv", "file\tline\nANNA_MÜLLER_2019.mp4\t3\n", ("name", "line 2")),
    ("annotations/issues.tsv", "file\tline\nAnna_Mu\u0308ller_2019.mp4\t3\n", ("name", "line 2")),
    ("report/index.html", "<html>\n<p>seen at Seeburg</p>", ("name", "line 2")),
    ("media/Anna_Müller_2019.json", "{}", ("name", "")),
], ids=by_name)
def test_what_must_not_be_shared_is_found_where_it_stands(tmp_path, name, content, expected):
    assert expected in found_in(tmp_path, name, content)


def test_brackets_that_never_close_hide_nothing_and_hold_nobody_up(tmp_path):
    (tmp_path / "x.pdf").write_bytes(pdf(b"(" * 20_000 + b"(see " + HOME.encode() + b" and more"))
    (tmp_path / "x.txt").write_text("C:/" + "a" * 20_000 + " " + HOME)
    began = time.process_time()
    assert [finding.file for finding in check_folder(tmp_path)] == ["x.pdf", "x.txt"]
    assert time.process_time() - began < 5


def test_hdf5_is_looked_through_for_frames_sound_paths_and_names(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["clips"] = np.zeros((4, 3, 64, 64), np.uint8)
        file["deep/grey"] = np.zeros((4, 48, 48), np.uint8)
        file["wave"] = np.zeros(200_000, np.float32)
        file["tokens"] = np.zeros((4, 16, 16), np.float16)
        file["labels"] = np.array([b"Anna_M\xc3\xbcller_2019"])
        file["deep"].attrs["weights"] = HOME
    assert {(finding.kind, finding.where) for finding in check_folder(tmp_path, NAMES)} == {
        ("picture", "dataset clips"), ("picture", "dataset deep/grey"), ("sound", "dataset wave"),
        ("name", "dataset labels"), ("path", "deep's attribute weights")}


def test_of_a_model_its_description_is_read(tmp_path):
    save_file({"w": np.zeros(2, np.float32)}, tmp_path / "fold0.safetensors", metadata={"start": HOME})
    assert [finding.kind for finding in check_folder(tmp_path)] == ["path"]


def test_numpy_files_are_looked_through(tmp_path):
    np.savez(tmp_path / "x.npz", frames=np.zeros((2, 40, 40, 3), np.uint8), level=np.zeros(9))
    assert [(finding.kind, finding.where) for finding in check_folder(tmp_path)] == [
        ("picture", "frames.npy, the array")]


def test_a_png_may_go_only_if_a_drawing_rule_made_just_that_one(tmp_path):
    (tmp_path / "figures").mkdir()
    picture = tmp_path / "figures" / "folds.png"
    picture.write_bytes(png())
    manifest = tmp_path / "provenance" / "figures" / "folds.png.json"
    manifest.parent.mkdir(parents=True)

    def kinds(rule):
        manifest.write_text(json.dumps({"rule": rule, "content": made}))
        return [finding.kind for finding in check_folder(tmp_path)]

    made = fingerprint(picture)
    assert kinds("draw_results") == []
    assert kinds("colour_frames") == ["picture"]
    picture.write_bytes(png(Comment="another"))
    assert kinds("draw_results") == ["picture"]
    picture.write_bytes(png(Source=HOME))
    made = fingerprint(picture)
    assert kinds("draw_results") == ["path"]


def test_what_is_kept_in_is_not_looked_into_unless_it_lies_in_a_copy(tmp_path):
    assert found_in(tmp_path, "private/media/d01/infant.mp4", b"\0\0\0\x20ftypisom\0\0\x02\0") == []
    assert [finding.file for finding in check_folder(tmp_path, kept_in=())] == ["private/media/d01/infant.mp4"]


@pytest.mark.parametrize("text", [
    HOME, "see /Users/anna/x", "'/mnt/lab/share'", "~/data/x.mp4", "~anna/x", r"C:\Users\anna\x.mp4",
    "D:/lab/data/x.mp4",
    r"\\server\share\x", "file:///home/anna/x", "path=/data/anna/x", '"/ifs/anna.m/x"', "(/scratch/a/b)",
])
def test_paths_of_one_machine_are_told(text):
    assert find_paths(text), text


@pytest.mark.parametrize("text", [
    "https://example.org/a/b/c?x=/d", "</div></span>", "<br/>", "text/html", "and/or/but", "per /min", "1/2/3",
    "#/definitions/View/x", "results/demo/private/x", "../../data/x.mp4", "-//W3C//DTD SVG 1.1//EN", "a / b / c",
    "y ~ a/b", "re:/x", "M0/1", "d.h5:/values", "12:30:05", "* /x/ *", "$schema=../study.schema.json", r"\d+\s",
])
def test_what_only_looks_like_a_path_is_none(text):
    assert find_paths(text) == {}


def test_of_a_path_its_last_name_stays():
    assert shorten_paths(f"from {HOME}, and C:\\lab\\x.mp4") == "from .../d01.h5, and .../x.mp4"


def test_names_are_whole_words_and_codes_that_equal_them_are_none():
    names = Names([Name("Anna", "a name", "A1"), Name("d01.mp4", "a recording", "d01.mp4")])
    assert [name.word for name in names.find("Annabel, d01.mp4, x_anna_y")] == ["Anna"]
    assert names.replace("Annabel, d01.mp4, x_anna_y.Anna") == "Annabel, d01.mp4, x_A1_y.A1"
