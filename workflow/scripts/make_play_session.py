"""Make one synthetic session of guided play: a recording, and the truth behind it."""

from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.play.write import make_play_recording, write_play_truth
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    session, settings = job.wildcards.session, PlaySettings(**job.params.settings)
    make_play_recording(session, settings=settings, path=job.output.recording)
    write_play_truth(session, settings=settings, path=job.output.truth)
