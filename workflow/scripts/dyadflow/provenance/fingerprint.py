"""Digests of files, cheap for large ones."""

import hashlib
from pathlib import Path

#: Files up to this size are hashed whole; of larger ones the size, beginning and end.
WHOLE_BYTES = 64 * 1024 * 1024
PIECE_BYTES = 8 * 1024 * 1024


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file's whole content, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(path: str | Path) -> str:
    """What tells a file's content from another's: its SHA-256, or ``size-...`` of its ends if it is large."""
    path = Path(path)
    size = path.stat().st_size
    if size <= WHOLE_BYTES:
        return sha256_of(path)
    digest = hashlib.sha256(str(size).encode())
    with open(path, "rb") as file:
        digest.update(file.read(PIECE_BYTES))
        file.seek(-PIECE_BYTES, 2)
        digest.update(file.read())
    return f"size-{size}-ends-{digest.hexdigest()}"
