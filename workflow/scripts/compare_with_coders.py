"""Set every cell beside each human coder, on the same frames."""

from dyadflow.evaluation.ceiling import compare_with_coders
from dyadflow.evaluation.scored import request_of
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    params = job.params
    request = request_of(
        probabilities=job.input.probabilities, cells=params.cells, labels=job.input.labels, folds=job.input.folds,
        protocols=params.protocols, kinds=params.kinds, score_coders=params.score_coders, tested=params.tested,
    )
    compare_with_coders(request, level=params.level, ceiling=job.output.ceiling)
