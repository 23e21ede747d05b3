"""Which formats are read and written, for people: a table in Markdown."""

from dyadflow.annotations.formats.reading import FORMATS, Format
from dyadflow.annotations.formats.registry import load_writers
from dyadflow.annotations.formats.writing import WRITERS


def formats_table() -> str:
    """Every format with its name, its endings, whether it is read and written, and on what its reader was tried."""
    load_writers()
    rows = ["| format | name | endings | read | written | its reader was tried on |", "|---|---|---|---|---|---|"]
    for name in sorted({**FORMATS, **WRITERS}, key=lambda name: (_title(name).casefold(), name)):
        reader, writer = FORMATS.get(name), WRITERS.get(name)
        endings = sorted((reader.suffixes if reader else frozenset()) | (writer.suffixes if writer else frozenset()))
        rows.append(
            f"| {_title(name)} | `{name}` | {', '.join(endings)} | {'yes' if reader else ''} | "
            f"{'yes' if writer else ''} | {_tried(reader)} |"
        )
    return "\n".join(rows) + "\n"


def _title(name: str) -> str:
    return FORMATS[name].title if name in FORMATS else WRITERS[name].title


def _tried(reader: Format | None) -> str:
    return reader.tried if reader else ""
