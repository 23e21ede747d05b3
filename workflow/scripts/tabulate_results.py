"""Write one target's results as the first paper's tables have them."""

from dyadflow.provenance.stage import stage
from dyadflow.report.result_tables import tabulate_results

with stage(snakemake) as job:  # noqa: F821
    tabulate_results(
        job.input.cells, scheme=job.params.scheme, target=job.wildcards.target, tested=job.params.tested,
        table=job.output.table,
    )
