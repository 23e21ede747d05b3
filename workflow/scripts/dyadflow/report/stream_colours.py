"""A session's first components as colour over the frame, beside the pictures themselves (first paper, Fig. 3).

These pictures show persons: they belong under a study's ``private`` folder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.features.component_file import read_components
from dyadflow.features.stream_file import StreamFile
from dyadflow.media.grid import FrameGrid
from dyadflow.media.layout import view_file
from dyadflow.media.read import read_frames
from dyadflow.report.paper import style
from dyadflow.report.session_phases import Phase, read_phases
from dyadflow.report.wording import clock, stream_title
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Moments that are shown, evenly spread over the session.
_SHOWN = 12
#: These shares of a component's values over the pictures shown are its darkest and brightest.
_LIMITS = (2, 98)
_NAMES = (("red", "#c1272d"), ("green", "#1b7f3b"), ("blue", "#1f4fa8"))
_HEAD_MM, _BAND_MM, _CLOCK_MM, _GAP_MM, _LABEL_MM, _SEAM_MM = 5.2, 3.6, 4.0, 2.6, 21.0, 0.5
_WIDTH_MM, _DOTS_PER_INCH = 230.0, 200
_TEXT = ("session", "view", "extractor", "kind", "untrained", "stream", "components")


@dataclass(frozen=True)
class Row:
    """Pictures in a row: what they are, and each as RGB, shape (shown, height, width, 3), uint8."""

    name: str
    shares: Sequence[float]
    pictures: NDArray[np.uint8]


def colour_frames(
    *,
    session: str,
    views: Path,
    grid: Path,
    tables: Sequence[Path],
    labels: Path | None,
    sheet_phases: Sequence[Sequence[Any]] | None,
    phases: Mapping[str, Mapping[str, str]],
    picture: Path,
) -> None:
    """Draw some pictures of every view of a session, and below them what each token store makes of them.

    Parameters
    ----------
    session
        Its name.
    views
        Folder of the decoded session.
    grid
        Its frame grid.
    tables
        Of the token stores that hold the session, as `features.describing` wrote them.
    labels, sheet_phases, phases
        Where its phases lie, and their looks: as in `read_phases`.
    picture
        The PNG to write.

    Raises
    ------
    DyadflowError
        If a file is missing, or a store's patches do not fill its view.
    """
    frames = pick_frames(FrameGrid.read(grid).frames)
    rows: dict[str, list[Row]] = {}
    untrained = []
    for path in map(Path, tables):
        table, folder = read_table(path, _TEXT, text=_TEXT), path.parent
        for row in table[(table.session == session) & (table.kind == "tokens")].itertuples():
            if row.view not in rows:
                rows[row.view] = [Row(row.view, (), _read_pictures(view_file(views, row.view), frames))]
            size, name = rows[row.view][0].pictures.shape[1:3], stream_title(row.extractor)
            rows[row.view].append(_colour(folder / row.stream, folder / row.components, frames, size, name))
            untrained += [name] * (row.untrained == "yes")
    with style.drawing():
        spans = read_phases(labels, sheet_phases, phases)
        figure = _draw(session, rows, spans, FrameGrid.read(grid), frames, _foot(dict.fromkeys(untrained)))
        picture.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(picture, dpi=_DOTS_PER_INCH, metadata={"Software": None})


def pick_frames(frames: int, shown: int = _SHOWN) -> NDArray[np.int64]:
    """The middle frame of each of `shown` equal parts, or all frames where they are fewer; ascending."""
    shown = min(shown, frames)
    return ((np.arange(shown) + 0.5) * frames / shown).astype(np.int64)


def patch_grid(patches: int, height: int, width: int) -> tuple[int, int]:
    """Rows and columns of square patches that fill a picture.

    Raises
    ------
    ValueError
        If there are none.
    """
    rows = round((patches * height / width) ** 0.5)
    if rows < 1 or patches % rows or rows * width != patches // rows * height:
        raise ValueError(f"{patches} square patches do not fill {width} x {height} pixels")
    return rows, patches // rows


def _read_pictures(view: Path, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
    found, first, wanted = [], 0, set(frames.tolist())
    for batch in read_frames(view):
        found += [batch[number - first] for number in range(first, first + len(batch)) if number in wanted]
        first += len(batch)
    return np.stack(found)


def _colour(
    stream: Path, components: Path, frames: NDArray[np.int64], size: tuple[int, int], name: str
) -> Row:
    """The first three components of the patches as red, green and blue."""
    own = read_components(components)
    with StreamFile(stream) as file:
        values = file.some(frames.tolist()).project(own.basis[:, :3], own.mean)
    try:
        rows, columns = patch_grid(values.shape[1], *size)
    except ValueError as error:
        raise DyadflowError(str(error), where=str(stream), fix="extract the features again") from error
    low, high = np.percentile(values, _LIMITS, axis=(0, 1))
    shown = np.clip((values - low) / np.where(high > low, high - low, 1), 0, 1)
    # A component's sign says nothing, so what there is most of, the background, is made the dark end.
    shown = np.where(np.median(shown, axis=(0, 1)) > 0.5, 1 - shown, shown)
    colours = np.zeros((*shown.shape[:2], 3), np.uint8)
    colours[..., : shown.shape[2]] = np.round(255 * shown)
    return Row(name, own.explained[:3].tolist(), colours.reshape(len(values), rows, columns, 3))


def _foot(untrained: Iterable[str]) -> str:
    random = f" Never trained, with random weights: {', '.join(untrained)}." if untrained else ""
    return (
        "Red, green and blue are the first three principal components of all patch tokens of the one session and "
        f"view, with their share of the tokens' variance. Each runs from its {_LIMITS[0]}nd to its {_LIMITS[1]}th "
        "percentile over the pictures shown, turned so that most patches are dark. A square is a patch. The same "
        "colour in another session, or in another row, means nothing. This picture shows persons: keep it private."
        f"{random}"
    )


def _draw(
    session: str, rows: Mapping[str, Sequence[Row]], phases: Sequence[Phase], grid: FrameGrid,
    frames: NDArray[np.int64], foot: str,
) -> "Figure":
    left = style.MARGIN_MM + _LABEL_MM
    step = (_WIDTH_MM - style.MARGIN_MM - left) / len(frames)
    heights = {
        view: (step - _SEAM_MM) * own[0].pictures.shape[1] / own[0].pictures.shape[2] for view, own in rows.items()
    }
    room = sum((height + _SEAM_MM) * len(rows[view]) + _GAP_MM for view, height in heights.items())
    top = style.MARGIN_MM + _HEAD_MM + _BAND_MM + _CLOCK_MM
    figure = style.new_figure(_WIDTH_MM, top + room + style.foot_height_mm(foot, _WIDTH_MM))
    style.write_text(figure, style.MARGIN_MM, style.MARGIN_MM, session, size=style.TITLE_PT, weight="bold")
    _draw_time(figure, phases, grid, frames, left, step)
    for view, own in rows.items():
        for row in own:
            _draw_row(figure, row, left, top, step, heights[view])
            top += heights[view] + _SEAM_MM
        top += _GAP_MM
    style.write_foot(figure, foot)
    return figure


def _draw_time(
    figure: "Figure", phases: Sequence[Phase], grid: FrameGrid, frames: NDArray[np.int64], left: float, step: float
) -> None:
    """The phases over the whole width, and below them the time of each picture."""
    top, width = style.MARGIN_MM + _HEAD_MM, step * len(frames) - _SEAM_MM
    axes = style.place_axes(figure, left, top, width, _BAND_MM)
    axes.set(xlim=(0, grid.duration_s), ylim=(0, 1))
    axes.set_axis_off()
    axes.axhspan(0, 1, color="#eef0f2", lw=0)
    for phase in phases:
        axes.axvspan(phase.onset_s, phase.offset_s, facecolor=phase.colour, edgecolor="white", lw=0.8)
        share = (phase.offset_s - phase.onset_s) / grid.duration_s
        if style.text_width_mm(phase.title, style.SMALL_PT) + 1.5 < share * width:
            axes.text((phase.onset_s + phase.offset_s) / 2, 0.5, phase.title, ha="center", va="center_baseline",
                      size=style.SMALL_PT, color=phase.ink)  # fmt: skip
    for number, time_s in enumerate(grid.centres_s()[frames]):
        place = left + number * step + (step - _SEAM_MM) / 2
        style.write_text(figure, place, top + _BAND_MM + 0.8, clock(time_s), ha="center", color=style.SOFT,
                         size=style.SMALL_PT)  # fmt: skip


def _draw_row(figure: "Figure", row: Row, left: float, top: float, step: float, height: float) -> None:
    weight = "normal" if row.shares else "bold"
    style.write_text(figure, style.MARGIN_MM, top, row.name, weight=weight)
    for number, ((_, colour), share) in enumerate(zip(_NAMES, row.shares, strict=False)):
        style.write_text(
            figure, style.MARGIN_MM, top + (number + 1.2) * style.line_height_mm(style.TEXT_PT),
            f"\N{BLACK SQUARE} {100 * share:.0f} %", color=colour, size=style.SMALL_PT,
        )
    for number, picture in enumerate(row.pictures):
        axes = style.place_axes(figure, left + number * step, top, step - _SEAM_MM, height)
        axes.imshow(picture, interpolation="nearest", aspect="auto")
        axes.set_axis_off()
