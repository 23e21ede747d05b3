"""Decode one session in one pass: every view at a constant rate, and 16 kHz mono audio."""

from dyadflow.media.decode import decode_session
from dyadflow.media.layout import AUDIO, view_file
from dyadflow.media.settings import MediaSettings, View
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    job.output.views.mkdir()
    grid = decode_session(
        job.input[0],
        views={name: View(**view) for name, view in job.params.views.items()},
        settings=MediaSettings(**job.params.settings),
        view_paths={name: view_file(job.output.views, name) for name in job.params.views},
        audio_path=view_file(job.output.views, AUDIO),
    )
    grid.write(job.output.grid)
