"""Issues: what was found wrong or odd, one row each, so that nothing is dropped in silence."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from dyadflow.errors import DyadflowError
from dyadflow.tables import read_table, write_table

COLUMNS = ("severity", "rule", "session", "coder", "file", "where", "what", "fix")

#: Every rule that can raise an issue, and how grave it is unless the study says otherwise.
SEVERITIES: dict[str, str] = {
    "missing_file": "error",
    "unreadable_file": "error",
    "empty_file": "error",
    "unreadable_row": "error",
    "unread_sheet": "warning",
    "unread_part": "note",
    "swapped_columns": "error",
    "outside_vocabulary": "warning",
    "unscored": "note",
    "count_disagrees": "error",
    "not_held": "warning",
    "untimed_annotation": "error",
    "untimed_slot": "note",
    "uncertain_times": "error",
    "media_origins": "warning",
    "other_session": "note",
    "other_coder": "note",
    "unknown_coder": "error",
    "unknown_tier": "note",
    "ignored_tier": "note",
    "unknown_code": "error",
    "unpaired_event": "error",
    "reversed_segment": "error",
    "zero_length": "warning",
    "duration_disagrees": "warning",
    "repeated_event": "warning",
    "overlap": "error",
    "gap": "note",
    "before_zero": "warning",
    "past_the_end": "error",
    "length_disagrees": "warning",
    "constant_shift": "error",
    "swapped_sessions": "error",
    "other_recording": "warning",
    "recording_length": "warning",
    "not_checkable": "note",
    "no_segments": "error",
    "not_coded": "note",
    "no_phases": "error",
    "no_phase": "warning",
    "missing_phase": "error",
    "repeated_phase": "error",
    "short_phase": "error",
    "outside_phase": "note",
    "nothing_marked": "warning",
    "unknown_session": "error",
    "duplicate_coder": "error",
    "no_picture": "error",
    "no_sound": "error",
    "truncated": "error",
    "unreadable_media": "error",
    "interlaced": "note",
    "variable_rate": "note",
    "irregular_gap": "warning",
    "late_sound": "note",
    "audio_shorter": "warning",
}


@dataclass(frozen=True)
class Issue:
    """One finding.

    Parameters
    ----------
    rule
        Name of the rule that raised it, a key of `SEVERITIES`.
    what, fix
        What is wrong, and what to do about it; each a clause without a full stop.
    session, coder, file, where
        Where it is; `where` is a line, a row or an annotation's identifier in `file`.
    severity
        ``error`` stops the study, ``warning`` is shown, ``note`` is listed. Empty: the rule's default.
    """

    rule: str
    what: str
    fix: str = ""
    session: str = ""
    coder: str = ""
    file: str = ""
    where: str = ""
    severity: str = ""

    def __post_init__(self) -> None:
        if self.rule not in SEVERITIES:
            raise ValueError(f"no rule is called {self.rule!r}")
        if not self.severity:
            object.__setattr__(self, "severity", SEVERITIES[self.rule])

    def sentence(self) -> str:
        """The issue in one line: where, what, what to do."""
        place = ", ".join(
            part
            for part in (
                f"session {self.session}" if self.session else "",
                f"coder {self.coder}" if self.coder else "",
                self.file,
                self.where,
            )
            if part
        )
        line = f"{place}: {self.what}." if place else f"{self.what}."
        return f"{line} {self.fix[:1].upper()}{self.fix[1:]}." if self.fix else line


@dataclass(frozen=True)
class Issues:
    """A list of findings that reads and writes as a table."""

    rows: tuple[Issue, ...] = field(default_factory=tuple)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Issue]:
        return iter(self.rows)

    def __add__(self, other: "Issues") -> "Issues":
        return Issues(self.rows + other.rows)

    @classmethod
    def of(cls, rows: Iterable[Issue]) -> "Issues":
        """Issues from any iterable."""
        return cls(tuple(rows))

    def errors(self) -> tuple[Issue, ...]:
        """Those that stop the study."""
        return tuple(row for row in self.rows if row.severity == "error")

    def regraded(self, severities: Mapping[str, str]) -> "Issues":
        """The same issues with the study's own severities; ``off`` is written as ``note``, never dropped."""

        def grade(row: Issue) -> Issue:
            severity = severities.get(row.rule, row.severity)
            return Issue(**{**row.__dict__, "severity": "note" if severity == "off" else severity})

        return Issues(tuple(grade(row) for row in self.rows))

    def table(self) -> pd.DataFrame:
        """Columns severity, rule, session, coder, file, where, what, fix."""
        return pd.DataFrame([row.__dict__ for row in self.rows], columns=list(COLUMNS))

    def write(self, path: str | Path) -> None:
        """Write as TSV."""
        write_table(self.table(), path)

    @classmethod
    def read(cls, path: str | Path) -> "Issues":
        """Read what `write` wrote."""
        table = read_table(path, COLUMNS, text=COLUMNS)
        return cls(tuple(Issue(**row) for row in table[list(COLUMNS)].to_dict("records")))


def require_no_errors(issues: Issues, *, where: str) -> str:
    """Stop if any issue is an error.

    Returns
    -------
    str
        How many issues of each severity there are.

    Raises
    ------
    DyadflowError
        With every error among its findings.
    """
    errors = issues.errors()
    if errors:
        raise DyadflowError(
            f"{count_of(len(errors), 'error')} in the coding or the recordings",
            where=str(where),
            fix="repair what is listed there, or lower its severity in the study file (severities:) if it may stand",
            findings=[issue.sentence() for issue in errors],
        )
    warnings = sum(issue.severity == "warning" for issue in issues)
    return f"0 errors, {count_of(warnings, 'warning')}, {count_of(len(issues) - warnings, 'note')}"


def count_of(count: int, noun: str, plural: str = "") -> str:
    """A count and its noun: ``1 error``, ``2 errors``."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
