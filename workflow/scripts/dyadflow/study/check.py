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
    asked = Plan({study.name: study}, scripts="").annotations
    imports, probes = [], {}
    for session in study.sessions:
        job = SimpleNamespace(study=study.name, session=session.name)
        imports.append(import_session(
            session.name, asked.coding_files(job), asked.coding(job), vocabulary=asked.vocabulary(job),
            recording=Path(session.media).name,
        ))
        probes[session.name] = probe_recording(session.media)
    job = SimpleNamespace(study=study.name)
    _, issues = gather_coding(
        [segments for segments, _ in imports], [issues for _, issues in imports], probes,
        vocabulary=asked.vocabulary(job), needs_sound=asked.needs_sound(job), coding=asked.coders_by_session(job),
        phased=asked.phased(job), severities=asked.severities(job), least_phase_s=asked.least_phase_s(job),
        each_coder=asked.each_coder(job),
    )
    return issues
