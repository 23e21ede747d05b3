"""Compare every cell with its own predictions, shifted in time and exchanged between dyads."""

from dyadflow.evaluation.chance import compare_with_chance
from dyadflow.evaluation.scored import request_of
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    params = job.params
    request = request_of(
        probabilities=job.input.probabilities, cells=params.cells, labels=job.input.labels, folds=job.input.folds,
        protocols=params.protocols, kinds=params.kinds, score_coders=params.score_coders, tested=params.tested,
    )
    compare_with_chance(request, draws=params.draws, seed=params.seed, chance=job.output.chance)
