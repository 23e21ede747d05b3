"""Search, train and apply one video network to one target, on snippets of one view."""

from dyadflow.media.grid import FrameGrid
from dyadflow.models.video.cell import train_video_cell
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    train_video_cell(
        folds=job.input.folds, segments=job.input.segments,
        clips=dict(zip(job.params.sessions, job.input.clips, strict=True)), target=job.wildcards.target,
        frames={
            session: FrameGrid.read(grid).frames
            for session, grid in zip(job.params.sessions, job.input.grids, strict=True)
        },
        spec=job.params.spec, sheet_phases=job.params.sheet_phases, rate_hz=job.params.rate_hz,
        video=job.params.video, protocol=job.params.protocol, kinds=job.params.kinds, seed=job.params.seed,
        state=job.params.state, models=job.output.models, probabilities=job.output.probabilities,
        snippets=job.output.snippets, search=job.output.search, torch_threads=job.params.threads,
        code=job.params.code[0],
    )
