"""Keep that a study's coding and recordings have passed their check once: long work may begin."""

from pathlib import Path

from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    job.output.passed.write_text(Path(job.input.checked).read_text(encoding="utf-8"), encoding="utf-8")
