"""Compare the human coders of a study on identical frames: every two of them, and all together."""

from dyadflow.agreement.coders import compare_coders, tabulate_confusion
from dyadflow.agreement.reliability import reliability_table
from dyadflow.annotations.label_index import read_label_index
from dyadflow.provenance.stage import stage
from dyadflow.tables import write_table

with stage(snakemake) as job:  # noqa: F821
    labels = {session: file.read() for session, file in read_label_index(job.input.labels).items()}
    study = (labels, job.params.dyads, job.params.kinds)
    how = {"ordered": job.params.ordered, "level": job.params.settings["level"]}
    write_table(compare_coders(*study, **how), job.output.agreement)
    write_table(tabulate_confusion(*study), job.output.confusion)
    write_table(reliability_table(*study, **how), job.output.reliability)
