"""What a cell is trained on: folds, one coder's labels, and streams, found through their index tables."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dyadflow.agreement.coded import has_coded
from dyadflow.annotations.label_index import read_label_index
from dyadflow.annotations.labels import UNCODED
from dyadflow.errors import DyadflowError
from dyadflow.features.stream import Stream, open_stream
from dyadflow.folds.table import read_folds
from dyadflow.media.grid import FrameGrid
from dyadflow.models.splits import Splits
from dyadflow.tables import read_table

#: Share of the outer training dyads that a refit stops early on.
STOPPING_SHARE = 0.2


@dataclass(frozen=True)
class StreamFile:
    """Where a stream lies, and the digest of its content."""

    path: Path
    sha256: str


@dataclass
class StreamShelf:
    """Streams by session and name, each read once while memory lasts.

    Parameters
    ----------
    files
        By (session, ``<view>.<extractor>``).
    room_bytes
        What may be kept; beyond it the stream that was not used for longest is read again when it is needed.
    """

    files: Mapping[tuple[str, str], StreamFile]
    room_bytes: int = 8 * 2**30
    _kept: "OrderedDict[tuple[str, str], Stream]" = field(default_factory=OrderedDict)

    def take(self, session: str, recipe: Sequence[str]) -> dict[str, Stream]:
        """The streams of a session that a recipe names."""
        return {name: self._one((session, name)) for name in recipe}

    def digests(self, session: str, recipe: Sequence[str]) -> list[str]:
        """Digests of these streams' content, from the index."""
        return [self.files[session, name].sha256 for name in recipe]

    def _one(self, key: tuple[str, str]) -> Stream:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        stream = self._kept[key] = open_stream(self.files[key].path)
        held = sum(_size(other) for other in self._kept.values())
        while held > self.room_bytes and len(self._kept) > 1:
            held -= _size(self._kept.popitem(last=False)[1])
        return stream


@dataclass(frozen=True)
class Part:
    """One side of a split: sessions, and which of their frames it may use.

    Parameters
    ----------
    codes
        By session, in order: each training coder's class of every frame, shape (coders, frames); negative is no class,
        or a frame of the other side.
    """

    codes: Mapping[str, NDArray[np.int8]]

    @property
    def sessions(self) -> list[str]:
        """Names, in order."""
        return list(self.codes)

    def labelled(self) -> bool:
        """Whether any frame has a class."""
        return any((codes >= 0).any() for codes in self.codes.values())


@dataclass(frozen=True)
class CellData(Splits):
    """Everything that one cell reads.

    Parameters
    ----------
    folds
        The table of folds (`read_folds`); its rows are the sessions.
    codes
        Each training coder's class of every frame, by session, shape (coders, frames); negative is no class.
    digests
        Digest of each session's labels.
    classes
        Names of the classes.
    grids
        Frame grid of each session.
    shelf
        The streams.
    """

    codes: Mapping[str, NDArray[np.int8]]
    digests: Mapping[str, str]
    classes: tuple[str, ...]
    grids: Mapping[str, FrameGrid]
    shelf: StreamShelf

    @property
    def rate_hz(self) -> float:
        """Frames a second, the same in every session."""
        return next(iter(self.grids.values())).rate_hz

    def part(self, sessions: Sequence[str]) -> Part:
        """Sessions with all of their frames."""
        return Part({name: self.codes[name] for name in sessions})

    def parts(self, outer: int, inner: int) -> tuple[Part, Part]:
        """The outer training sessions without an inner fold, and those of that inner fold."""
        training, aside = self.split(outer, inner)
        return self.part(training), self.part(aside)

    def predicted(self, outer: int) -> dict[str, NDArray[np.bool_]]:
        """Which frames of which sessions an outer fold's model is the one to predict, each of shape (frames,)."""
        return {name: np.ones(self.grids[name].frames, bool) for name in self.held_out(outer)}

    def stopping_parts(self, outer: int, rule: str) -> tuple[Part, Part]:
        """What a refit learns from, and what it stops early on.

        Parameters
        ----------
        outer
            The outer fold.
        rule
            ``inner_fold``: stop on the inner fold with the fewest dyads, of equals the first. ``share``: on about a
            fifth of the outer training dyads, at least one, taken from that fold in the order of the sheet; and, of
            dyads whose coding holds a class, as far as there are any.
        """
        smallest = min(self.inner_folds(outer), key=lambda inner: (self.dyads_in(outer, inner), inner))
        training, aside = self.split(outer, smallest)
        if rule == "share":
            dyads = self.dyads_of(aside)
            wanted = max(1, round(STOPPING_SHARE * len(self.dyads_of([*training, *aside]))))
            coded = [dyad for dyad in dyads if self.part(self._sessions_of(aside, [dyad])).labelled()]
            chosen = (coded or dyads)[:wanted]
            keep = set(self._sessions_of(aside, chosen))
            training = [name for name in self.folds.session if name in {*training, *aside} - keep]
            aside = [name for name in aside if name in keep]
        return self.part(training), self.part(aside)

    def _sessions_of(self, sessions: Sequence[str], dyads: Sequence[str]) -> list[str]:
        dyad_of = dict(zip(self.folds.session, self.folds.dyad, strict=True))
        return [name for name in sessions if dyad_of[name] in dyads]


def first_codes(codes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Of each frame, the class that the first coder with one gave it; (coders, frames) to (frames,)."""
    chosen = codes[0].copy()
    for other in codes[1:]:
        chosen = np.where(chosen < 0, np.where(other >= 0, other, chosen), chosen)
    return chosen


def read_cell_data(
    *, folds: str | Path, labels: str | Path, features: Iterable[str | Path], recipe: Sequence[str],
    target: str, coders: Sequence[str], every_coder: bool = False,
) -> CellData:
    """Read folds and labels, and find the streams; streams themselves are read when they are taken.

    Parameters
    ----------
    folds
        Table of folds.
    labels
        Index of frame labels: session, file, sha256.
    features
        Indexes of streams, one a batch of sessions: session, view, file, sha256. The folder two above a
        stream's file bears the extractor's name.
    recipe
        Streams to fuse, as ``<view>.<extractor>``.
    target
        Whose classes are predicted.
    coders
        The first of these who coded a session gives its labels; a session that none of them coded is
        predicted but trains nothing.
    every_coder
        Whether all of `coders` give labels instead, each a row; one who did not code a session has no class there.

    Raises
    ------
    DyadflowError
        If a session of the folds has no labels, lacks a stream, or runs at another rate than the others.
    """
    table, labelled = read_folds(folds), read_label_index(labels)
    codes, grids, digests = {}, {}, {}
    classes: tuple[str, ...] = ()
    for session in table.session:
        if session not in labelled:
            raise DyadflowError(
                f"session {session} is in the folds and has no labels", where=str(labels),
                fix="deal the folds again"
            )
        found = labelled[session].read()
        if target not in found.classes:
            raise DyadflowError(
                f"session {session} has no labels of target {target}", where=str(labels),
                fix="label the frames again"
            )
        by_coder = found.codes[target]
        nobody = np.full(found.grid.frames, UNCODED, dtype=np.int8)
        rows = [np.asarray(by_coder.get(name, nobody), dtype=np.int8) for name in coders]
        if not every_coder:
            rows = [next((row for row in rows if has_coded(row)), nobody)]
        codes[session] = np.stack(rows)
        grids[session], digests[session] = found.grid, labelled[session].sha256
        classes = tuple(found.classes[target])
    rates = {grid.rate_hz for grid in grids.values()}
    if len(rates) > 1:
        raise DyadflowError(
            f"sessions have frame rates {', '.join(f'{rate:g}' for rate in sorted(rates))} Hz",
            where=str(labels),
            fix="decode all sessions at one rate",
        )
    files = find_streams(features, list(table.session), recipe)
    return CellData(table, codes, digests, classes, grids, StreamShelf(files))


def find_streams(
    features: Iterable[str | Path], sessions: Sequence[str], recipe: Sequence[str]
) -> dict[tuple[str, str], StreamFile]:
    """Where each session's streams lie, by (session, ``<view>.<extractor>``).

    Raises
    ------
    DyadflowError
        If a session lacks a stream of the recipe.
    """
    found = {}
    for index in map(Path, features):
        columns = ["session", "view", "file", "sha256"]
        for row in read_table(index, columns, text=columns).itertuples():
            path = index.parent / row.file
            found[row.session, f"{row.view}.{path.resolve().parents[1].name}"] = StreamFile(path, row.sha256)
    for session in sessions:
        for name in recipe:
            if (session, name) not in found:
                raise DyadflowError(
                    f"session {session} has no stream {name}", where="features",
                    fix="extract it, or leave the session out of the study",
                )
    return {(session, name): found[session, name] for session in sessions for name in recipe}


def _size(stream: Stream) -> int:
    return stream.values.nbytes + (stream.scatter.nbytes if stream.scatter is not None else 0)
