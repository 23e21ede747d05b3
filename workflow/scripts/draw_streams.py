"""Draw the component means of one extractor over every session, as PDF and SVG."""

from dyadflow.provenance.stage import stage
from dyadflow.report.stream_figures import draw_streams

with stage(snakemake) as job:  # noqa: F821
    draw_streams(
        tables=job.input.tables, extractor=job.wildcards.extractor, motion=job.params.motion,
        labels=job.input.labels, sheet_phases=job.params.sheet_phases, phases=job.params.phases,
        figures=job.output.figures,
    )
