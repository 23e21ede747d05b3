"""Stop the study, in a line each, if its coding or recordings hold errors."""

from dyadflow.annotations.issues import Issues, require_no_errors
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    summary = require_no_errors(Issues.read(job.input.issues), where=job.input.issues)
    job.output.checked.write_text(summary + "\n")
