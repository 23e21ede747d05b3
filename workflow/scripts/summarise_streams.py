"""Put what sums up each stream of a study into one table."""

from dyadflow.features.summary import summarise_streams
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    summarise_streams(job.input.tables, job.output.summary)
