"""Which cells are scored, against whose coding, on which sessions: what every table of results begins with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dyadflow.annotations.labels import SessionLabels
from dyadflow.errors import DyadflowError
from dyadflow.evaluation.counts import Cell
from dyadflow.evaluation.held_out import failure_of
from dyadflow.evaluation.truth import Fold, Truth, choose_truth, read_folds, read_labels

#: How a protocol's sessions are held out and scored: every outer fold in turn, the last fold alone, or, only to show
#: what it would claim, frame by frame.
TESTED = ("every", "last", "frames")


@dataclass(frozen=True)
class Request:
    """What the workflow hands to every job that scores cells; each field as plain values.

    Parameters
    ----------
    cells
        Each with protocol, target, stream, model and probabilities (path of the HDF5 file). Tables keep this order.
    labels
        Index of frame labels: TSV with session, file (relative to the index's folder).
    folds
        For each protocol, its TSV with session, dyad, outer; or one path for all.
    kinds
        Kind of each (session, coder). Only ``human`` coding scores.
    score_coders
        For each protocol, whose coding scores: in each session the first of these who coded the target there.
    tested
        For a protocol, or for ``protocol/model``, which goes before it, one of `TESTED`. Protocols that are not named
        score every fold.
    """

    cells: Sequence[Mapping[str, str]]
    labels: str | Path
    folds: Mapping[str, str | Path] | str | Path
    kinds: Mapping[tuple[str, str], str]
    score_coders: Mapping[str, Sequence[str]]
    tested: Mapping[str, str]

    def folds_of(self, protocol: str) -> dict[str, Fold]:
        """Dyad and outer fold of each session in a protocol."""
        return read_folds(self.folds[protocol] if isinstance(self.folds, Mapping) else self.folds)

    def tested_of(self, protocol: str, model: str) -> str:
        """Which folds of a model are scored, one of `TESTED`."""
        return self.tested.get(f"{protocol}/{model}", self.tested.get(protocol, "every"))


def request_of(
    *, probabilities: Sequence[str | Path], cells: Sequence[Mapping[str, str]], labels: str | Path,
    folds: Sequence[str | Path], protocols: Sequence[str], kinds: Mapping[tuple[str, str], str],
    score_coders: Mapping[str, Sequence[str]], tested: Mapping[str, str],
) -> Request:
    """The request of a job: files in the order of its cells, and tables of folds in that of its protocols."""
    return Request(
        [{**cell, "probabilities": str(path)} for cell, path in zip(cells, probabilities, strict=True)], labels,
        dict(zip(protocols, folds, strict=True)), kinds, score_coders, tested,
    )


@dataclass(frozen=True)
class Scored:
    """One trained cell and what it is scored against.

    Parameters
    ----------
    cell
        Which.
    truth
        Of the sessions that are scored.
    everyone
        Of all sessions with a truth: what baselines are fitted on.
    probabilities
        Its HDF5 file (`read_held_out`).
    """

    cell: Cell
    truth: Truth
    everyone: Truth
    probabilities: Path


@dataclass(frozen=True)
class Gathered:
    """All cells of a study.

    Parameters
    ----------
    scored
        Those that were trained, in the order of the request.
    missing
        Those that could not be: protocol, target, stream, model, reason (a sentence).
    truths
        For each (protocol, target) with a trained cell, the truth of every session.
    labels
        Of each session, what every coder said.
    """

    scored: list[Scored]
    missing: list[dict[str, str]]
    truths: dict[tuple[str, str], Truth]
    labels: Mapping[str, SessionLabels]

    def rate_hz(self, session: str) -> float:
        """Frames a second of a session."""
        return self.labels[session].grid.rate_hz


def gather_scored(request: Request) -> Gathered:
    """Find what every cell of a study is scored against.

    Raises
    ------
    DyadflowError
        If a protocol has no scoring coders, or they coded nothing in the folds that are scored.
    """
    scored, missing, truths, last = [], [], {}, {}
    coded: dict[str, SessionLabels] | None = None
    failed = {str(each["probabilities"]): failure_of(each["probabilities"]) for each in request.cells}
    # Of a target that no cell could be trained for there may be no coding either.
    trained = [each for each in request.cells if failed[str(each["probabilities"])] is None]
    for protocol, target in dict.fromkeys((each["protocol"], each["target"]) for each in trained):
        if not request.score_coders.get(protocol):
            raise DyadflowError(
                f"protocol {protocol} says nobody whose coding scores", fix="name coders in its score_coders")
        folds = request.folds_of(protocol)
        last[protocol] = max(fold.outer for fold in folds.values())
        if coded is None:
            coded = read_labels(request.labels, list(folds))
        truths[protocol, target] = choose_truth(coded, folds, target, request.score_coders[protocol], request.kinds)
    for each in request.cells:
        cell = Cell(each["protocol"], each["target"], each["stream"], each["model"])
        reason = failed[str(each["probabilities"])]
        if reason is not None:
            missing.append(cell.key | {"reason": reason})
            continue
        truth = truths[cell.protocol, cell.target]
        tested = request.tested_of(cell.protocol, cell.model)
        own = restrict_truth(truth, tested, last=last[cell.protocol])
        scored.append(Scored(cell, own, truth, Path(each["probabilities"])))
    return Gathered(scored, missing, truths, coded or {})


def restrict_truth(truth: Truth, tested: str, *, last: int) -> Truth:
    """The truth of the sessions in the folds that are scored.

    Parameters
    ----------
    truth
        Of every session.
    tested
        One of `TESTED`.
    last
        Number of the last outer fold.

    Raises
    ------
    DyadflowError
        If only the last fold is scored and it has no session with a truth.
    """
    if tested == "every":
        return truth
    if tested == "frames":
        return replace(truth, by_frame=True)
    found = {name for name in truth.sessions if truth.folds[name].outer == last}
    if not found:
        raise DyadflowError(
            f"only fold {last} is scored, and it has no session in which a scoring coder coded {truth.target}",
            fix="pin a dyad that was coded to that fold, or name other score_coders",
        )
    return truth.only(found)
