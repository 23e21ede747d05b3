"""A folder of finished fits, so that a killed search goes on where it stopped.

Only a cache: an entry is named by the digest of everything that decides it, holds the digest of its own
content, and is worked out again whenever either does not match.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dyadflow.provenance.kept import note_kept
from dyadflow.provenance.whole import whole


def digest_of(facts: Any) -> str:
    """SHA-256 of plain values, the same whatever the order of keys."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class State:
    """Finished fits of a cell.

    Parameters
    ----------
    folder
        Made when the first fit is remembered. May be deleted at any time.
    """

    folder: Path

    def recall(self, key: str) -> bytes | None:
        """What was remembered under a key; None if nothing was, or what is there is not whole."""
        try:
            head, _, content = (self.folder / f"{key}.fit").read_bytes().partition(b"\n")
        except OSError:
            return None
        if head != self._head(key, content):
            return None
        note_kept("fits", self.folder / f"{key}.fit")
        return content

    def remember(self, key: str, content: bytes) -> None:
        """Keep a finished fit; whole or not at all."""
        with whole(self.folder / f"{key}.fit", checked=True) as beside:
            beside.write_bytes(self._head(key, content) + b"\n" + content)

    def forget(self, key: str) -> None:
        """Drop what was remembered under a key, if anything was."""
        (self.folder / f"{key}.fit").unlink(missing_ok=True)

    @staticmethod
    def _head(key: str, content: bytes) -> bytes:
        return f"{key} {hashlib.sha256(content).hexdigest()}".encode()
