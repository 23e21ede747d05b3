"""What comes out of several protocols side by side: leaking claims, groups that fare worse, repeated folds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from dyadflow.evaluation.cells import count_everything, group_scored
from dyadflow.evaluation.claims import CLAIM_COLUMNS, list_claims
from dyadflow.evaluation.group_gaps import GROUP_GAP_COLUMNS, list_group_gaps
from dyadflow.evaluation.repeated import REPEATED_COLUMNS, list_repeated
from dyadflow.evaluation.scored import Request, gather_scored
from dyadflow.evaluation.settings import EvaluationSettings
from dyadflow.tables import write_table


def compare_protocols(
    request: Request, *, sessions: Sequence[Mapping[str, object]], repeats: Mapping[str, str],
    settings: EvaluationSettings | Mapping[str, object], seed: int, claims: str | Path, group_gaps: str | Path,
    repeated: str | Path,
) -> None:
    """Write the three tables.

    Parameters
    ----------
    request
        Which cells.
    sessions
        Rows of the session sheet: session and covariates.
    repeats
        For each protocol the name of the group of protocols that differ in nothing but their deal of folds.
    settings
        Level of the intervals, named comparisons, covariates.
    seed
        Of random permutations.
    claims, group_gaps, repeated
        TSV to write: see `list_claims`, `list_group_gaps`, `list_repeated`.
    """
    chosen = EvaluationSettings.model_validate(settings)
    gathered = gather_scored(request)
    counted = count_everything(gathered, request)
    trained = {each.cell for each in gathered.scored}
    groups = group_scored(sessions, chosen.covariates, counted)
    models = [each for each in counted if each.cell in trained]
    for rows, columns, path in (
        (list_claims(models, chosen.level), CLAIM_COLUMNS, claims),
        (list_group_gaps(models, groups, level=chosen.level, seed=seed), GROUP_GAP_COLUMNS, group_gaps),
        (list_repeated(counted, chosen.comparisons, repeats, gathered.truths, level=chosen.level), REPEATED_COLUMNS,
         repeated),
    ):
        write_table(pd.DataFrame(rows, columns=list(columns)), path)
