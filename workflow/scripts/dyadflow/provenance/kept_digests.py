"""Digests of code, kept from run to run, so that a look at a large study does not take every module apart again."""

import hashlib
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from dyadflow.provenance.whole import whole


class KeptDigests:
    """What a `CodeMap` has worked out, as long as no byte that it rests on is another.

    Parameters
    ----------
    file
        Where it is kept (JSON). Anything in it that cannot be understood counts as absent.
    scripts
        Folder that holds the scripts and, beside them, the package.
    """

    def __init__(self, file: str | Path, scripts: Path) -> None:
        self.file = Path(file)
        self._state = _state_of(scripts)
        content: Any = {}
        with suppress(OSError, ValueError):
            content = json.loads(self.file.read_text(encoding="utf-8"))
        same = isinstance(content, dict) and content.get("state") == self._state
        self._digests: dict[str, list[str]] = content.get("digests", {}) if same else {}

    def recall(self, name: str) -> list[str] | None:
        """What was remembered under a name."""
        return self._digests.get(name)

    def remember(self, name: str, found: list[str]) -> None:
        """Keep a digest and the modules that it covers."""
        self._digests[name] = found
        # Where nothing can be written, the next run works it out again.
        with suppress(OSError), whole(self.file, shared=True, checked=True) as beside:
            beside.write_text(json.dumps({"state": self._state, "digests": self._digests}), encoding="utf-8")


def _state_of(scripts: Path) -> str:
    """A digest of every file below the scripts, of Python, and of every installed library with its version."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(scripts.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(scripts).as_posix()} {content}\n".encode())
    # Names of their folders hold the versions; to open each one's description would take longer than all the rest.
    folders = {Path(entry) for entry in sys.path if entry}
    found = sorted({item.name for folder in folders if folder.is_dir() for item in folder.glob("*.*-info")})
    digest.update("\n".join(found).encode())
    return digest.hexdigest()
