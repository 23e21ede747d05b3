"""List the streams of one extractor in all batches of sessions."""

from dyadflow.features.gathering import gather_indices
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    gather_indices(job.input.batches, job.output.index)
