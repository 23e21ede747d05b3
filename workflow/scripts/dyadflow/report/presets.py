"""A study's protocols: what each holds out, which of them leaks, and all of them side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.results import group_title, is_headline, order_cells, rows_of, whole
from dyadflow.report.wording import TITLES, interval, is_missing, is_oracle, model_title, number, plural

#: Said of a protocol whose frames are split at random, wherever it appears.
LEAK_NOTE = "frames split at random: shows what leakage would claim"
#: Metrics that stand side by side.
SIDE_METRICS = ("accuracy", "f1_macro", "kappa")


@dataclass(frozen=True)
class Protocol:
    """What the page has to know of a protocol.

    Parameters
    ----------
    name
        Its name in the study.
    preset
        ``corrected`` or ``as_published``.
    split
        What stands on one side of every split: ``dyad``, ``session`` or ``frames``.
    deal
        Which deal of the dyads to folds; another than 0 repeats a cross-validation.
    """

    name: str
    preset: str = "corrected"
    split: str = "dyad"
    deal: int = 0

    @property
    def leaky(self) -> bool:
        """Whether frames of one session stand on both sides of its splits."""
        return self.split == "frames"

    @property
    def published(self) -> bool:
        """Whether it does what the paper says, which reports means over folds."""
        return self.preset == "as_published"

    @property
    def label(self) -> str:
        """Its name, with the warning that a protocol that leaks carries everywhere."""
        return f"{self.name} ({LEAK_NOTE})" if self.leaky else self.name

    def held_out(self, dyads: int | None) -> str:
        """Of whom its numbers speak, inside a sentence."""
        if self.leaky:
            return "frames whose neighbours it was trained on (split at random: shows what leakage would claim)"
        who = plural(dyads or 0, "dyad")
        if self.split == "session":
            return f"sessions of {who} that it never saw in training (other sessions of a dyad it may have seen)"
        return f"{who} that it never saw in training"


def read_protocols(names: Iterable[str], settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Protocol]:
    """Each protocol by name, those that leak last; one without settings splits by dyad and goes by its own name."""
    found = []
    for name in dict.fromkeys(names):
        given = settings.get(name, {})
        found.append(Protocol(name, given.get("preset", name), given.get("split", "dyad"), int(given.get("deal", 0))))
    return {protocol.name: protocol for protocol in sorted(found, key=lambda protocol: protocol.leaky)}


def protocol_notes(protocols: Mapping[str, Protocol]) -> dict[str, str]:
    """What stands below a cell's name in tables of several protocols; nothing where one honest protocol is all."""
    alone = len(protocols) == 1 and not any(protocol.leaky for protocol in protocols.values())
    return {name: "" if alone else protocol.label for name, protocol in protocols.items()}


@dataclass(frozen=True)
class SideValue:
    """One number of one protocol: what is printed, and what stands below it."""

    text: str
    notes: list[str]


@dataclass(frozen=True)
class SideRow:
    """One stream and model under every protocol; None where a protocol does not train it."""

    stream: str
    model: str
    span: int
    baseline: bool
    oracle: bool
    headline: bool
    values: list[list[SideValue] | None]


@dataclass(frozen=True)
class SideBySide:
    """All protocols of one target: those that leak last."""

    target: str
    title: str
    protocols: list[Protocol]
    metrics: list[str]
    rows: list[SideRow]


def lay_side_by_side(
    cells: pd.DataFrame, scheme: Scheme, headline: Mapping[str, str] | None, protocols: Mapping[str, Protocol]
) -> list[SideBySide]:
    """Every target that has results under several protocols, without further deals of one cross-validation."""
    found = []
    for target in scheme.targets:
        rows = rows_of(cells, target=target, phase="all")
        modelled = set(rows.protocol)
        shown = [protocol for name, protocol in protocols.items() if name in modelled and not protocol.deal]
        if len(shown) > 1:
            title = scheme.targets[target].title or target
            made = _side_rows(rows, shown, headline)
            found.append(SideBySide(target, title, shown, [TITLES[metric] for metric in SIDE_METRICS], made))
    return found


def _side_rows(
    rows: pd.DataFrame, protocols: Sequence[Protocol], headline: Mapping[str, str] | None
) -> list[SideRow]:
    rows = rows[rows.protocol.isin([protocol.name for protocol in protocols])]
    order = order_cells(rows)
    groups = [group_title(*pair) for pair in order]
    most = rows[rows.stream != "none"].groupby("protocol")["dyads"].max()
    made = []
    for place, (stream, model) in enumerate(order):
        own = rows_of(rows, stream=stream, model=model)
        named = any(
            is_headline({"protocol": protocol.name, "stream": stream, "model": model}, headline)
            for protocol in protocols
        )
        made.append(SideRow(
            groups[place], model_title(model),
            groups.count(groups[place]) if groups.index(groups[place]) == place else 0,
            stream == "none" and not is_oracle(stream, model), is_oracle(stream, model), named,
            [_side_values(rows_of(own, protocol=protocol.name), protocol, most) for protocol in protocols],
        ))  # fmt: skip
    return made


def _side_values(rows: pd.DataFrame, protocol: Protocol, most: pd.Series) -> list[SideValue] | None:
    """The metrics of one cell under one protocol; a note where it was scored on fewer dyads than others."""
    if rows.empty:
        return None
    found = {row.metric: row for row in rows.itertuples()}
    values = [_side_value(metric, found.get(metric), protocol) for metric in SIDE_METRICS]
    dyads, usual = whole(rows["dyads"].max()), most.get(protocol.name)
    if dyads is not None and usual is not None and dyads < usual:
        values[0].notes.append(f"on {plural(dyads, 'dyad')}")
    return values


def _side_value(metric: str, row: Any, protocol: Protocol) -> SideValue:
    if row is None:
        return SideValue(number(metric, float("nan")), [])
    pooled, limits = number(metric, row.value), interval(metric, row.low, row.high)
    if protocol.published and not is_missing(row.fold_mean) and not is_missing(row.fold_sd):
        folds = f"{number(metric, row.fold_mean)} ± {number(metric, row.fold_sd)}"
        return SideValue(folds, [f"pooled {pooled}", *filter(None, [limits])])
    return SideValue(pooled, [limits] if limits else [])
