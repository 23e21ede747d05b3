"""SSI streams: an XML file ``.stream`` and, beside it, the samples in ``.stream~``; NOVA shows them as signals.

Known, from the programs' own public code (SSI: FileStreamIn, FileStreamOut, FileAscii; NOVA: SignalFile;
discover-utils, before nova-utils: file_handler): samples of `dim` values in row-major order, as text or in
little-endian bytes; one ``chunk`` element for each stretch without a gap, from when (s) and how many samples. In text
files SSI writes CHAR and UCHAR as characters, not as numbers. nova-utils calls the root ``annotation`` and spells
``from`` as ``fromm``.

Assumed: BOOL is a byte, as in NOVA and nova-utils, or four where the file says so, as in SSI; `to` is kept and not
used, since in SSI's own samples it does not always agree with the number of samples. Names of dimensions have no
place in the format: they are written into an attribute of ``meta``, which other programs pass over.
"""

import re
import xml.etree.ElementTree as etree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dyadflow.annotations.formats.nova_header import parse_figure
from dyadflow.annotations.formats.text import read_text
from dyadflow.errors import DyadflowError
from dyadflow.features.ssi_samples import TYPES, encode_samples, fit_type, read_samples

_NAMES_APART = "; "


@dataclass(frozen=True)
class SsiStream:
    """A stream, read whole.

    Parameters
    ----------
    values
        Shape (num, dim), in the numpy type of `type`.
    rate_hz
        Samples a second.
    chunks
        Stretches without a gap: from and to in seconds, as written in the file, and how many samples.
    type
        What SSI calls the type of a value: a key of `TYPES`.
    meta
        Attributes of the element ``meta``, and of ``time`` (when it was recorded) as ``time_local`` and so on.
    """

    values: NDArray[Any]
    rate_hz: float
    chunks: tuple[tuple[float, float, int], ...]
    type: str
    meta: Mapping[str, str] = field(default_factory=dict)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the dimensions, if `write_stream` was given any."""
        named = self.meta.get("dimensions", "")
        return tuple(named.split(_NAMES_APART)) if named else ()

    def times_s(self) -> NDArray[np.float64]:
        """When each sample begins, in seconds, shape (num,); a chunk that begins later leaves a gap."""
        return np.concatenate([np.zeros(0), *(
            from_s + np.arange(num) / self.rate_hz for from_s, _, num in self.chunks)])


def read_stream(path: str | Path) -> SsiStream:
    """Read a stream.

    Parameters
    ----------
    path
        The ``.stream`` file; the samples are looked for beside it.

    Raises
    ------
    DyadflowError
        If a file is missing or damaged, the type is no number, or there are more or fewer samples than the chunks
        say.
    """
    path = Path(path)
    if path.name.lower().endswith(".stream~"):
        raise DyadflowError("these are the samples of a stream, without what they are", where=path.name,
                            fix=f"give {path.name.removesuffix('~')}, which belongs beside it")
    data = path.with_name(f"{path.name}~")
    for each in (path, data):
        if not each.is_file():
            raise DyadflowError(f"there is no {each.name}", where=str(path), fix="give a stream with both its files")
    root = _parse(path)
    info = root.find("info")
    if info is None:
        raise _damaged(path, "the element info is missing")
    kind, written = info.get("type", "").strip().upper(), info.get("ftype", "").strip().upper()
    size, dim = _whole(info.get("byte")), _whole(info.get("dim"))
    rate_hz = parse_figure(info.get("sr", ""))
    layout = None if size is None else TYPES.get(kind, {}).get(size)
    if layout is None:
        raise _damaged(path, f"type {info.get('type')!r} of {info.get('byte')} bytes is no number that is known")
    if not dim or rate_hz is None or not rate_hz > 0:
        raise _damaged(path, f"{info.get('dim')!r} dimensions at {info.get('sr')!r} Hz are not a stream")
    chunks, starts = _read_chunks(root, path)
    if written not in ("ASCII", "BINARY"):
        raise _damaged(path, f"ftype is {info.get('ftype')!r}, and neither ASCII nor BINARY")
    shape, delimiter = (sum(chunk[2] for chunk in chunks), dim), info.get("delim") or " "
    values = read_samples(data, kind, np.dtype(layout), shape, None if written == "BINARY" else delimiter)
    expected = np.cumsum([0, *(chunk[2] for chunk in chunks[:-1])]) * dim * size
    if written == "BINARY" and any(
        start not in (None, place) for start, place in zip(starts, expected, strict=False)
    ):
        raise _damaged(path, "the chunks do not follow each other in the data")
    meta, time = root.find("meta"), root.find("time")
    said = {**(meta.attrib if meta is not None else {})}
    said |= {f"time_{name}": value for name, value in (time.attrib if time is not None else {}).items()}
    return SsiStream(values != 0 if kind == "BOOL" else values, rate_hz, tuple(chunks), kind, said)


def write_stream(
    values: ArrayLike,
    path: str | Path,
    *,
    rate_hz: float,
    start_s: float = 0.0,
    dtype: DTypeLike | None = None,
    dimensions: Sequence[str] | None = None,
    chunks: Sequence[tuple[float, float, int]] | None = None,
    meta: Mapping[str, str] | None = None,
    binary: bool = True,
) -> tuple[Path, Path]:
    """Write a stream.

    Parameters
    ----------
    values
        Shape (num, dim), or (num,) for one dimension.
    path
        The ``.stream`` file to write; the samples go beside it.
    rate_hz
        Samples a second.
    start_s
        When the first sample begins, if there is one chunk only.
    dtype
        Numpy type to write; that of `values` if not given.
    dimensions
        A name for each dimension.
    chunks
        Instead of `start_s`, as in `SsiStream`; a gap in time lies between two chunks.
    meta
        Attributes of the element ``meta``.
    binary
        Whether the samples are written as bytes; else as the shortest text that is the same number.

    Returns
    -------
    files
        The two files.

    Raises
    ------
    DyadflowError
        If SSI has no such type, values do not fit into it, or chunks or names do not fit the values.
    """
    path, values = Path(path), np.asarray(values)
    values = values[:, None] if values.ndim == 1 else values
    kind, kept = fit_type(values, np.dtype(dtype or values.dtype), path)
    num, dim = kept.shape
    chunks = [(start_s, start_s + num / rate_hz, num)] if chunks is None else list(chunks)
    if sum(chunk[2] for chunk in chunks) != num:
        raise DyadflowError(f"the chunks are of {sum(chunk[2] for chunk in chunks)} samples, the values of {num}",
                            where=path.name, fix="give a chunk for every sample")
    said = dict(meta or {})
    if dimensions is not None:
        said["dimensions"] = _NAMES_APART.join(dimensions)
    if dimensions is not None and (
        len(dimensions) != dim or any(_NAMES_APART in name or not name for name in dimensions)
    ):
        raise DyadflowError(f"{len(dimensions)} names for {dim} dimensions, or a name with a semicolon",
                            where=path.name, fix="give a name for each")
    for name, value in said.items():
        if not re.fullmatch(r"[A-Za-z_][\w.-]*", name) or re.search("[\x00-\x1f\ud800-\udfff\ufffe\uffff]", value):
            raise DyadflowError(f"a stream cannot hold {name!r}: {value!r}", where=path.name, fix="rename it")
    root = etree.Element("stream", {"ssi-v": "2"})
    info = {"ftype": "BINARY" if binary else "ASCII", "sr": repr(float(rate_hz)), "dim": str(dim)}
    info |= {"byte": str(kept.itemsize), "type": kind} | ({} if binary else {"delim": " "})
    etree.SubElement(root, "info", info)
    etree.SubElement(root, "meta", said)
    content, places = encode_samples(kept, kind, binary)
    first = 0
    for from_s, to_s, count in chunks:
        chunk = {"from": repr(float(from_s)), "to": repr(float(to_s)), "byte": str(places[first]), "num": str(count)}
        etree.SubElement(root, "chunk", chunk)
        first += count
    etree.indent(root, space="    ")
    data = path.with_name(f"{path.name}~")
    data.write_bytes(content)
    etree.ElementTree(root).write(path, encoding="UTF-8", xml_declaration=True)
    return path, data


def _damaged(path: Path, what: str) -> DyadflowError:
    return DyadflowError(what, where=path.name, fix="write the stream again")


def _parse(path: Path) -> etree.Element:
    try:
        root = etree.fromstring(read_text(path))
    except (etree.ParseError, ValueError, LookupError) as error:
        raise _damaged(path, f"this is not XML, or it is cut off ({error})") from None
    if root.tag not in ("stream", "annotation") or root.get("ssi-v", "").strip() != "2":
        raise _damaged(path, f"this is not a stream of version 2, but {root.tag!r} of version {root.get('ssi-v')!r}")
    return root


def _whole(written: str | None) -> int | None:
    written = (written or "").strip()
    return int(written) if re.fullmatch("[0-9]{1,9}", written) else None


def _read_chunks(root: etree.Element, path: Path) -> tuple[list[tuple[float, float, int]], list[int | None]]:
    chunks: list[tuple[float, float, int]] = []
    starts: list[int | None] = []
    for chunk in root.iter("chunk"):
        from_s = parse_figure(chunk.get("from", chunk.get("fromm", "")))
        to_s, num, start = parse_figure(chunk.get("to", "")), _whole(chunk.get("num")), chunk.get("byte")
        if from_s is None or to_s is None or num is None or (start is not None and _whole(start) is None):
            raise _damaged(path, f"chunk {len(chunks) + 1} does not say from when to when, or how many samples")
        chunks.append((from_s, to_s, num))
        starts.append(None if start is None else _whole(start))
    return chunks, starts
