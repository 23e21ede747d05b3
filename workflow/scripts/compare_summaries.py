"""Compare what a psychologist would publish from human and from predicted codes."""

from dyadflow.evaluation.scored import request_of
from dyadflow.evaluation.summaries import compare_summaries
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    params = job.params
    request = request_of(
        probabilities=job.input.probabilities, cells=params.cells, labels=job.input.labels, folds=job.input.folds,
        protocols=params.protocols, kinds=params.kinds, score_coders=params.score_coders, tested=params.tested,
    )
    compare_summaries(request, level=params.level, summaries=job.output.summaries)
