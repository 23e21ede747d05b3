"""Score the bouts of every cell: found, in order, and with their edges in place."""

from dyadflow.evaluation.bout_scores import score_bouts
from dyadflow.evaluation.scored import request_of
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    params = job.params
    request = request_of(
        probabilities=job.input.probabilities, cells=params.cells, labels=job.input.labels, folds=job.input.folds,
        protocols=params.protocols, kinds=params.kinds, score_coders=params.score_coders, tested=params.tested,
    )
    score_bouts(request, level=params.level, bouts=job.output.bouts)
