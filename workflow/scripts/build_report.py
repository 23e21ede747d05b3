"""Write the study's page."""

from dyadflow.media.grid import FrameGrid
from dyadflow.provenance.stage import stage
from dyadflow.report.page import build_report

with stage(snakemake) as job:  # noqa: F821
    inputs = job.input
    durations = [FrameGrid.read(path).duration_s for path in inputs.grids]
    build_report(
        study=job.params.study, scheme=job.params.scheme, segments=inputs.segments, issues=inputs.issues,
        sessions=[
            {**session, "duration_s": duration}
            for session, duration in zip(job.params.sessions, durations, strict=True)
        ],
        agreement=inputs.agreement, agreement_confusion=inputs.agreement_confusion,
        **{
            name: inputs.get(name) or None
            for name in (
                "folds", "cells", "groups", "confusion", "fold_scores", "comparisons", "balance", "task_spans",
                "durations", "clock", "snippet_scores", "snippet_raters", "snippet_kappas", "reliability", "events",
                "measures", "transitions", "dyadic", "regulation", "icc", "streams", "missing",
                "classes", "calibration", "reliability_bins", "bouts", "chance", "ceiling", "summaries", "claims",
                "group_gaps", "repeated",
            )
        },
        features=inputs.features, labels=inputs.labels,
        probabilities=[
            {**cell, "path": path} for cell, path in zip(job.params.cells, inputs.probabilities, strict=True)
        ],
        headline=job.params.headline, predictions=inputs.predictions, page=job.output.page,
        account="../annotations/account.html", stream_figures="../figures/streams_{extractor}.pdf",
        result_figures=job.params.result_figures,
    )
