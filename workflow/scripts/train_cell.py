"""Search, train and apply one network to one target from one set of streams, nested in dyads."""

from dyadflow.models.cell import train_cell
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    train_cell(
        folds=job.input.folds, labels=job.input.labels, features=job.input.features, recipe=job.params.recipe,
        target=job.wildcards.target, network=job.params.network, protocol=job.params.protocol, seed=job.params.seed,
        state=job.params.state, models=job.output.models, probabilities=job.output.probabilities,
        search=job.output.search, history=job.output.history, tested=job.params.tested,
        torch_threads=job.params.threads, fits_at_once=job.params.fits_at_once, room_gib=job.params.room_gib,
        code=job.params.code[0],
    )
