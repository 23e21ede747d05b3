"""Check a study by itself: what is wrong with its sheets, recordings and coding files."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pandas as pd

from dyadflow.annotations.gather import gather_coding
from dyadflow.annotations.importing import import_session
from dyadflow.annotations.issues import Issues
from dyadflow.annotations.segments import Segments
from dyadflow.media.probe import probe_recording
from dyadflow.study.plan import Plan
from dyadflow.study.study import Study, load_study


@dataclass(frozen=True)
class StudyExamination:
    """What a look at a whole study found.

    Parameters
    ----------
    study
        Its settings, sheets and scheme.
    segments, issues, files
        As `gather_coding` gives them.
    lengths_s
        For each session how long its recording is, in seconds.
    sheet_phases
        For sessions whose phases stand in the sheet: name, onset_s and offset_s on the recording's clock.
    """

    study: Study
    segments: Segments
    issues: Issues
    files: pd.DataFrame
    lengths_s: dict[str, float]
    sheet_phases: dict[str, list[Any]]


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
    return examine_study(file).issues


def examine_study(file: str | Path) -> StudyExamination:
    """As `check_study`, with the segments and the account of the files.

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
    segments, issues, accounts = zip(*imports, strict=True)
    together, found, files = gather_coding(
        segments, issues, probes, vocabulary=asked.vocabulary(job), needs_sound=asked.needs_sound(job),
        coding=asked.coders_by_session(job), phased=asked.phased(job), severities=asked.severities(job),
        least_phase_s=asked.least_phase_s(job), each_coder=asked.each_coder(job), accounts=accounts,
        kinds=asked.kinds(job), sheet_phases=asked.every_sheet_phases(job),
    )
    lengths_s = {session: probe.duration_s for session, probe in probes.items()}
    return StudyExamination(study, together, found, files, lengths_s, asked.every_sheet_phases(job))


def write_study_account(found: StudyExamination, page: str | Path) -> None:
    """Write the page on a study's coding files that a run writes as ``annotations/account.html``.

    Parameters
    ----------
    found
        From `examine_study`.
    page
        The HTML file to write.
    """
    from dyadflow.annotations.account import write_accounts
    from dyadflow.report.account import write_account

    with TemporaryDirectory() as folder:
        tables = {name: Path(folder) / f"{name}.tsv" for name in ("files", "issues", "segments")}
        write_accounts(found.files, tables["files"])
        found.issues.write(tables["issues"])
        found.segments.write(tables["segments"])
        study = found.study
        write_account(
            study={"name": study.name, "title": study.settings.title or study.name}, **tables,
            scheme=study.scheme.model_dump(), lengths_s=found.lengths_s, sheet_phases=found.sheet_phases,
            page=Path(page),
        )
