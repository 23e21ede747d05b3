"""The cell that the study named beforehand, as figures speak of it."""

from collections.abc import Mapping, Sequence

from dyadflow.report.leaks import LEAK_MARK, is_leaky
from dyadflow.report.wording import cell_title, listing


def describe_cell(headline: Mapping[str, str], tested: Mapping[str, str]) -> str:
    """How a foot begins: the cell, its protocol, whom its numbers speak of, and that it is no result where it leaks."""
    cell = cell_title(headline["stream"], headline["model"])
    cell = f"{cell[:1].upper()}{cell[1:]}, protocol {headline['protocol']}"
    if is_leaky(tested, headline["protocol"], headline["model"]):
        return f"{cell} ({LEAK_MARK}), all frames that were tested together"
    return f"{cell}, held-out dyads together"


def head_target(title: str, headline: Mapping[str, str], tested: Mapping[str, str]) -> str:
    """The heading of a target's panels: its title and the protocol, with a warning where that leaks."""
    leaky = is_leaky(tested, headline["protocol"], headline["model"])
    return f"{title} · {headline['protocol']}" + f" ({LEAK_MARK})" * leaky


def say_missing(headline: Mapping[str, str] | None, what: str, file: str) -> str:
    """Why there is nothing to draw of the cell."""
    if not headline:
        return f"The study names no cell beforehand, so there are no {what} to draw."
    cell = cell_title(headline["stream"], headline["model"])
    return (
        f"{file} has no {what} of the cell that the study names ({cell}, protocol {headline['protocol']}): it was not "
        "trained, or nothing of it could be scored."
    )


def say_left_out(names: Sequence[str], file: str) -> str:
    """A sentence behind a foot, on what a page has no room for; nothing where it has."""
    return f" Left out, for room: {listing(list(names))}; all stand in {file}." if names else ""
