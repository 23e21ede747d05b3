"""How far the human coders agree, and what they take for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.data import phase_titles
from dyadflow.report.published import CODER_KAPPA
from dyadflow.report.task_targets import only_phase
from dyadflow.report.wording import interval, is_missing, number, phase_title
from dyadflow.tables import read_table


@dataclass(frozen=True)
class AgreementRow:
    """Percent agreement and kappa of two coders on one target in one phase, ready to print.

    `weighted` has the kappas that count near misses less, of targets whose classes are in an order; else it is empty.
    """

    target: str
    phase: str
    phase_name: str
    pair: str
    percent: str
    percent_interval: str
    kappa: str
    kappa_interval: str
    sessions: int
    dyads: int
    frames: int
    kappa_value: float
    weighted: str = ""


@dataclass(frozen=True)
class Agreement:
    """One target's agreement: rows by pair and phase, the published reference, confusions between coders."""

    target: str
    title: str
    rows: list[AgreementRow]
    published: tuple[float, float] | None
    confusions: list["Confusion"]

    def overall(self) -> list[AgreementRow]:
        """Rows over all phases, one a pair."""
        return [row for row in self.rows if row.phase == "all"]


@dataclass(frozen=True)
class Confusion:
    """Counts with row shares: who stands in the rows, who in the columns, one row of cells a label."""

    rows_are: str
    columns_are: str
    columns: list[str]
    rows: list[tuple[str, int, list[tuple[int, float]]]]


def describe_confusion(
    counts: pd.DataFrame, labels: Sequence[str], rows_are: str, columns_are: str
) -> Confusion:
    """A square confusion from long counts (row, column, frames), normalised within each row."""
    square = np.zeros((len(labels), len(labels)), dtype=np.int64)
    place = {label: number for number, label in enumerate(labels)}
    for row, column, frames in counts.itertuples(index=False):
        if row in place and column in place:
            square[place[row], place[column]] += int(frames)
    rows = []
    for label, line in zip(labels, square, strict=True):
        total = int(line.sum())
        rows.append((label, total, [(int(cell), cell / total if total else 0.0) for cell in line]))
    return Confusion(rows_are, columns_are, list(labels), rows)


def describe_agreement(agreement: Path, confusion: Path, scheme: Scheme) -> list[Agreement]:
    """Agreement between human coders on all codes, by target; of a target coded in one phase only, not by phase."""
    table = read_table(
        agreement,
        ["target", "phase", "code", "coder_a", "coder_b", "percent", "kappa"],
        text=["target", "phase", "code", "coder_a", "coder_b"],
    )
    table = table[table.code == "all"]
    counts = read_table(
        confusion,
        ["target", "coder_a", "coder_b", "code_a", "code_b", "frames"],
        text=["target", "coder_a", "coder_b", "code_a", "code_b"],
    )
    titles = phase_titles(scheme)
    found = []
    for target, spec in scheme.targets.items():
        own = table[table.target == target]
        own = own[own.phase == "all"] if only_phase(scheme, target) else own
        rows = [_agreement_row(row, titles) for row in own.itertuples()]
        if not rows:
            continue
        own = counts[counts.target == target]
        pairs = dict.fromkeys(zip(own.coder_a, own.coder_b, strict=True))
        confusions = [
            describe_confusion(
                own[(own.coder_a == a) & (own.coder_b == b)][["code_a", "code_b", "frames"]],
                spec.classes,
                a,
                b,
            )
            for a, b in pairs
        ]
        role = scheme.tiers[spec.tier].role or spec.tier
        published = CODER_KAPPA.get(scheme.name, {}).get(role)
        found.append(Agreement(target, spec.title or target, rows, published, confusions))
    return found


def _agreement_row(row: Any, titles: dict[str, str]) -> AgreementRow:
    return AgreementRow(
        target=row.target,
        phase=row.phase,
        phase_name=phase_title(row.phase, titles),
        pair=f"{row.coder_a} and {row.coder_b}",
        percent=number("percent", row.percent / 100),
        percent_interval=interval("percent", row.percent_low / 100, row.percent_high / 100),
        kappa=number("kappa", row.kappa),
        kappa_interval=interval("kappa", row.kappa_low, row.kappa_high),
        sessions=int(row.sessions),
        dyads=int(row.dyads),
        frames=int(row.frames),
        kappa_value=float(row.kappa),
        weighted=_weighted(row),
    )


def _weighted(row: Any) -> str:
    values = [(name, getattr(row, f"kappa_{name}", None)) for name in ("linear", "quadratic")]
    return ", ".join(f"{name} {number('kappa', value)}" for name, value in values if not is_missing(value))
