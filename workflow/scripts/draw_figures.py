"""Draw the figures of a study's agreement and behaviour, as PDF and SVG."""

from dyadflow.provenance.stage import stage
from dyadflow.report.paper_figures import draw_figures

with stage(snakemake) as job:  # noqa: F821
    inputs = job.input
    draw_figures(
        agreement=inputs.agreement, confusion=inputs.confusion, clock=inputs.get("clock") or None,
        measures=inputs.measures, transitions=inputs.transitions, dyadic=inputs.dyadic, regulation=inputs.regulation,
        scheme=job.params.scheme,
        **{
            name: getattr(job.output, name)
            for name in ("agreement_figure", "confusion_figure", "behaviour_figure", "transitions_figure",
                         "dyadic_figure")
        },
    )
