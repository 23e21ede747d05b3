"""Sum up the streams of a batch of sessions and keep their leading components; what is known already is kept."""

from dyadflow.features.describing import describe_batch
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    describe_batch(job.input.index, job.output.table, code=job.params.code[0], torch_threads=job.params.threads)
