# Paths and wildcards, nothing else. What a job reads and which settings concern it, `plan` answers.
import gc
import sys
from pathlib import Path

# All jobs of a plan stay until the end. Looking for garbage among them as often as Python does by itself is a sixth of
# the time that planning a thousand sessions takes (docs/performance.md).
gc.set_threshold(50_000, 50, 100)

SCRIPTS = Path(str(workflow.current_basedir)).parent / "workflow" / "scripts"
sys.path.insert(0, str(SCRIPTS))

from dyadflow.errors import DyadflowError
from dyadflow.provenance.faults import take_faults
from dyadflow.provenance.loading import prepare_jobs
from dyadflow.provenance.secrets import scrub
from dyadflow.study.arrays import refuse_hindered_arrays
from dyadflow.study.plan import Plan

prepare_jobs(SCRIPTS)
try:
    plan = Plan.load(config.get("studies"), SCRIPTS)
    absent = []
    # A job reads this file again, on a cluster on its node; whether all is there was found out before it began.
    if workflow.is_main_process:
        absent = plan.absent_inputs()
        if not absent:
            plan.media.link()
except DyadflowError as error:
    sys.exit(scrub(f"dyadflow: {error}"))
if absent:
    sys.exit(scrub("\n".join(f"dyadflow: {error}" for error in absent)))


wildcard_constraints:
    study="|".join(plan.studies),
    session="[A-Za-z0-9][A-Za-z0-9_-]*",
    extractor="[A-Za-z0-9][A-Za-z0-9_-]*",
    batch=r"\d+",
    protocol="[A-Za-z0-9][A-Za-z0-9_-]*",
    target="[A-Za-z0-9][A-Za-z0-9_-]*",
    stream="[A-Za-z0-9][A-Za-z0-9_-]*",
    model="[A-Za-z0-9][A-Za-z0-9_-]*",
    view="[A-Za-z0-9][A-Za-z0-9_-]*",
