"""Gather the segments, issues and accounts of a study, and hold them against the recordings and one another."""

from dyadflow.annotations.account import read_accounts, write_accounts
from dyadflow.annotations.gather import gather_coding
from dyadflow.annotations.issues import Issues
from dyadflow.annotations.segments import Segments
from dyadflow.media.probe import Probe
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    segments, issues, files = gather_coding(
        [Segments.read(path) for path in job.input.segments], [Issues.read(path) for path in job.input.issues],
        dict(zip(job.params.coding, map(Probe.read, job.input.probes), strict=True)),
        coding=job.params.coding, phased=job.params.phased, vocabulary=job.params.vocabulary,
        needs_sound=job.params.needs_sound, severities=job.params.severities,
        least_phase_s=job.params.least_phase_s, each_coder=job.params.each_coder,
        accounts=[read_accounts(path) for path in job.input.accounts],
        kinds=job.params.kinds, sheet_phases=job.params.sheet_phases,
    )
    segments.write(job.output.segments)
    issues.write(job.output.issues)
    write_accounts(files, job.output.files)
