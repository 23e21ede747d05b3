"""The figure of a study's streams, one extractor at a time: from files of components to pages."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dyadflow.annotations.label_index import read_label_index
from dyadflow.features.component_file import Components, read_components
from dyadflow.report.paper import style
from dyadflow.report.paper.stream_curves import Block, Panel, block_height_mm, count_lanes, draw_page, page_height_mm
from dyadflow.report.session_phases import read_phases
from dyadflow.report.wording import stream_title
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEXT = ("session", "view", "extractor", "kind", "untrained", "components")
#: How high a page of the PDF is at most, in millimetres: A4 with a margin.
_PAGE_MM = 260.0


def draw_streams(
    *,
    tables: Sequence[Path],
    extractor: str,
    motion: str,
    labels: Path,
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]],
    phases: Mapping[str, Mapping[str, str]],
    figures: Sequence[Path],
) -> None:
    """Draw the component means of one extractor over every session.

    Parameters
    ----------
    tables
        Of this extractor and of motion energy, as `features.describing` wrote them; they name the components' files.
    extractor
        Whose streams.
    motion
        The extractor whose streams are motion energy; empty if the study has none.
    labels, sheet_phases
        Where phases stand: index of frame labels; and what the sheet says of sessions, name, onset_s, offset_s.
    phases
        Title, colour and ink of each phase.
    figures
        Where to write: a ``.pdf`` has as many pages as it needs, an ``.svg`` is one long sheet.

    Notes
    -----
    The same streams give the same bytes.
    """
    parts = [(Path(path).parent, read_table(path, _TEXT, text=_TEXT)) for path in tables]
    files = {
        (row.extractor, row.session, row.view): folder / row.components
        for folder, part in parts for row in part.itertuples()
    }
    table = pd.concat([part for _, part in parts], ignore_index=True)
    own = table[table.extractor == extractor]
    sessions, views = list(dict.fromkeys(own.session)), list(dict.fromkeys(own.view))
    labelled = read_label_index(labels)

    def read(name: str, session: str, view: str) -> Components | None:
        place = files.get((name, session, view))
        return read_components(place) if place else None

    def panel(session: str, view: str) -> Panel | None:
        found = read(extractor, session, view)
        return Panel(found, read(motion, session, view)) if found else None

    def block(session: str) -> Block:
        coded = labelled[session].path if session in labelled else None
        shown = read_phases(coded, sheet_phases.get(session), phases)
        return Block(session, shown, {view: found for view in views if (found := panel(session, view))})

    blocks = [block(session) for session in sessions]
    with style.drawing():
        _write(blocks, views, _foot(own, extractor, blocks), figures, f"Components of {stream_title(extractor)}")


def _write(blocks: Sequence[Block], views: Sequence[str], foot: str, figures: Sequence[Path], title: str) -> None:
    lanes = count_lanes(blocks)
    duration_s = max(block.duration_s for block in blocks)
    many = max(1, int((_PAGE_MM - page_height_mm(0, lanes, foot)) // block_height_mm(lanes)))

    def draw(shown: Sequence[Block]) -> "Figure":
        return draw_page(shown, views, lanes=lanes, duration_s=duration_s, foot=foot)

    for path in figures:
        if path.suffix == ".pdf":
            starts = range(0, len(blocks), many)
            _save_pages((draw(blocks[start : start + many]) for start in starts), path, title)
        else:
            style.save_figure(draw(blocks), path, title)


def _save_pages(pages: Iterable["Figure"], path: Path, title: str) -> None:
    """One PDF of several pages; neither the time nor the version of a library is written."""
    from matplotlib.backends.backend_pdf import PdfPages

    about = {"Title": title, "Creator": "dyadflow", "CreationDate": None, "Producer": None}
    with PdfPages(path, metadata=about) as file:
        for page in pages:
            file.savefig(page)


def _foot(rows: pd.DataFrame, extractor: str, blocks: Sequence[Block]) -> str:
    tokens = "tokens" in set(rows.kind)
    what = "all patch tokens" if tokens else "all frames"
    mean = ", averaged over the patches of a picture" if tokens else ""
    moved = any(panel.motion is not None for block in blocks for panel in block.panels.values())
    motion = "; grey is the motion energy of the same view" if moved else ""
    untrained = " The network was never trained: its weights are random." if "yes" in set(rows.untrained) else ""
    return (
        f"{stream_title(extractor)}. Coloured: principal components, numbered, of {what} of the one session and view"
        f"{mean}; beside each number its share of their variance. They are worked out anew for every session, so "
        f"component 1 of one session need not be component 1 of another, and its sign says nothing{motion}. Every "
        f"curve has its own scale; black bars are the means of phases.{untrained}"
    )
