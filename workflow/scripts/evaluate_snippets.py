"""Score the video networks of a study snippet by snippet, against every coder and beside what chance can do."""

from dyadflow.evaluation.snippets import evaluate_snippets
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    evaluate_snippets(
        cells=[{**cell, "snippets": path} for cell, path in zip(job.params.cells, job.input.snippets, strict=True)],
        segments=job.input.segments, specs=job.params.spec["targets"], sheet_phases=job.params.sheet_phases,
        kinds=job.params.kinds, score_coders=job.params.score_coders, presets=job.params.presets,
        level=job.params.level, seed=job.params.seed,
        scores=job.output.scores, raters=job.output.raters, kappas=job.output.kappas,
    )
