"""The shipped schemes, and the sample files that stand beside the project where there are any."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.vocabulary import Vocabulary

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def icep_r():
    return read_scheme(ROOT / "config" / "schemes" / "icep-r.yaml")


@pytest.fixture(scope="session")
def vocabulary(icep_r):
    return Vocabulary.of(icep_r)


@pytest.fixture(scope="session")
def guided_play():
    return read_scheme(ROOT / "config" / "schemes" / "guided-play.yaml")


@pytest.fixture(scope="session")
def eaf_samples():
    folder = ROOT.parent / "shared" / "data" / "eaf"
    if not folder.is_dir():
        pytest.skip("the public ELAN samples are not beside the project (../shared/data/eaf)")
    return folder


@pytest.fixture(scope="session")
def mutants():
    """What accidents make of a coding file.

    ``mutants(content, seed, count, columns=None)`` yields `count` pairs (kind, bytes), the same for the same
    arguments. Kinds take turns:

    - ``bytes``: one to three bytes replaced by other ones, anywhere.
    - ``lines``: one to three lines left out, the header among those that can go.
    - ``columns`` (only if the delimiter is given): two cells exchanged, in every line, in one, or from one on
      to the end. Lines are cut at every delimiter, quoted or not; lines without both cells stay.
    - ``truncated``: cut off at any byte.

    For lines and columns UTF-16 (known by its byte order mark) is taken apart into characters, all else into
    bytes; the mark itself stays.
    """

    def mutate(kind: str, content: bytes, rng: np.random.Generator, columns: str | None) -> bytes:
        if kind == "truncated":
            return content[: rng.integers(len(content))]
        if kind == "bytes":
            changed = bytearray(content)
            for place in rng.integers(len(content), size=rng.integers(1, 4)):
                changed[place] = (changed[place] + rng.integers(1, 256)) % 256
            return bytes(changed)
        mark = next((mark for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff") if content.startswith(mark)), b"")
        encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(mark, "latin-1")
        lines = re.findall(r"[^\n]*\n|[^\n]+", content[len(mark):].decode(encoding))
        if kind == "lines":
            gone = set(rng.integers(len(lines), size=rng.integers(1, 4)).tolist())
            lines = [line for number, line in enumerate(lines) if number not in gone]
        else:
            first = (0, rng.integers(len(lines)), rng.integers(len(lines)))[scope := rng.integers(3)]
            width = lines[first].count(columns) + 1
            a, b = rng.choice(width, 2, replace=False) if width > 1 else (0, 0)
            for number in range(first, first + 1 if scope == 1 else len(lines)):
                body = lines[number].rstrip("\r\n")
                cells, end = body.split(columns), lines[number][len(body):]
                if max(a, b) < len(cells):
                    cells[a], cells[b] = cells[b], cells[a]
                    lines[number] = columns.join(cells) + end
        return mark + "".join(lines).encode(encoding)

    def make(content: bytes, seed: int, count: int, columns: str | None = None) -> Iterator[tuple[str, bytes]]:
        rng = np.random.default_rng(seed)
        kinds = ["bytes", "lines", *(["columns"] if columns else []), "truncated"]
        for number in range(count):
            kind = kinds[number % len(kinds)]
            yield kind, mutate(kind, content, rng, columns)

    return make


@pytest.fixture(scope="session")
def places():
    """``places(reading)``: every place that a row or an issue of a reading names.

    Each ``where`` as it stands, and taken apart where it names several: ``lines 3 to 5`` is also ``line 3``,
    ``line 4`` and ``line 5``; ``sheet 'x', rows 2 and 7`` also ``sheet 'x', row 2`` and ``sheet 'x', row 7``;
    ``annotations a1, a2 and a9`` also ``annotation a1`` and so on.
    """
    several = re.compile(r"(.*\b)(line|row|event|cue|annotation|item)s (\S+(?:(?:, and |, | and | to )\S+)+)")

    def expand(where: str) -> set[str]:
        found = {where}
        match = several.fullmatch(where)
        if match:
            before, noun, those = match.groups()
            for part in re.split(r", and |, | and ", those):
                ends = part.split(" to ")
                if len(ends) == 2 and ends[0].isdecimal() and ends[1].isdecimal():
                    part_of = [str(number) for number in range(int(ends[0]), int(ends[1]) + 1)]
                else:
                    part_of = ends
                found |= {f"{before}{noun} {name}" for name in part_of}
        return found

    def name_places(reading) -> set[str]:
        wheres = dict.fromkeys([*reading.rows["where"], *(issue.where for issue in reading.issues)])
        return set().union(*map(expand, wheres))

    return name_places
