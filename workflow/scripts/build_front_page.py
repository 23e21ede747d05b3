"""Write the page that links the pages of all studies."""

from dyadflow.provenance.stage import stage
from dyadflow.report.front import build_front_page

with stage(snakemake) as job:  # noqa: F821
    build_front_page(job.params.studies, job.output.page)
