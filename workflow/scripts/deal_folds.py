"""Deal the dyads of a study anew for one protocol: in another order, into other numbers of folds, or by session."""

from dyadflow.folds.make import make_folds
from dyadflow.provenance.stage import stage
from dyadflow.tables import write_table

with stage(snakemake) as job:  # noqa: F821
    folds, balance = make_folds(
        job.input.labels, job.params.dyads, targets=job.params.targets, coders=job.params.coders,
        settings=job.params.settings, covariates=job.params.covariates, seed=job.params.seed, pins={},
        deal=job.params.deal, by_session=job.params.by_session,
    )
    write_table(folds, job.output.folds)
    write_table(balance, job.output.balance)
