"""Check a study by itself: what is wrong with its sheets, recordings and coding files."""

from pathlib import Path
from types import SimpleNamespace

from dyadflow.annotations.gather import gather_coding
from dyadflow.annotations.importing import import_session
from dyadflow.annotations.issues import Issues
from dyadflow.media.probe import probe_recording
from dyadflow.study.plan import Plan
from dyadflow.study.study import load_study


def check_study(file: str | Path) -> Issues:
    """Read every sheet, recording and coding file of a study, and gather what is wrong.

    The same checks that a run makes before it decodes anything, without writing a file.

    Parameters
    ----------
    file
        The study's YAML file.

    Raises
    ------
    DyadflowError
        If the configuration or a sheet cannot be used at all.
    """
    study = load_study(file)
    plan = Plan({study.name: study}, scripts="")
    imports, probes = [], {}
    for session in study.sessions:
        job = SimpleNamespace(study=study.name, session=session.name)
        imports.append(import_session(
            session.name, plan.coding_files(job), plan.coding(job), vocabulary=plan.vocabulary(job),
            recording=plan.media_name(job),
        ))
        probes[session.name] = probe_recording(session.media)
    job = SimpleNamespace(study=study.name)
    _, issues = gather_coding(
        [segments for segments, _ in imports], [issues for _, issues in imports], probes,
        vocabulary=plan.vocabulary(job), needs_sound=plan.needs_sound(job), coding=plan.coders_by_session(job),
        phased=plan.phased(job), severities=plan.severities(job),
    )
    return issues
