"""Score each class against all others, at every threshold."""

from dyadflow.evaluation.classes import score_classes
from dyadflow.evaluation.scored import request_of
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    params = job.params
    request = request_of(
        probabilities=job.input.probabilities, cells=params.cells, labels=job.input.labels, folds=job.input.folds,
        protocols=params.protocols, kinds=params.kinds, score_coders=params.score_coders, tested=params.tested,
    )
    score_classes(
        request, instructed=params.instructed, level=params.level, classes=job.output.classes, curves=job.output.curves)
