"""The two sheets: which sessions there are, and who coded them in which file."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dyadflow.errors import DyadflowError
from dyadflow.tables import read_table

SESSION_COLUMNS = ("session", "dyad", "media", "views", "offset", "phases")
CODING_COLUMNS = ("session", "coder", "kind", "format", "path", "offset")
KINDS = ("human", "assisted", "model")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Session:
    """One recording of one dyad.

    Parameters
    ----------
    name, dyad
        Two sessions of one dyad never stand on both sides of a split.
    media
        The recording.
    views
        Regions of the picture that differ from the study's, by view: ``{"infant": "right"}``.
    offset_s
        Where in the recording the session's clock (zero of its coding) begins, in seconds.
    phases
        Name, onset and offset in seconds on the session's clock; empty if they come from a coding tier.
    covariates
        The sheet's other columns: never a feature, always available for error by group.
    withheld
        Of these the ones that the study keeps private: no rule is handed them.
    """

    name: str
    dyad: str
    media: str
    views: dict[str, str] = field(default_factory=dict)
    offset_s: float = 0.0
    phases: tuple[tuple[str, float, float], ...] = ()
    covariates: dict[str, str] = field(default_factory=dict)
    withheld: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Coding:
    """One coder's file of one session; `offset_s` is added to the file's times to give the session's clock."""

    session: str
    coder: str
    path: str
    kind: str = "human"
    format: str = "auto"
    offset_s: float = 0.0


def read_sessions(path: str | Path, data_folder: str | Path) -> tuple[Session, ...]:
    """Read the sheet of sessions.

    Parameters
    ----------
    path
        TSV with the columns session, dyad and media; optionally views, offset and phases; every other
        column is a covariate.
    data_folder
        Folder that the column `media` starts from.

    Raises
    ------
    DyadflowError
        With the sheet's line, if a name is empty, unusable or repeated, or a value cannot be read.
    """
    sessions: dict[str, Session] = {}
    for where, row in _rows(path, ("session", "dyad", "media"), SESSION_COLUMNS):
        name = _name(row["session"], "session", where)
        if name in sessions:
            raise DyadflowError(f"session {name!r} stands there twice", where=where, fix="give each session one line")
        if not row["media"]:
            raise DyadflowError(f"session {name!r} names no recording", where=where, fix="fill in the column media")
        sessions[name] = Session(
            name=name,
            dyad=_name(row["dyad"] or name, "dyad", where),
            media=_path(data_folder, row["media"]),
            views=_views(row["views"], where),
            offset_s=_number(row["offset"], "offset", where),
            phases=_phases(row["phases"], where),
            covariates={key: value for key, value in row.items() if key not in SESSION_COLUMNS},
        )
    if not sessions:
        raise DyadflowError("there is no session in the sheet", where=str(path), fix="add a line for each recording")
    return tuple(sessions.values())


def read_coding_sheet(path: str | Path, data_folder: str | Path, sessions: tuple[Session, ...]) -> tuple[Coding, ...]:
    """Read the sheet of coding files.

    Parameters
    ----------
    path
        TSV with the columns session, coder and path; optionally kind, format and offset.
    data_folder
        Folder that the column `path` starts from.
    sessions
        The sessions that there are.

    Raises
    ------
    DyadflowError
        With the sheet's line, if a session does not exist, a coder stands twice with one session, or a
        value cannot be read.
    """
    known = {session.name for session in sessions}
    found: dict[tuple[str, str], Coding] = {}
    for where, row in _rows(path, ("session", "coder", "path"), CODING_COLUMNS):
        session = row["session"]
        if session not in known:
            raise DyadflowError(
                f"there is coding for session {session!r}, which is not in the sheet of sessions", where=where,
                fix="correct the name, or add the session with its recording",
            )
        coder = _name(row["coder"], "coder", where)
        if (session, coder) in found:
            raise DyadflowError(
                f"coder {coder!r} stands twice with session {session!r}", where=where,
                fix="give the two coders different names, or remove one of the files",
            )
        kind = row["kind"] or "human"
        if kind not in KINDS:
            raise DyadflowError(f"kind {kind!r} is unknown", where=where, fix=f"use {', '.join(KINDS)}")
        if not row["path"]:
            raise DyadflowError(f"coder {coder!r} has no file", where=where, fix="fill in the column path")
        found[session, coder] = Coding(
            session=session, coder=coder, kind=kind, format=row["format"] or "auto",
            path=_path(data_folder, row["path"]), offset_s=_number(row["offset"], "offset", where),
        )
    return tuple(found.values())


def _rows(
    path: str | Path, required: Sequence[str], optional: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    # All as text: a session called 007 or an age of 4.0 stays as the person wrote it.
    table = read_table(path, required, all_text=True)
    for number, row in enumerate(table.to_dict("records"), start=2):
        cells = {key: str(value).strip() for key, value in row.items()}
        if any(cells.values()):
            yield f"{path}, line {number}", {**dict.fromkeys(optional, ""), **cells}


def _name(text: str, what: str, where: str) -> str:
    if not NAME.fullmatch(text):
        raise DyadflowError(
            f"{text!r} cannot name a {what}" if text else f"the {what} has no name", where=where,
            fix="use letters, digits, - and _ only, beginning with a letter or digit",
        )
    return text


def _number(text: str, what: str, where: str) -> float:
    try:
        return float(text.replace(",", ".")) if text else 0.0
    except ValueError:
        raise DyadflowError(f"{what} {text!r} is no number", where=where, fix="write seconds, such as 2.5") from None


def _path(folder: str | Path, text: str) -> str:
    joined = Path(text) if Path(text).is_absolute() else Path(folder) / text
    return Path(os.path.normpath(joined)).as_posix()


def _views(text: str, where: str) -> dict[str, str]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        view, equals, region = part.partition("=")
        if not equals:
            raise DyadflowError(f"views {text!r} cannot be read", where=where, fix="write infant=right; caregiver=left")
        found[view.strip()] = region.strip()
    return found


def _phases(text: str, where: str) -> tuple[tuple[str, float, float], ...]:
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = re.fullmatch(r"(.+?)\s+([\d.]+)\s*-\s*([\d.]+)", part)
        if not match:
            raise DyadflowError(
                f"phase {part!r} cannot be read", where=where, fix="write play 0-120; still-face 130-250"
            )
        found.append((match[1], float(match[2]), float(match[3])))
    return tuple(found)
