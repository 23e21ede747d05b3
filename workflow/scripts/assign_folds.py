"""Assign the dyads of a study to outer and inner folds, balanced by label."""

from dyadflow.folds.make import make_folds
from dyadflow.folds.table import read_pins
from dyadflow.provenance.stage import stage
from dyadflow.tables import write_table

with stage(snakemake) as job:  # noqa: F821
    folds, balance = make_folds(
        job.input.labels, job.params.dyads, targets=job.params.targets, coders=job.params.coders,
        settings=job.params.settings, covariates=job.params.covariates, seed=job.params.seed,
        pins=read_pins(job.input.pins[0] if len(job.input.pins) else None),
    )
    write_table(folds, job.output.folds)
    write_table(balance, job.output.balance)
