"""Extract one backbone's streams from a batch of sessions; what is there already is kept."""

from pathlib import Path

from dyadflow.features.extract import extract_batch
from dyadflow.media.layout import view_file
from dyadflow.media.probe import Probe
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    sessions = [
        {
            "session": session, "grid": grid, "has_sound": bool(Probe.read(probe).audio),
            "views": {view: view_file(folder, view) for view in job.params.settings["views"]},
        }
        for session, grid, folder, probe in zip(
            job.params.sessions, job.input.grids, job.input.views, job.input.probes, strict=True
        )
    ]
    extract_batch(
        sessions, job.params.settings, code=job.params.code[0], folder=Path(job.output.index).parent,
        index=job.output.index, torch_threads=job.params.threads,
    )
