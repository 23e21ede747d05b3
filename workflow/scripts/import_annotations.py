"""Import the coding of one session, every coder's file: segments, what was wrong with them, and the account."""

from dyadflow.annotations.account import write_accounts
from dyadflow.annotations.importing import import_session
from dyadflow.annotations.vocabulary import Vocabulary
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    segments, issues, account = import_session(
        job.wildcards.session, job.input.coding, job.params.coding,
        vocabulary=Vocabulary.model_validate(job.params.vocabulary), recording=job.params.recording,
    )
    segments.write(job.output.segments)
    issues.write(job.output.issues)
    write_accounts(account, job.output.account)
