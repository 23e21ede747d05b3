"""Look at one recording without decoding it: what it holds, and what is wrong with it."""

from dyadflow.media.probe import probe_recording
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    probe_recording(job.input[0]).write(job.output.probe)
