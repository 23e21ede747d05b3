"""The page that links the pages of all studies of a run."""

from collections.abc import Mapping, Sequence
from os.path import relpath
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dyadflow.report.rendering import environment


def build_front_page(studies: Sequence[Mapping[str, Any]], page: Path) -> None:
    """Write the front page.

    Parameters
    ----------
    studies
        For each study `name`, `title`, `page` (its page, relative to the front page's folder, or absolute),
        `sessions` and `dyads` (how many); optionally `targets` (how many are modelled), `trained` (whether
        anything was; without it, nothing where there are no targets) and `sentence` (what to say of it).
    page
        Where to write the HTML file.

    Notes
    -----
    Links are relative, so that the folder can be moved and mailed. No clock and no path enters the page.
    """
    cards = [
        {
            "name": study["name"],
            "title": study.get("title") or study["name"],
            "link": _link(study["page"], Path(page).parent),
            "sessions": int(study["sessions"]),
            "dyads": int(study["dyads"]),
            "targets": study.get("targets"),
            "untrained": not study.get("trained", study.get("targets") != 0),
            "sentence": study.get("sentence") or "",
        }
        for study in studies
    ]
    Path(page).write_text(
        environment().get_template("front.html.j2").render(studies=cards), encoding="utf-8", newline="\n"
    )


def _link(target: str | Path, folder: Path) -> str:
    """A relative link, its blanks and signs escaped; one that begins with a word and a colon is no address."""
    place = relpath(target, folder.absolute()) if Path(target).is_absolute() else Path(target).as_posix()
    return quote(Path(place).as_posix())
