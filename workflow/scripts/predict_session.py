"""Code one session that nobody has coded, with every outer fold's model, for review in ELAN."""

from dyadflow.annotations.formats.writers.eaf import write_eaf
from dyadflow.annotations.scheme import read_scheme
from dyadflow.media.grid import FrameGrid
from dyadflow.prediction.predict import predict_codes
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    segments = predict_codes(
        job.wildcards.session, FrameGrid.read(job.input.grid), models=job.input.models, tiers=job.params.tiers,
        features=job.input.features, threads=job.params.threads,
    )
    segments.write(job.output.segments)
    write_eaf(segments, job.output.elan, scheme=read_scheme(job.params.scheme), media=job.params.media)
