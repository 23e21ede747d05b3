"""Draw a session's pictures, and the first components of its tokens as colour over them."""

from dyadflow.provenance.stage import stage
from dyadflow.report.stream_colours import colour_frames

with stage(snakemake) as job:  # noqa: F821
    colour_frames(
        session=job.wildcards.session, views=job.input.views, grid=job.input.grid, tables=job.input.tables,
        labels=next(iter(job.input.labels), None), sheet_phases=job.params.sheet_phases, phases=job.params.phases,
        picture=job.output.picture,
    )
