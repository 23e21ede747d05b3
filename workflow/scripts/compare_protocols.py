"""Lay protocols side by side: leaking claims, groups that fare worse, repeated folds."""

from dyadflow.evaluation.protocols import compare_protocols
from dyadflow.evaluation.scored import request_of
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    params = job.params
    request = request_of(
        probabilities=job.input.probabilities, cells=params.cells, labels=job.input.labels, folds=job.input.folds,
        protocols=params.protocols, kinds=params.kinds, score_coders=params.score_coders, tested=params.tested,
    )
    compare_protocols(
        request, sessions=params.sessions, repeats=params.repeats, settings=params.settings, seed=params.seed,
        claims=job.output.claims, group_gaps=job.output.group_gaps, repeated=job.output.repeated,
    )
