"""Excel workbooks: whether a file is one, and the cells of its sheets."""

import warnings
import zipfile
from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.reading import CodingFileError


def is_workbook(head: bytes, path: Path) -> bool:
    """Whether a file is a zip archive with a workbook in it."""
    if not head.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def read_workbook(path: Path, most: int | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Cells of every sheet by its title, row by row, with numbers and times as openpyxl understands them.

    Parameters
    ----------
    path
        The workbook.
    most
        How many rows of a sheet to read; all if not given.

    Raises
    ------
    CodingFileError
        If it is damaged, or no workbook.
    """
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl remarks on styles and extensions that it does not know
            book = openpyxl.load_workbook(path, data_only=True, read_only=True)
            sheets = {}
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # what a sheet says of its own size is often wrong
                sheets[sheet.title] = list(sheet.iter_rows(max_row=most, values_only=True))
            book.close()
    except Exception as error:  # openpyxl lets through whatever its parsers raise
        raise CodingFileError(
            "unreadable_file", f"this is not an Excel workbook, or a damaged one ({error})", where=path.name,
            fix="export it again as .xlsx",
        ) from None
    return sheets
