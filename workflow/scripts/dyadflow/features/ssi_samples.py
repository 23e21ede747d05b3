"""Samples of an SSI stream: types, and how values stand in the data file, as bytes or as text."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.formats.text import read_text
from dyadflow.errors import DyadflowError

#: For each type its layouts by the number of bytes of a value. STRUCT and IMAGE hold no numbers.
TYPES: dict[str, dict[int, str]] = {
    "CHAR": {1: "i1"},
    "UCHAR": {1: "u1"},
    "SHORT": {2: "<i2"},
    "USHORT": {2: "<u2"},
    "INT": {4: "<i4"},
    "UINT": {4: "<u4"},
    "LONG": {8: "<i8", 4: "<i4"},
    "ULONG": {8: "<u8", 4: "<u4"},
    "FLOAT": {4: "<f4"},
    "DOUBLE": {8: "<f8"},
    "LDOUBLE": {8: "<f8"},
    "BOOL": {1: "u1", 4: "<i4"},
}
#: What SSI writes as characters where it writes text.
_CHARACTERS = ("CHAR", "UCHAR")


def fit_type(values: NDArray[Any], wanted: np.dtype, path: Path) -> tuple[str, NDArray[Any]]:
    """The type in which values are written.

    Parameters
    ----------
    values
        Shape (num, dim).
    wanted
        Numpy type to write.
    path
        For the error sentence.

    Returns
    -------
    type, values
        A key of `TYPES`, and the values in its first layout.

    Raises
    ------
    DyadflowError
        If SSI has no such type, or the values do not fit into it.
    """
    layouts = {kind: np.dtype(next(iter(sizes.values()))) for kind, sizes in TYPES.items()}
    if np.issubdtype(wanted, np.bool_):
        kind = "BOOL"
    else:
        # LDOUBLE and BOOL stand after the types that have the same layout.
        kind = next((kind for kind, layout in layouts.items() if layout == wanted.newbyteorder("<")), "")
    if not kind or values.ndim != 2 or not np.can_cast(values.dtype, wanted, "same_kind"):
        raise DyadflowError(
            f"SSI cannot hold {values.ndim} axes of {values.dtype} as {wanted}", where=path.name,
            fix="give samples x dimensions of whole numbers, float32 or float64",
        )
    with np.errstate(over="ignore", invalid="ignore"):
        kept = np.ascontiguousarray(values.astype(layouts[kind]))
    if (kept != values).any() if kept.dtype.kind in "iu" else (np.isfinite(values) & ~np.isfinite(kept)).any():
        raise DyadflowError(f"values do not fit into {wanted}", where=path.name, fix="choose a larger type")
    return kind, kept


def encode_samples(values: NDArray[Any], kind: str, binary: bool) -> tuple[bytes, NDArray[np.int64]]:
    """Samples as they stand in the data file: as bytes, or as the shortest text that is the same number.

    Parameters
    ----------
    values
        Shape (num, dim), in a layout of `kind`.
    kind
        A key of `TYPES`.
    binary
        Whether the file is binary.

    Returns
    -------
    content, places
        The file, and at which byte each sample begins, with the end: shape (num + 1,).
    """
    if binary:
        return values.tobytes(), np.arange(len(values) + 1) * values.shape[1] * values.itemsize
    if kind in _CHARACTERS:
        lines = [b" ".join(bytes([value]) for value in row) for row in values.view("u1")]
    else:
        lines = [" ".join(map(str, row)).encode() for row in values]
    return b"".join(line + b"\n" for line in lines), np.cumsum([0, *(len(line) + 1 for line in lines)])


def read_samples(
    data: Path, kind: str, layout: np.dtype, shape: tuple[int, int], delimiter: str | None
) -> NDArray[Any]:
    """The samples of a data file.

    Parameters
    ----------
    data
        The file.
    kind, layout
        A key of `TYPES` and one of its layouts.
    shape
        How many samples there should be, and of how many values.
    delimiter
        Between the values of a line; None for a binary file.

    Raises
    ------
    DyadflowError
        If there are more or fewer samples, or a value is none of the type.
    """
    if delimiter is None:
        content = data.read_bytes()
        if len(content) != shape[0] * shape[1] * layout.itemsize:
            raise _miscounted(data, shape, len(content), shape[1] * layout.itemsize)
        return np.frombuffer(content, layout).reshape(shape).copy()
    if kind in _CHARACTERS:
        return _read_characters(data, layout, shape, delimiter.encode())
    lines = read_text(data).replace("\r\n", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) != shape[0]:
        raise _miscounted(data, shape, len(lines))
    samples = []
    for number, line in enumerate(lines, start=1):
        cells = line.split(delimiter) if delimiter.strip() else re.split("[ \t]+", line.strip(" \t\r"))
        row = [_number(cell.strip(), layout, comma="," not in delimiter) for cell in cells]
        if len(row) != shape[1] or None in row:
            raise DyadflowError(
                f"these are not {shape[1]} values of type {kind}: {line}", where=f"{data.name}, line {number}",
                fix="write the stream again",
            )
        samples.append(np.array(row, layout))
    return np.array(samples, layout).reshape(shape)


def _miscounted(data: Path, shape: tuple[int, int], found: int, width: int = 0) -> DyadflowError:
    there = f"{found} bytes, enough for {found / width:g}" if width else f"{found} lines"
    return DyadflowError(
        f"there should be {shape[0]} samples of {shape[1]} values, and there are {there}", where=data.name,
        fix="look for the whole file, or write the stream again",
    )


def _number(cell: str, layout: np.dtype, comma: bool) -> int | float | None:
    """The number in a cell, or nothing; discover-utils writes whole numbers as 1.000e+00 too."""
    try:
        if re.fullmatch("[+-]?[0-9]+", cell) and layout.kind != "f":
            number: int | float = int(cell)
        else:
            number = float(cell.replace(",", ".") if comma else cell)
        if layout.kind == "f":
            return number
        limits = np.iinfo(layout)
        return int(number) if number == int(number) and limits.min <= number <= limits.max else None
    except (ValueError, OverflowError):
        return None


def _read_characters(data: Path, layout: np.dtype, shape: tuple[int, int], apart: bytes) -> NDArray[Any]:
    """Samples of characters, each of one byte: their places count, because a line break may be one of them."""
    content, (num, dim) = data.read_bytes(), shape
    width = dim + (dim - 1) * len(apart) + 1
    if num and len(content) == num * (width + 1):
        content = content.replace(b"\r\n", b"\n")  # as Windows ends a line
    if len(content) != num * width:
        raise _miscounted(data, shape, len(content), width)
    table, places = np.frombuffer(content, "u1").reshape(num, width), np.arange(dim) * (1 + len(apart))
    if (np.delete(table, places, axis=1) != np.frombuffer(apart * (dim - 1) + b"\n", "u1")).any():
        raise DyadflowError(
            f"these are not {dim} characters a sample with {apart.decode()!r} between them", where=data.name,
            fix="write the stream again",
        )
    return table[:, places].view(layout).copy()
