"""Make one synthetic session: a recording, two coders' files, and the truth behind them."""

from dyadflow.demo.settings import DemoSettings
from dyadflow.demo.write import make_coding, make_recording, write_truth
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    session, settings = job.wildcards.session, DemoSettings(**job.params.settings)
    make_recording(session, settings=settings, path=job.output.recording)
    make_coding(session, "anna", settings=settings, path=job.output.observer)
    make_coding(session, "ben", settings=settings, path=job.output.elan)
    write_truth(session, settings=settings, path=job.output.truth)
