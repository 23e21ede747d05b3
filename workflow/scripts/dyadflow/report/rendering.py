"""From what is known to HTML: templates, and the filters that they write numbers and names with."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dyadflow.report import published, wording

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Where templates come from, and how they write numbers and names."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "clock": wording.clock,
        "count": wording.count,
        "listing": wording.listing,
        "extractor_title": wording.stream_title,
        "first_upper": lambda text: text[:1].upper() + text[1:],
        "model_title": wording.model_title,
        "kappa": lambda value: wording.number("kappa", value),
        "percent": lambda value: wording.number("percent", value),
        "share": lambda value: wording.number("share", value),
        "shown": _show_setting,
    }
    made.globals |= {
        "METRICS": wording.METRICS,
        "plural": wording.plural,
        "published_source": published.PAPER_A,
        "published_doi": published.PAPER_A_DOI,
        "play_source": published.PAPER_B,
        "play_doi": published.PAPER_B_DOI,
    }
    return made


def _show_setting(value: Any) -> str:
    """A setting as a reader would write it: lists with commas, name: value; what is not set or empty is left out."""
    if isinstance(value, Mapping):
        given = {key: item for key, item in value.items() if item is not None and item != [] and item != {}}
        return "; ".join(f"{key.replace('_', ' ')}: {_show_within(item)}" for key, item in given.items())
    if isinstance(value, list | tuple):
        return ", ".join(_show_setting(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _show_within(value: Any) -> str:
    """A setting inside another, which parentheses keep apart if it has settings of its own."""
    return f"({_show_setting(value)})" if isinstance(value, Mapping) else _show_setting(value)
