"""Digests of files, cheap for large ones."""

import hashlib
from pathlib import Path

#: Files up to this size are hashed whole; of larger ones the size and pieces, spread evenly from beginning to end.
WHOLE_BYTES = 64 * 1024 * 1024
PIECES = 32
PIECE_BYTES = 256 * 1024


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file's whole content, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(path: str | Path) -> str:
    """What tells a file's content from another's: its SHA-256, or ``size-...`` with that of its pieces if it is large.

    A recording of an hour costs 8 MiB of reading. Two exports of one recording practically never agree in all pieces,
    nor in their size; who alters single pictures in place and keeps the size may go unnoticed.
    """
    path = Path(path)
    size = path.stat().st_size
    if size <= WHOLE_BYTES:
        return sha256_of(path)
    digest = hashlib.sha256(str(size).encode())
    with open(path, "rb") as file:
        for piece in range(PIECES):
            file.seek((size - PIECE_BYTES) * piece // (PIECES - 1))
            digest.update(file.read(PIECE_BYTES))
    return f"size-{size}-pieces-{digest.hexdigest()}"


class Fingerprints:
    """Fingerprints of large files, kept with the size and time that each file had.

    So that looking at a thousand recordings again costs a thousand looks at their sizes and times.

    Parameters
    ----------
    kept
        A text file that lines are appended to: path, size in bytes, time in nanoseconds, fingerprint. It may be
        deleted at any time, and several processes may use it at once: a line is written in one piece, and one that
        cannot be understood counts as absent.
    """

    def __init__(self, kept: str | Path) -> None:
        self.kept = Path(kept)
        self._known: dict[str, tuple[str, str]] | None = None

    def of(self, path: str | Path) -> str:
        """The fingerprint of a file, or of a folder from the names and fingerprints of all that it holds.

        Raises
        ------
        OSError
            If it is not there or cannot be read.
        """
        path = Path(path)
        if path.is_dir():
            inner = [
                f"{file.relative_to(path).as_posix()} {self.of(file)}"
                for file in sorted(path.rglob("*")) if file.is_file()
            ]
            return hashlib.sha256("\n".join(inner).encode()).hexdigest()
        status = path.stat()
        stamp = f"{status.st_size} {status.st_mtime_ns}"
        known = self._read().get(path.as_posix())
        if known and known[0] == stamp:
            return known[1]
        found = fingerprint(path)
        self._read()[path.as_posix()] = (stamp, found)
        self._append(f"{path.as_posix()}\t{stamp}\t{found}\n")
        return found

    def _read(self) -> dict[str, tuple[str, str]]:
        if self._known is None:
            text = self.kept.read_text(encoding="utf-8", errors="replace") if self.kept.exists() else ""
            rows = [line.split("\t") for line in text.splitlines()]
            self._known = {row[0]: (row[1], row[2]) for row in rows if len(row) == 3 and row[2]}
        return self._known

    def _append(self, line: str) -> None:
        try:
            self.kept.parent.mkdir(parents=True, exist_ok=True)
            with open(self.kept, "ab", buffering=0) as file:
                file.write(line.encode())
        except OSError:
            # Where nothing can be written, only the next look takes longer.
            pass
