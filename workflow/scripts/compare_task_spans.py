"""Compare the coders of a study where each has marked the tasks: spans, and agreement within what they share."""

from dyadflow.agreement.task_spans import compare_task_spans
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    compare_task_spans(
        segments=job.input.segments, dyads=job.params.dyads, kinds=job.params.kinds, coders=job.params.coders,
        spec=job.params.spec, phases=job.params.spec["phases"]["names"], sheet_phases=job.params.sheet_phases,
        spans=job.output.spans, durations=job.output.durations, clock=job.output.clock,
    )
