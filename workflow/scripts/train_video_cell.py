"""Search, train and apply one video network to one target, on snippets of one view."""

from dyadflow.media.clip_index import read_clip_index
from dyadflow.models.video.cell import train_video_cell
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    clips = read_clip_index(job.input.clips)
    train_video_cell(
        folds=job.input.folds, segments=job.input.segments, target=job.wildcards.target,
        clips={session: file.path for session, file in clips.items()},
        frames={session: file.frames for session, file in clips.items()},
        spec=job.params.spec, sheet_phases=job.params.sheet_phases, rate_hz=job.params.rate_hz,
        video=job.params.video, protocol=job.params.protocol, kinds=job.params.kinds, seed=job.params.seed,
        state=job.params.state, models=job.output.models, probabilities=job.output.probabilities,
        snippets=job.output.snippets, search=job.output.search, torch_threads=job.params.threads,
        code=job.params.code[0],
    )
