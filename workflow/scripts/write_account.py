"""Write the account of a study's coding files: what was read of each, what is wrong, a picture of every session."""

from pathlib import Path

from dyadflow.media.probe import Probe
from dyadflow.provenance.stage import stage
from dyadflow.report.account import write_account

with stage(snakemake) as job:  # noqa: F821
    write_account(
        study=job.params.study, files=job.input.files, issues=job.input.issues, segments=job.input.segments,
        scheme=job.params.scheme,
        lengths_s={Path(path).parent.name: Probe.read(path).duration_s for path in job.input.probes},
        sheet_phases=job.params.sheet_phases, page=job.output.page,
    )
