"""Write the pictures of one view as numbers, for training on snippets."""

from dyadflow.media.clip_index import write_clip_note
from dyadflow.media.clips import write_clips
from dyadflow.media.grid import FrameGrid
from dyadflow.media.layout import view_file
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    grid = FrameGrid.read(job.input.grid)
    write_clips(view_file(job.input.views, job.wildcards.view), job.output.clips, rate_hz=grid.rate_hz)
    write_clip_note(job.output.clips, job.output.note, frames=grid.frames)
