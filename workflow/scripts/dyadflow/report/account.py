"""The doctor's account: what was read of each coding file, what is wrong with it, and a picture of every session.

Like the study's page it is one file without scripts that refers to nothing outside itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dyadflow.annotations.issues import SEVERITIES, Issue, Issues
from dyadflow.annotations.scheme import Scheme, read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.report.account_pictures import coloured_codes, draw_sessions, scheme_of_codes
from dyadflow.report.palette import Palette
from dyadflow.report.rendering import environment
from dyadflow.report.strips import SHAPES
from dyadflow.report.wording import ABSENT, MINUS, count, is_missing, listing, plural
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from dyadflow.annotations.doctor.examine import Examination

GRADES = ("error", "warning", "note")
_TEXT = ("session", "coder", "kind", "file", "format", "vendor_files", "tried", "media", "checked_by")
_COUNTS = ("annotations", "kept", "left_out", "rejected")


@dataclass(frozen=True)
class RuleIssues:
    """All issues of one rule; `fix` if the same is to be done about all."""

    rule: str
    title: str
    fix: str
    rows: list[Issue]


@dataclass(frozen=True)
class FileRow:
    """One coding file in the account, ready to print; `missing` annotations are neither kept nor accounted for."""

    session: str
    coder: str
    kind: str
    file: str
    format: str
    counts: list[str]
    missing: int
    grades: list[tuple[str, int]]
    span: str
    media: str
    checked_by: str
    shift: str


def write_account(
    *,
    study: Mapping[str, str],
    files: Path,
    issues: Path,
    segments: Path,
    scheme: Mapping[str, Any],
    lengths_s: Mapping[str, float],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]],
    page: Path,
) -> None:
    """Write the account of a study's coding files.

    Parameters
    ----------
    study
        `name` and `title`.
    files, issues, segments
        Tables of room annotations.
    scheme
        The coding scheme as plain data.
    lengths_s
        Length of each session's recording in seconds, in the order of the sheet.
    sheet_phases
        For sessions whose phases stand in the sheet: name, onset_s, offset_s, on the recording's clock.
    page
        Where to write the HTML file.

    Notes
    -----
    No clock and no path enters the page: the same tables give the same bytes.
    """
    plan = read_scheme(scheme)
    found = Issues.read(issues)
    table = read_table(files, [*_TEXT, *_COUNTS], text=_TEXT)
    palette = Palette(plan)
    _write(page, {
        "title": study.get("title") or study["name"],
        "name": study["name"],
        "lone": False,
        "scheme": plan,
        "codes": [],
        "palette": palette,
        "pictures": draw_sessions(Segments.read(segments), found.rows, plan, palette, lengths_s, sheet_phases),
        **_describe(table, found, "study"),
    })  # fmt: skip


def write_file_account(examination: "Examination", page: Path, scheme: Scheme | None = None) -> None:
    """Write the account of one coding file that was looked at by itself.

    Parameters
    ----------
    examination
        What `annotations.doctor` found.
    page
        Where to write the HTML file.
    scheme
        The coding scheme, if there is one: titles and colours. Without it the codes that take most time are
        coloured, all others grey.
    """
    name = Path(examination.file).name
    plan = scheme or scheme_of_codes(examination.segments, name)
    palette = Palette(plan)
    table = pd.DataFrame([examination.account])
    found = Issues.of(examination.issues)
    lengths_s = (
        {}
        if is_missing(examination.length_s)
        else dict.fromkeys(dict.fromkeys(examination.segments.table.session), examination.length_s)
    )
    _write(page, {
        "title": name,
        "name": name,
        "lone": True,
        "scheme": scheme,
        "codes": [] if scheme else [(palette.style(code), code) for code in coloured_codes(plan)],
        "palette": palette,
        "pictures": draw_sessions(examination.segments, found.rows, plan, palette, lengths_s, {}),
        **_describe(table, found, "file"),
    })  # fmt: skip


def _write(page: Path, content: dict[str, Any]) -> None:
    template = environment().get_template("account.html.j2")
    Path(page).write_text(template.render(content), encoding="utf-8", newline="\n")


def _describe(table: pd.DataFrame, issues: Issues, what: str) -> dict[str, Any]:
    """Verdict, files, formats and issues, as the template needs them."""
    rows = [_file_row(row) for row in table.to_dict("records")]
    grades = [(grade, sum(issue.severity == grade for issue in issues)) for grade in GRADES]
    return {
        "verdict": verdict(dict(grades), issues, what),
        "balance": balance_sentence(table),
        "grades": grades,
        "shapes": SHAPES,
        "files": rows,
        "totals": [count(table[name].sum()) for name in _COUNTS],
        "formats": _formats(table),
        "issues": group_issues(issues),
    }


def verdict(grades: Mapping[str, int], issues: Issues, what: str) -> str:
    """In one sentence: whether the study, or the file, can be used as it is."""
    if grades["error"]:
        sessions = {issue.session for issue in issues.errors()} - {""}
        where = f" in {plural(len(sessions), 'session')}" if what == "study" and sessions else ""
        verb = "has" if grades["error"] == 1 else "have"
        return f"This {what} cannot be used yet: {plural(grades['error'], 'error')}{where} {verb} to be repaired."
    if grades["warning"]:
        verb = "deserves" if grades["warning"] == 1 else "deserve"
        return f"This {what} can be used: no error was found, but {plural(grades['warning'], 'warning')} {verb} a look."
    odd = f", only {plural(grades['note'], 'note')} for the record" if grades["note"] else ""
    return f"This {what} can be used: no error and no warning was found{odd}."


def balance_sentence(table: pd.DataFrame) -> str:
    """What became of all annotations, and whether the sum is right."""
    annotations, kept, left_out, rejected = (int(table[name].sum()) for name in _COUNTS)
    if not len(table):
        return "There is no coding file."
    holds = f"{plural(len(table), 'coding file')} {'holds' if len(table) == 1 else 'hold'}"
    missing = annotations - kept - left_out - rejected
    told = f"{holds} {plural(annotations, 'annotation')}. "
    if missing:
        return f"{told}{count(abs(missing))} of them are not accounted for: a fault of dyadflow, please report it."
    if kept == annotations:
        return f"{told}Every one of them was kept."
    parts = [f"{count(kept)} were kept"]
    parts += [f"{count(left_out)} left out because they belong elsewhere"] if left_out else []
    parts += [f"{count(rejected)} rejected because something is wrong with them"] if rejected else []
    return f"{told}Every one is accounted for: {listing(parts)}."


def group_issues(issues: Issues) -> list[tuple[str, list[RuleIssues]]]:
    """Issues by severity, gravest first, and within it by rule, in the order of `SEVERITIES`."""
    order = {rule: number for number, rule in enumerate(SEVERITIES)}
    found = []
    for grade in GRADES:
        own = [issue for issue in issues if issue.severity == grade]
        rules = sorted({issue.rule for issue in own}, key=order.__getitem__)
        parts = [_rule_issues(rule, [issue for issue in own if issue.rule == rule]) for rule in rules]
        if parts:
            found.append((grade, parts))
    return found


def _rule_issues(rule: str, rows: list[Issue]) -> RuleIssues:
    fixes = {row.fix for row in rows}
    title = rule.replace("_", " ")
    return RuleIssues(rule, title[:1].upper() + title[1:], next(iter(fixes)) if len(fixes) == 1 else "", rows)


def _file_row(row: Mapping[str, Any]) -> FileRow:
    counts = [int(row[name]) for name in _COUNTS]
    span = (
        ABSENT
        if is_missing(row["first_onset_s"])
        else f"{_seconds(row['first_onset_s'])} to {_seconds(row['last_offset_s'])}"
    )
    shift = "" if is_missing(row.get("shift_s")) else f"{row['shift_s'] + 0.0:+.2f} s".replace("-", MINUS)
    return FileRow(
        session=row["session"],
        coder=row["coder"],
        kind=row.get("kind") or "human",
        file=row["file"],
        format=row["format"],
        counts=[count(value) for value in counts],
        missing=counts[0] - sum(counts[1:]),
        grades=[(grade, int(row[f"{grade}s"])) for grade in GRADES],
        span=span,
        media=row.get("media") or "",
        checked_by=row.get("checked_by") or "",
        shift=shift,
    )


def _seconds(value: float) -> str:
    return f"{value:.1f}".replace("-", MINUS)


def _formats(table: pd.DataFrame) -> list[tuple[str, str, bool, str]]:
    """Each format that was read: how many files, whether its reader was tried on files of the vendor's, on which."""
    found = []
    for title, own in table[table["format"] != ""].groupby("format", sort=True):
        first = own.iloc[0]
        found.append((title, plural(len(own), "file"), first.vendor_files == "yes", first.tried))
    return found
