"""List the clips of one view with what they hold."""

from dyadflow.media.clip_index import write_clip_index
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    write_clip_index(
        dict(zip(job.params.sessions, job.input.clips, strict=True)),
        dict(zip(job.params.sessions, job.input.notes, strict=True)),
        job.output.index, place=job.output.index.parent,
    )
