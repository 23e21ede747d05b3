"""Assign the dyads of a study to outer and inner folds, balanced by label."""

from dyadflow.folds.assign import assign_folds
from dyadflow.folds.counting import count_labels
from dyadflow.folds.table import read_pins
from dyadflow.provenance.stage import stage
from dyadflow.tables import write_table

with stage(snakemake) as job:  # noqa: F821
    counts = count_labels(job.input.labels, job.params.dyads, targets=job.params.targets, coders=job.params.coders)
    pins = read_pins(job.input.pins[0] if len(job.input.pins) else None)
    write_table(assign_folds(counts, **job.params.folds, pins=pins), job.output.folds)
