"""Names that may stand in a manifest: what lies outside the project is named by its part in the job.

Where recordings lie on a machine, and what a lab called them, can tell who is seen in them. Manifests lie beside
results that are shared, so they name such a file by the session and by what the job used it as. The real names are
kept in the study's folder `private`, for `dyadflow why` to find the files again.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from dyadflow.provenance.absolute import replace_paths

OUTSIDE = "outside"
#: Settings that hold the name of a recording, wherever it lies.
NAME_OF_RECORDING = ("recording", "media")


def lies_outside(path: str | Path) -> bool:
    """Whether a path, as a rule gives it, leaves the project's folder."""
    path = Path(path)
    return path.is_absolute() or path.parts[:1] in (("..",), ("~",))


def names_of_inputs(roles: Iterable[tuple[str, str | list[str]]], session: str | None) -> dict[str, str]:
    """How a manifest names each input: as it is within the project, else ``outside/{session}/{role}.{suffix}``.

    Parameters
    ----------
    roles
        What the rule calls its inputs, and their paths.
    session
        The job's session, if it has one.
    """
    names = {}
    for role, found in roles:
        paths = [found] if isinstance(found, str | os.PathLike) else list(found)
        for number, path in enumerate(map(str, paths), start=1):
            if lies_outside(path):
                which = f"{role}-{number}" if len(paths) > 1 else role
                suffix = Path(path).suffix
                names[path] = PurePosixPath(OUTSIDE, *filter(None, [session]), which + suffix).as_posix()
            else:
                names[path] = Path(path).as_posix()
    return names


def shareable(value: Any, names: Mapping[str, str], *, key: str = "") -> Any:
    """A setting as a manifest may hold it.

    Plain values as JSON can hold them: a key such as (session, coder) becomes ``session/coder``. Of files outside the
    project the name of `names` stands, of unknown ones and of recordings only the ending.
    """
    if isinstance(value, Mapping):
        return {
            ("/".join(map(str, name)) if isinstance(name, tuple) else str(name)):
                shareable(inner, names, key=str(name))
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [shareable(inner, names, key=key) for inner in value]
    if isinstance(value, os.PathLike):
        value = Path(value).as_posix()
    if not isinstance(value, str):
        return value
    if value in names:
        return names[value]
    value = value.replace(Path.cwd().as_posix().rstrip("/") + "/", "")
    if key in NAME_OF_RECORDING or lies_outside(value):
        return f"*{Path(value).suffix}"
    return replace_paths(value, lambda path: f"*{Path(path).suffix}")
