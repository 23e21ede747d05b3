"""Score every cell of a study against human coding, beside the baselines."""

from dyadflow.evaluation.cells import evaluate_cells
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    params = job.params
    evaluation = evaluate_cells(
        cells=[
            {**cell, "probabilities": path} for cell, path in zip(params.cells, job.input.probabilities, strict=True)
        ],
        labels=job.input.labels, folds=dict(zip(params.protocols, job.input.folds, strict=True)),
        sessions=params.sessions, kinds=params.kinds, score_coders=params.score_coders, instructed=params.instructed,
        settings=params.settings, seed=params.seed, tested=params.tested,
    )
    evaluation.write(
        cells=job.output.cells, groups=job.output.groups, confusion=job.output.confusion,
        fold_scores=job.output.fold_scores, comparisons=job.output.comparisons, missing=job.output.missing,
    )
