"""Compare the human coders of a study where both may be a little early or late: by frame, by event, and gamma."""

from dyadflow.agreement.events import compare_events
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    compare_events(
        segments=job.input.segments, labels=job.input.labels, spec=job.params.spec,
        sheet_phases=job.params.sheet_phases, dyads=job.params.dyads, kinds=job.params.kinds,
        settings=job.params.settings, seed=job.params.seed, events=job.output.events,
    )
