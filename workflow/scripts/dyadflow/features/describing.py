"""Sum up the streams of a batch of sessions, and keep their leading components for the pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.features.component_file import read_numbers
from dyadflow.features.components import describe_stream
from dyadflow.features.stream import read_key
from dyadflow.features.summary import SUMMARY_COLUMNS, write_summary
from dyadflow.provenance.kept import note_kept
from dyadflow.provenance.whole import whole
from dyadflow.tables import read_table

#: Columns of a batch's table: `stream` and `components` are files, relative to the folder that it lies in.
BATCH_COLUMNS = (*SUMMARY_COLUMNS, "stream", "components", "key")

_INDEX_TEXT = ("session", "view", "file", "kind", "sha256", "untrained")


def describe_batch(
    index: str | Path,
    table: str | Path,
    *,
    code: str,
    torch_threads: int = 1,
    say: Callable[[str], None] = print,
) -> None:
    """Sum up every stream of an index, and keep its leading components.

    Components lie beside the streams, in ``components/{view}/{session}.h5``, each under a key of the stream's content
    and the code: one that has the right key is left alone, so that a new session costs one.

    Parameters
    ----------
    index
        Index of streams (`extract_batch`), in the folder named after its extractor.
    table
        Table to write: one row a stream, columns `BATCH_COLUMNS`, numbers with six digits.
    code
        Digest of the code that decides the numbers.
    torch_threads
        CPU threads.
    say
        Called with a line of progress.

    Raises
    ------
    DyadflowError
        If the index or a stream is missing or broken.
    """
    import torch

    torch.set_num_threads(torch_threads)
    folder, computed, lines = Path(index).parent, 0, []
    rows = read_table(index, _INDEX_TEXT, text=_INDEX_TEXT)
    for row in rows.itertuples():
        place = folder / "components" / row.view / f"{row.session}.h5"
        key = hashlib.sha256(f"{row.sha256} {code}".encode()).hexdigest()
        if read_key(place) != key:
            _describe(folder / row.file, place, key)
            computed += 1
        else:
            note_kept("components", place)
        lines.append({
            "session": row.session, "view": row.view, "extractor": folder.name, "kind": row.kind,
            "untrained": row.untrained, **_shorten(read_numbers(place)), "stream": row.file,
            "components": place.relative_to(folder).as_posix(), "key": key,
        })
    say(f"{folder.name}: {computed} of {len(rows)} streams looked at, the others are as they were")
    write_summary(pd.DataFrame(lines, columns=list(BATCH_COLUMNS)), table)


def _describe(stream: Path, place: Path, key: str) -> None:
    """Write a stream's components beside their place and rename them."""
    components, numbers = describe_stream(stream)
    with whole(place) as beside:
        components.write(beside, key=key, numbers=numbers)


def _shorten(numbers: dict[str, Any]) -> dict[str, Any]:
    """Six digits of each number, and each share in a column of its own."""
    shares = {f"explained_{number}": share for number, share in enumerate(numbers["explained"], start=1)}
    told = {name: value for name, value in numbers.items() if name != "explained"} | shares
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in told.items()}
