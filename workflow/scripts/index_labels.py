"""List the label files of a study with the digests of their content."""

from dyadflow.annotations.label_index import write_label_index
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    files = dict(zip(job.params.sessions, job.input.labels, strict=True))
    write_label_index(files, job.output.index, place=job.output.index.parent)
