"""What kind of file this is: told by its first bytes, not by its name, and who can look into it.

The module of this folder that a kind is called after has ``look(data, file)``; those of files that may be larger than
memory have ``look_open(file)`` as well.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HDF5 = b"\x89HDF\r\n\x1a\n"

_PICTURES = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\x01\0", b"\0\0\0\x0cJXL ",
    b"\0\0\0\x0cjP  ",
)
_SOUND = (b"OggS", b"fLaC", b"ID3", b"#!AMR", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9", b".snd")
_VIDEO = (b"\x1aE\xdf\xa3", b"FLV", b"\0\0\x01\xba", b"\0\0\x01\xb3", b"0&\xb2u")
_BRANDS_OF_PICTURES = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")


@dataclass(frozen=True)
class Text:
    """A text in a file, and where it stands."""

    text: str
    where: str = ""


@dataclass(frozen=True)
class Shown:
    """A picture, a film or sound in a file: `kind` is ``picture`` or ``sound``."""

    kind: str
    what: str
    where: str = ""


class Unreadable(Exception):
    """A file that nobody can look into, and why."""


def medium(data: bytes) -> Shown | None:
    """What picture, film or sound these bytes are; None if they are something else."""
    if data[:4] == b"RIFF":
        return {b"WAVE": Shown("sound", "sound (WAVE)"), b"WEBP": Shown("picture", "a picture (WebP)")}.get(
            data[8:12], Shown("picture", "a film (RIFF)"))
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return Shown("sound", "sound (AIFF)")
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free") and len(data) > 12:
        return Shown("picture", "a picture (HEIF)" if data[8:12] in _BRANDS_OF_PICTURES else "a film or sound (MP4)")
    for beginnings, found in (
        (_PICTURES, Shown("picture", "a picture")), (_VIDEO, Shown("picture", "a film")),
        (_SOUND, Shown("sound", "sound")),
    ):
        # Two letters could begin a text as well ("BM").
        if data.startswith(beginnings) and not (data[:2] == b"BM" and b"\0" not in data[:64]):
            return found
    return None


def kind_of(data: bytes, file: str) -> str:
    """The module that can look into a file.

    Raises
    ------
    Unreadable
        If there is none.
    """
    if data[:5] == b"%PDF-":
        return "pdf"
    if data[:8] == HDF5:
        return "hdf5"
    if data[8:9] == b"{" and PurePosixPath(file).suffix == ".safetensors":
        return "tensors"
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "archive"
    if data[:2] == b"\x1f\x8b":
        return "gzipped"
    if data[:6] == b"\x93NUMPY":
        return "array"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("this kind of file cannot be looked into") from None
    if "\0" in text:
        raise Unreadable("this kind of file cannot be looked into")
    return "text"


def look_at(path: Path) -> Iterator[Text | Shown]:
    """As `look_into`, of a file on disk.

    Raises
    ------
    Unreadable
        If its kind is not known, or it is damaged.
    """
    with open(path, "rb") as file:
        beginning = file.read(64)
        shown = medium(beginning)
        if shown is not None:
            yield shown
            return
        if beginning[:8] == HDF5 or (beginning[8:9] == b"{" and path.suffix == ".safetensors"):
            file.seek(0)
            yield from importlib.import_module(f"{__package__}.{kind_of(beginning, path.name)}").look_open(file)
            return
        data = beginning + file.read()
    yield from look_into(data, path.name)


def look_into(data: bytes, file: str) -> Iterator[Text | Shown]:
    """Everything in a file that a person could read, see or hear.

    Raises
    ------
    Unreadable
        If its kind is not known, or it is damaged.
    """
    shown = medium(data)
    if shown is not None:
        yield shown
        return
    kind = kind_of(data, file)
    yield from importlib.import_module(f"{__package__}.{kind}").look(data, file)
