"""Give every frame of one session the class of each target, by coder, and its phase."""

from dyadflow.annotations.labels import label_session
from dyadflow.annotations.segments import Segments
from dyadflow.media.grid import FrameGrid
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    segments = Segments.read(job.input.segments)
    labels = label_session(
        {coder: segments.select(coder=coder) for coder in job.params.coders}, FrameGrid.read(job.input.grid),
        job.params.spec, job.params.phases,
    )
    labels.write(job.output.labels)
