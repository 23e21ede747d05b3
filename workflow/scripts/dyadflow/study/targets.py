"""What can be asked to be checked: whole studies, and coding files that belong to none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.account import FILE_COLUMNS, write_accounts
from dyadflow.annotations.formats.reading import Format
from dyadflow.annotations.issues import Issues, count_of
from dyadflow.errors import DyadflowError

#: Endings of a study's configuration; everything else is a coding file.
STUDY_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Checked:
    """What was found in some studies and coding files.

    Parameters
    ----------
    issues
        All findings.
    files
        The account, with the columns `annotations.account.FILE_COLUMNS`.
    balances
        For each coding file that was checked by itself what became of its annotations, a line each.
    """

    issues: Issues
    files: pd.DataFrame
    balances: tuple[str, ...]

    def write(self, *, issues: str | Path | None = None, files: str | Path | None = None) -> None:
        """Write findings and account as TSV, where a path is given."""
        if issues:
            self.issues.write(issues)
        if files:
            write_accounts(self.files, files)


def check_targets(
    targets: Sequence[str | Path],
    *,
    scheme: str | Path | None = None,
    recording: str | Path | None = None,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    page: str | Path | None = None,
) -> Checked:
    """Check studies, named by their YAML files, and coding files.

    Parameters
    ----------
    targets
        Files.
    scheme, recording, format, columns
        For coding files: what they are held against, and how they are read.
    page
        Where to write the account as a page, of one target.

    Raises
    ------
    DyadflowError
        If a study or the scheme cannot be used, or options and targets do not go together.
    """
    alone = [Path(target) for target in targets if Path(target).suffix.lower() not in STUDY_SUFFIXES]
    studies = [Path(target) for target in targets if Path(target) not in alone]
    if page and len(targets) > 1:
        raise DyadflowError("a page is of one study or of one coding file", where="--page", fix="check them one by one")
    given = {"--scheme": scheme, "--recording": recording, "--from": format != "auto", "--columns": columns}
    for option, value in given.items():
        if studies and value:
            raise DyadflowError(
                f"{option} is for coding files, and {studies[0]} is a study, which says this itself",
                fix="leave it out, or check the coding files alone",
            )
    parts = [_check_study(study, page) for study in studies]
    parts += _check_files(alone, scheme, recording, format, columns or {}, page) if alone else []
    return Checked(
        sum((part.issues for part in parts), Issues()),
        pd.concat([part.files for part in parts], ignore_index=True),
        tuple(line for part in parts for line in part.balances),
    )


def _check_study(study: Path, page: str | Path | None) -> Checked:
    from dyadflow.study.check import examine_study, write_study_account

    found = examine_study(study)
    if page:
        write_study_account(found, page)
    return Checked(found.issues, found.files, ())


def _check_files(
    paths: Sequence[Path], scheme: str | Path | None, recording: str | Path | None, format: str,
    columns: Mapping[str, str], page: str | Path | None,
) -> list[Checked]:
    from dyadflow.annotations.doctor.examine import examine_file
    from dyadflow.annotations.formats.reading import ReadOptions
    from dyadflow.annotations.scheme import read_scheme
    from dyadflow.media.probe import probe_recording

    plan, probe = read_scheme(scheme) if scheme else None, probe_recording(recording) if recording else None
    parts = []
    for path in paths:
        found = examine_file(path, format=format, options=ReadOptions(columns), scheme=plan, recording=probe)
        if page:
            from dyadflow.report.account import write_file_account

            write_file_account(found, Path(page), plan)
        table = pd.DataFrame([found.account], columns=list(FILE_COLUMNS))
        parts.append(Checked(found.issues, table, (_balance(found.account, found.format),) if found.format else ()))
    return parts


def _balance(account: Mapping[str, Any], known: Format) -> str:
    """What became of a file's annotations, in a line."""
    parts = f"{account['kept']} kept, {account['left_out']} left out, {account['rejected']} rejected"
    return f"{account['file']} ({known.title}): {count_of(account['annotations'], 'annotation')}: {parts}."
