"""Make one coder's ELAN file of one synthetic session of guided play."""

from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.play.write import make_play_coding
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    make_play_coding(
        job.wildcards.session, job.wildcards.coder, settings=PlaySettings(**job.params.settings), path=job.output.elan
    )
