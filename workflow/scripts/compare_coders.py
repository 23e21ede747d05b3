"""Compare the human coders of a study on identical frames."""

from dyadflow.agreement.coders import compare_coders, tabulate_confusion
from dyadflow.annotations.label_index import read_label_index
from dyadflow.provenance.stage import stage
from dyadflow.tables import write_table

with stage(snakemake) as job:  # noqa: F821
    labels = {session: file.read() for session, file in read_label_index(job.input.labels).items()}
    write_table(compare_coders(labels, job.params.dyads, job.params.kinds), job.output.agreement)
    write_table(tabulate_confusion(labels, job.params.dyads, job.params.kinds), job.output.confusion)
