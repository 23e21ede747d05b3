"""Every result of a study's cells, from held-out probabilities and human labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.errors import DyadflowError
from dyadflow.evaluation.baselines import count_baselines
from dyadflow.evaluation.comparisons import compare_cells
from dyadflow.evaluation.counts import KEY, CellCounts, count_cell
from dyadflow.evaluation.covariates import group_sessions
from dyadflow.evaluation.scored import Gathered, Request, gather_scored, restrict_truth
from dyadflow.evaluation.scores import list_confusion, score_cell, score_folds, score_groups
from dyadflow.evaluation.settings import EvaluationSettings
from dyadflow.tables import write_table

CELL_COLUMNS = (*KEY, "phase", "metric", "value", "low", "high", "fold_mean", "fold_sd", "dyads", "frames")
GROUP_COLUMNS = (*KEY, "covariate", "level", "metric", "value", "low", "high", "dyads", "frames")
CONFUSION_COLUMNS = (*KEY, "phase", "truth", "predicted", "frames")
FOLD_COLUMNS = (*KEY, "fold", "metric", "value")
COMPARISON_COLUMNS = (
    *KEY, "against_stream", "against_model", "metric", "difference", "low", "high", "dyads", "wins", "p",
    "p_holm",
)
MISSING_COLUMNS = (*KEY, "reason")


@dataclass(frozen=True)
class Evaluation:
    """The six result tables of a study.

    Parameters
    ----------
    cells
        One row a (cell, phase, metric): its value in the pooled confusion of all held-out dyads, the interval
        over dyads, and mean and standard deviation over the outer folds in which it is defined. Baselines are
        cells with the stream ``none``. A phase in which nothing was scored has no rows.
    groups
        The same by level of each covariate.
    confusion
        Frames by phase, truth and prediction.
    fold_scores
        One row a (cell, outer fold, metric).
    comparisons
        Those named beforehand.
    missing
        Cells that could not be trained, with the sentence that says why.
    """

    cells: pd.DataFrame
    groups: pd.DataFrame
    confusion: pd.DataFrame
    fold_scores: pd.DataFrame
    comparisons: pd.DataFrame
    missing: pd.DataFrame

    def write(
        self,
        *,
        cells: str | Path,
        groups: str | Path,
        confusion: str | Path,
        fold_scores: str | Path,
        comparisons: str | Path,
        missing: str | Path,
    ) -> None:
        """Write each table to its own path, as TSV."""
        write_table(self.cells, cells)
        write_table(self.groups, groups)
        write_table(self.confusion, confusion)
        write_table(self.fold_scores, fold_scores)
        write_table(self.comparisons, comparisons)
        write_table(self.missing, missing)


def evaluate_cells(
    *,
    cells: Sequence[Mapping[str, str]],
    labels: str | Path,
    folds: Mapping[str, str | Path] | str | Path,
    sessions: pd.DataFrame | Sequence[Mapping[str, object]],
    kinds: Mapping[tuple[str, str], str],
    score_coders: Mapping[str, Sequence[str]],
    instructed: Sequence[str] = (),
    settings: EvaluationSettings | Mapping[str, object] | None = None,
    seed: int = 0,
    tested: Mapping[str, str] | None = None,
) -> Evaluation:
    """Score held-out predictions against human coding, beside the baselines, and make the named comparisons.

    Parameters
    ----------
    cells
        Each with protocol, target, stream, model and probabilities (path of the HDF5 file). Tables keep this
        order, with the baselines of a protocol and target before its cells.
    labels
        Index of frame labels: TSV with session, file (relative to the index's folder).
    folds
        TSV with session, dyad, outer; one for all protocols, or one for each.
    sessions
        Rows of the session sheet: session and covariates.
    kinds
        Kind of each (session, coder). Only ``human`` coding scores.
    score_coders
        For each protocol, whose coding scores: in each session the first of these who coded the target there.
    instructed
        Phases in which the caregiver's behaviour is instructed; results are also given without each.
    settings
        Level of the intervals, comparisons, covariates.
    seed
        Of the random sign flips.
    tested
        For a protocol, or for ``protocol/model``, ``every``, ``last`` or ``frames`` (`Request`). Protocols that are
        not named score every fold.

    Returns
    -------
    Evaluation
        Sessions in which none of the scoring coders coded the target are not scored; all others in the scored
        folds are, exactly once. Where only the last fold is scored, baselines are fitted on all the others.
        Frames without a class (uncoded, unscorable, excluded) are masked everywhere.

    Raises
    ------
    DyadflowError
        If a cell lacks a session, or predicted it in another fold than the one in which it is held out; if a
        protocol has no scoring coders, or they coded nothing in the folds that are scored; if a comparison or
        covariate names what is not there.

    Notes
    -----
    Withanage Don et al. (ICMI 2024, doi 10.1145/3678957.3685704) give the mean over folds in Tables 3 and 4;
    that is ``fold_mean``. The headline, ``value``, comes from the pooled confusion, because a small fold may
    lack a class altogether, which then counts as a failure to find it.
    """
    chosen = EvaluationSettings.model_validate(settings or {})
    request = Request(cells, labels, folds, kinds, score_coders, tested or {})
    gathered = gather_scored(request)
    counted = count_everything(gathered, request)
    rows = sessions.to_dict("records") if isinstance(sessions, pd.DataFrame) else list(sessions)
    groups = group_scored(rows, chosen.covariates, counted)
    phases = tuple(instructed)
    return Evaluation(
        cells=_table([score_cell(each, phases, chosen.level) for each in counted], CELL_COLUMNS),
        groups=_table([score_groups(each, groups, chosen.level) for each in counted], GROUP_COLUMNS),
        confusion=_table([list_confusion(each, phases) for each in counted], CONFUSION_COLUMNS),
        fold_scores=_table([score_folds(each) for each in counted], FOLD_COLUMNS),
        comparisons=_table(
            [compare_cells(counted, chosen.comparisons, level=chosen.level, seed=seed, missing=gathered.missing)],
            COMPARISON_COLUMNS),
        missing=_table([gathered.missing], MISSING_COLUMNS),
    )


def count_everything(gathered: Gathered, request: Request) -> list[CellCounts]:
    """Confusions of all cells, and of the baselines of each (protocol, target) before its cells."""
    counted: list[CellCounts] = []
    for (protocol, target), truth in gathered.truths.items():
        own = [each for each in gathered.scored if (each.cell.protocol, each.cell.target) == (protocol, target)]
        last = max(fold.outer for fold in request.folds_of(protocol).values())
        # Baselines have seen nobody, however frames were dealt.
        tested = request.tested.get(protocol, "every").replace("frames", "every")
        scored = restrict_truth(truth, tested, last=last).sessions
        counted += [baseline.only(scored) for baseline in count_baselines(protocol, truth)]
        counted += [count_cell(each.cell, each.truth, each.probabilities) for each in own]
    return counted


def group_scored(
    rows: Sequence[Mapping[str, object]], covariates: Sequence[str], counted: Sequence[CellCounts]
) -> dict[str, dict[str, str]]:
    """Levels of the sessions that are scored anywhere, so that medians are theirs."""
    scored = {session for each in counted for session in each.truth.sessions}
    kept = [row for row in rows if str(row["session"]) in scored]
    missing = sorted(scored - {str(row["session"]) for row in kept})
    if missing and covariates:
        raise DyadflowError(
            f"session {missing[0]} was scored but has no row", where="session sheet",
            fix="add it to the sheet",
        )
    return group_sessions(kept, covariates)


def _table(parts: Sequence[Sequence[dict[str, Any]]], columns: Sequence[str]) -> pd.DataFrame:
    """All rows, with the table's columns in their order even where there is no row."""
    return pd.DataFrame([row for part in parts for row in part], columns=list(columns))
