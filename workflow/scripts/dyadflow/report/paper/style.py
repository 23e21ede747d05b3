"""What all figures of a paper share: type, ink, sizes in millimetres, and how they are written.

Only the typeface that matplotlib brings along is used, so that a figure looks the same, byte for byte, wherever it
is drawn.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, RULE = "#1f2328", "#5b636d", "#d0d3d0"
#: The colours of cells whose share is 0 and 1; the page's heat maps have the latter.
GROUND, HEAT = (0.96, 0.965, 0.97), (20 / 255, 70 / 255, 120 / 255)
#: One colour for the same model in every figure (Okabe & Ito 2008, told apart by the colour-blind), and for the rest.
SERIES = {
    "bilstm": "#0072b2", "linear": "#e69f00", "tcn": "#009e73", "logreg": "#cc79a7", "trees": "#d55e00",
    "majority": "#9aa0a6", "phase": "#6b7178", "previous": "#3c4043",
}
OTHER = "#56b4e9"
#: Lines of classes differ in their dashes, too: colours of a scheme may be one grey in print.
DASHES = ("-", (0, (5, 1.2)), (0, (5, 1, 1, 1)), (0, (2.2, 1)), (0, (8, 1.2)), (0, (5, 1, 1, 1, 1, 1)))
#: Ground behind what is no result.
UNSOUND = "#eceef0"
#: From these shares on, writing on a cell is white, and small writing is no longer soft.
DEEP, DIM = 0.55, 0.25
#: Widths that journals print at, in millimetres.
COLUMN_MM, PAGE_MM = 85.0, 170.0
#: The highest that a figure of results may be: what a journal's page leaves for it and its caption.
PAGE_HEIGHT_MM = 230.0
#: Sizes in points; none is smaller than what journals accept, and no figure writes in a size of its own.
SMALL_PT, TEXT_PT, TITLE_PT = 6.0, 7.0, 8.0
MARGIN_MM = 2.0
#: With a blank at which no line breaks.
NINETY_FIVE = "95\N{NO-BREAK SPACE}%"
_MM = 1 / 25.4
_DOTS_AN_INCH = 300
#: What each format would else say of the time, or of the library that drew it.
_UNSAID: dict[str, dict[str, str | None]] = {
    ".svg": {"Date": None}, ".pdf": {"CreationDate": None, "Producer": None}, ".png": {"Software": None},
}
_POINT_MM = 25.4 / 72

#: A name of our own: a system may have another edition of DejaVu Sans installed.
_FAMILY = "dyadflow"
_FACES = (("DejaVuSans", "normal", 400), ("DejaVuSans-Bold", "normal", 700), ("DejaVuSans-Oblique", "italic", 400))
_RC: dict[Any, Any] = {
    "font.family": _FAMILY,
    "font.size": TEXT_PT,
    "text.color": INK,
    # A code may hold a dollar sign.
    "text.parse_math": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.labelsize": TEXT_PT,
    "axes.linewidth": 0.5,
    "xtick.color": SOFT,
    "xtick.labelsize": SMALL_PT,
    "xtick.major.size": 2.0,
    "xtick.major.width": 0.5,
    "ytick.color": SOFT,
    "ytick.labelsize": SMALL_PT,
    "lines.linewidth": 1.0,
    # Letters as outlines in SVG and as embedded TrueType in PDF: neither needs a font of the reader's.
    "svg.fonttype": "path",
    "svg.hashsalt": "dyadflow",
    "pdf.fonttype": 42,
    "pdf.compression": 6,
}


@contextmanager
def drawing() -> Iterator[None]:
    """Everything that is drawn and written inside has this style."""
    from matplotlib import rc_context

    _load_faces()
    with rc_context(_RC):
        yield


@cache
def _load_faces() -> None:
    from matplotlib import get_data_path
    from matplotlib.font_manager import FontEntry, fontManager

    folder = Path(get_data_path()) / "fonts/ttf"
    for file, slant, weight in _FACES:
        path = str(folder / f"{file}.ttf")
        fontManager.ttflist.append(
            FontEntry(fname=path, name=_FAMILY, style=slant, weight=weight, size="scalable")
        )


def new_figure(width_mm: float, height_mm: float) -> "Figure":
    """An empty figure; everything in it is placed in millimetres from its top left corner."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_mm * _MM, height_mm * _MM), facecolor="white")


def size_mm(figure: "Figure") -> tuple[float, float]:
    """Width and height."""
    width, height = figure.get_size_inches()
    return width / _MM, height / _MM


def place_axes(figure: "Figure", left: float, top: float, width: float, height: float) -> "Axes":
    """Axes at a place in millimetres from the top left corner."""
    whole_width, whole_height = size_mm(figure)
    return figure.add_axes(
        (left / whole_width, 1 - (top + height) / whole_height, width / whole_width, height / whole_height)
    )


def write_text(figure: "Figure", left: float, top: float, text: str, **look: Any) -> None:
    """Write at a place in millimetres from the top left corner; by default the text hangs from there."""
    width, height = size_mm(figure)
    figure.text(left / width, 1 - top / height, text, **{"va": "top", "ha": "left"} | look)


@cache
def text_width_mm(text: str, size_pt: float = TEXT_PT, weight: str = "normal") -> float:
    """How wide a line of text is."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    _load_faces()
    face = FontProperties(family=_FAMILY, weight=weight, size=size_pt)
    return text_to_path.get_text_width_height_descent(text, face, False)[0] * _POINT_MM


def line_height_mm(size_pt: float) -> float:
    """How far apart lines of text stand."""
    return 1.3 * size_pt * _POINT_MM


def wrap(text: str, width_mm: float, size_pt: float = SMALL_PT, weight: str = "normal") -> list[str]:
    """Break text into lines that are no wider than `width_mm`."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and text_width_mm(longer, size_pt, weight) > width_mm:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


def shorten(text: str, width_mm: float, size_pt: float = SMALL_PT, weight: str = "normal") -> str:
    """Text that is no wider than `width_mm`; what has to go is three dots."""
    if text_width_mm(text, size_pt, weight) <= width_mm:
        return text
    while text and text_width_mm(f"{text.rstrip()}…", size_pt, weight) > width_mm:
        text = text[:-1]
    return f"{text.rstrip()}…"


def foot_height_mm(text: str, width_mm: float) -> float:
    """Room that `write_foot` needs below a figure of this width."""
    return len(wrap(text, width_mm - 2 * MARGIN_MM)) * line_height_mm(SMALL_PT) + 2 * MARGIN_MM


def write_foot(figure: "Figure", text: str) -> None:
    """Write, at the foot of a figure, what it shows and on what it rests."""
    width, height = size_mm(figure)
    lines = wrap(text, width - 2 * MARGIN_MM)
    top = height - MARGIN_MM - len(lines) * line_height_mm(SMALL_PT)
    for number, line in enumerate(lines):
        place = top + number * line_height_mm(SMALL_PT)
        write_text(figure, MARGIN_MM, place, line, size=SMALL_PT, color=SOFT)


def draw_sentence(text: str) -> "Figure":
    """A figure that only says why there is nothing to draw."""
    lines = wrap(text, COLUMN_MM - 2 * MARGIN_MM, TEXT_PT)
    figure = new_figure(COLUMN_MM, 2 * MARGIN_MM + len(lines) * line_height_mm(TEXT_PT))
    for number, line in enumerate(lines):
        write_text(figure, MARGIN_MM, MARGIN_MM + number * line_height_mm(TEXT_PT), line, color=SOFT)
    return figure


def save_figure(figure: "Figure", paths: Path | Sequence[Path], title: str) -> None:
    """Write a figure to one or several files; the ending of each says in which format.

    Neither the time nor the version of a library is written, so that the same data are the same bytes.
    """
    for path in [paths] if isinstance(paths, str | Path) else paths:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        own: dict[str, str | None] = {"Title": title, "Creator": "dyadflow"}
        own |= _UNSAID[path.suffix]
        figure.savefig(path, metadata=own, dpi=_DOTS_AN_INCH)


def series_colour(model: str) -> str:
    """The colour of a model in every figure."""
    return SERIES.get(model, OTHER)


def heat_colour(share: float) -> tuple[float, float, float]:
    """Nearly white at 0, the full colour at 1."""
    share = min(max(share, 0.0), 1.0)
    red, green, blue = (low + share * (high - low) for low, high in zip(GROUND, HEAT, strict=True))
    return red, green, blue
