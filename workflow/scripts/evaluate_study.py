"""Score every cell of a study against human coding, beside the baselines."""

from dyadflow.evaluation.cells import evaluate_cells
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    evaluation = evaluate_cells(
        cells=[
            {**cell, "probabilities": path}
            for cell, path in zip(job.params.cells, job.input.probabilities, strict=True)
        ],
        labels=job.input.labels, folds=job.input.folds, sessions=job.params.sessions, kinds=job.params.kinds,
        score_coders=job.params.score_coders, instructed=job.params.instructed, settings=job.params.settings,
        seed=job.params.seed, tested=job.params.tested,
    )
    evaluation.write(
        cells=job.output.cells, groups=job.output.groups, confusion=job.output.confusion,
        fold_scores=job.output.fold_scores, comparisons=job.output.comparisons, missing=job.output.missing,
    )
