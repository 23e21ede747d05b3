"""What the report says about the material: sessions, labels, agreement between coders, issues, streams."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.label_index import read_label_index
from dyadflow.annotations.labels import EXCLUDED, UNCODED, UNSCORABLE, SessionLabels
from dyadflow.annotations.scheme import Scheme
from dyadflow.report.figures import Part, draw_stacked_bars, margin_for
from dyadflow.report.palette import NO_CLASS, Palette
from dyadflow.report.task_targets import only_phase
from dyadflow.report.wording import covariate_title
from dyadflow.tables import read_table

_NO_CLASS_CODES = {"unscorable": UNSCORABLE, "uncoded": UNCODED, "excluded": EXCLUDED}
_SEVERITY_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Session:
    """One row of the session sheet, as the page needs it."""

    name: str
    dyad: str
    coded: bool
    duration_s: float | None
    covariates: Mapping[str, str] = field(default_factory=dict)


def read_sessions(rows: Sequence[Mapping[str, Any]]) -> list[Session]:
    """Sessions in the order of the sheet; `coded` may be a truth value or yes/no."""
    return [
        Session(
            name=str(row["session"]),
            dyad=str(row["dyad"]),
            coded=row.get("coded") in (True, "yes"),
            duration_s=None if row.get("duration_s") in (None, "") else float(row["duration_s"]),
            covariates={str(key): str(value) for key, value in (row.get("covariates") or {}).items()},
        )
        for row in rows
    ]


def read_labels(index: Path) -> dict[str, SessionLabels]:
    """Frame labels by session, from their index."""
    return {session: file.read() for session, file in read_label_index(index).items()}


def describe_covariates(sessions: Sequence[Session]) -> list[tuple[str, str]]:
    """Each covariate's title, and how many sessions have which value.

    Of numbers with more than two different values, which the results by group split at their median, the
    range and the median are given instead. Other covariates are left out if they have more than six values.
    """
    names = dict.fromkeys(name for session in sessions for name in session.covariates)
    found = []
    for name in names:
        counts = Counter(session.covariates.get(name, "").strip() for session in sessions)
        missing = counts.pop("", 0)
        read = [value for text, amount in counts.items() for value in [_number(text)] * amount]
        numbers = [value for value in read if value is not None]
        if len(numbers) == len(read) and len(set(numbers)) > 2:
            parts = [f"{min(numbers):g} to {max(numbers):g} (median {median(numbers):g})"]
        elif len(counts) <= 6:
            parts = [f"{text} {amount}" for text, amount in sorted(counts.items())]
        else:
            continue
        found.append((covariate_title(name), ", ".join(parts + [f"not given {missing}"] * bool(missing))))
    return found


def _number(text: str) -> float | None:
    """The number that a cell holds, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Distribution:
    """How one target's time splits over classes and non-classes, per coder."""

    target: str
    title: str
    rows: list[tuple[str, list[tuple[float, float | None]]]]
    figure: Markup
    legend: list[tuple[str, str, str]]


def shown_columns(distributions: Sequence[Distribution]) -> list[int]:
    """Places in the legend and rows that several targets need: all classes, and of the rest what has any time."""
    columns = {
        place
        for own in distributions
        for _, values in own.rows
        for place, (seconds, share) in enumerate(values)
        if seconds or share is not None
    }
    return sorted(columns)


def describe_distribution(
    labels: Mapping[str, SessionLabels], scheme: Scheme, palette: Palette
) -> list[Distribution]:
    """Seconds per target, coder and class, as the paper's Fig. 4, with what is no class kept apart.

    Returns
    -------
    list of Distribution
        Rows hold (seconds, share of the time that has a class); the share is None for what is no class. Of a
        target that is coded in one phase only, the time outside that phase is left out, and its figure is
        small, to stand beside those of other targets.
    """
    found = []
    for target, spec in scheme.targets.items():
        phase = only_phase(scheme, target)
        seconds = _seconds_by_coder(labels, target, spec.classes, phase)
        if not seconds:
            continue
        rows = [(coder, _with_shares(values, len(spec.classes))) for coder, values in seconds.items()]
        styles = [*(palette.style(label) for label in spec.classes), *NO_CLASS]
        names = [*spec.classes, *NO_CLASS.values()]
        titles = [*(scheme.title_of(label) for label in spec.classes), *("" for _ in NO_CLASS)]
        bars = [
            (coder, [Part(*part) for part in zip(styles, names, values, strict=True)])
            for coder, values in seconds.items()
        ]
        title = spec.title or target
        shape = {"plot_width": 330, "margin": margin_for(seconds, 40)} if phase else {}
        figure = draw_stacked_bars(bars, f"{title}: share of the time by coder and class", **shape)
        legend = list(zip(styles, names, titles, strict=True))
        found.append(Distribution(target, title, rows, figure, legend))
    return found


def _seconds_by_coder(
    labels: Mapping[str, SessionLabels], target: str, classes: Sequence[str], phase: str
) -> dict[str, list[Any]]:
    """Seconds of every class and of what is none; with a phase, exclusion counts only inside it."""
    values = [*range(len(classes)), *_NO_CLASS_CODES.values()]
    found: dict[str, np.ndarray] = {}
    for session in labels.values():
        inside = session.phase == session.phases.index(phase) if phase in session.phases else True
        for coder, codes in session.codes.get(target, {}).items():
            counted = codes[inside | (codes != EXCLUDED)]
            counts = np.array([np.count_nonzero(counted == value) for value in values]) / session.grid.rate_hz
            found[coder] = found.get(coder, 0.0) + counts
    return {coder: found[coder].tolist() for coder in sorted(found)}


def _with_shares(seconds: Sequence[float], classes: int) -> list[tuple[float, float | None]]:
    total = sum(seconds[:classes])
    return [
        (value, (value / total if total else 0.0) if number < classes else None)
        for number, value in enumerate(seconds)
    ]


def describe_coded_time(labels: Mapping[str, SessionLabels]) -> list[tuple[str, int, float]]:
    """For each coder: sessions with labels, and seconds in which at least one target has a code."""
    sessions: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    for session in labels.values():
        for coder in dict.fromkeys(coder for codes in session.codes.values() for coder in codes):
            coded = np.zeros(session.grid.frames, dtype=bool)
            for codes in session.codes.values():
                if coder in codes:
                    coded |= (codes[coder] >= 0) | (codes[coder] == UNSCORABLE)
            sessions[coder] += 1
            seconds[coder] += float(np.count_nonzero(coded)) / session.grid.rate_hz
    return [(coder, sessions[coder], seconds[coder]) for coder in sorted(sessions)]


def describe_phases(labels: Mapping[str, SessionLabels], scheme: Scheme) -> list[dict[str, Any]]:
    """For each phase of the scheme: title, sessions that have it, shortest, median and longest in seconds."""
    if scheme.phases is None:
        return []
    lengths: dict[str, list[float]] = {name: [] for name in scheme.phases.codes}
    for session in labels.values():
        for number, name in enumerate(session.phases):
            frames = int(np.count_nonzero(session.phase == number))
            if frames and name in lengths:
                lengths[name].append(frames / session.grid.rate_hz)
    return [
        {
            "name": name,
            "title": spec.title or name,
            "excluded": spec.excluded,
            "instructed": spec.instructed,
            "sessions": len(lengths[name]),
            "shortest_s": min(lengths[name], default=None),
            "median_s": float(np.median(lengths[name])) if lengths[name] else None,
            "longest_s": max(lengths[name], default=None),
        }
        for name, spec in scheme.phases.codes.items()
    ]


def phase_titles(scheme: Scheme) -> dict[str, str]:
    """What people call each phase."""
    return {name: spec.title or name for name, spec in scheme.phases.codes.items()} if scheme.phases else {}


def describe_issues(path: Path) -> list[tuple[str, list[Issue]]]:
    """Issues by severity, gravest first."""
    issues = Issues.read(path)
    grades = sorted({issue.severity for issue in issues}, key=lambda grade: _SEVERITY_ORDER.get(grade, 3))
    return [(grade, [issue for issue in issues if issue.severity == grade]) for grade in grades]


@dataclass(frozen=True)
class Extractor:
    """What one extractor gave: its views, sessions, dimensions, and whether its network was never trained."""

    name: str
    views: list[str]
    sessions: int
    dims: list[int]
    kinds: list[str]
    untrained: bool


def describe_features(indexes: Sequence[Path]) -> list[Extractor]:
    """Extractors, in the order of their names; an index lies in a folder named after its extractor."""
    tables: dict[str, list[pd.DataFrame]] = {}
    for index in indexes:
        table = read_table(
            index,
            ["session", "view", "kind", "dims", "untrained"],
            text=["session", "view", "kind", "untrained"],
        )
        tables.setdefault(Path(index).parent.name, []).append(table)
    found = []
    for name in sorted(tables):
        table = pd.concat(tables[name], ignore_index=True)
        found.append(
            Extractor(
                name,
                list(dict.fromkeys(table["view"])),
                table["session"].nunique(),
                sorted(set(map(int, table["dims"]))),
                sorted(set(table["kind"])),
                bool((table["untrained"] == "yes").any()),
            )
        )
    return found


@dataclass(frozen=True)
class Folds:
    """Which dyads were held out together."""

    outer: int
    dyads: int
    inner: int
    rows: list[tuple[str, list[str], int]]
    of_session: Mapping[str, str]


def describe_folds(path: Path | None) -> Folds | None:
    """Outer folds with their dyads; None where nothing was trained."""
    if path is None:
        return None
    table = read_table(path, ["session", "dyad", "outer"], text=["session", "dyad", "outer"])
    groups = sorted(table.groupby("outer", sort=False), key=lambda group: (len(group[0]), group[0]))
    inner = [name for name in table.columns if name.startswith("inner_of_")]
    deepest = max((table[name].nunique() for name in inner), default=0)
    return Folds(
        len(groups),
        table["dyad"].nunique(),
        int(deepest),
        [(fold, list(dict.fromkeys(rows["dyad"])), len(rows)) for fold, rows in groups],
        dict(zip(table["session"], table["outer"], strict=True)),
    )
