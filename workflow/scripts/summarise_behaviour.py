"""Sum up the behaviour of a study: measures, transitions, lags, dyadic states and their regulation."""

from dyadflow.behaviour.summarise import summarise_behaviour
from dyadflow.media.probe import Probe
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    lengths_s = [Probe.read(path).duration_s for path in job.input.probes]
    summarise_behaviour(
        segments=job.input.segments, scheme=job.params.scheme, sessions=job.params.sessions, kinds=job.params.kinds,
        sheet_phases=job.params.sheet_phases, lengths_s=dict(zip(job.params.sessions, lengths_s, strict=True)),
        settings=job.params.settings, measures=job.output.measures, wide=job.output.wide,
        transitions=job.output.transitions, lags=job.output.lags, dyadic=job.output.dyadic,
        regulation=job.output.regulation, phases=job.output.phases, icc=job.output.icc, codebook=job.output.codebook,
    )
