"""Where the cell named beforehand stands: chance, baseline, people, and what a leaking split would have claimed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from dyadflow.report.cell_tables import CellRows
from dyadflow.report.chance import METHODS, chance_bands
from dyadflow.report.coders import AgreementRow
from dyadflow.report.comparisons import Comparison
from dyadflow.report.headline import Headline
from dyadflow.report.marks import Mark, MarkRow, draw_marks
from dyadflow.report.results import rows_of
from dyadflow.report.wording import (
    count,
    interval,
    is_missing,
    listing,
    metric_name,
    number,
    p_value,
    value_range,
    with_unit,
)

_NAN = float("nan")


@dataclass(frozen=True)
class Answer:
    """A question that every reader has, its answer in a word, whether it is good news, and the numbers.

    `tone` is ``good``, ``bad`` or empty.
    """

    question: str
    word: str
    tone: str
    detail: str


@dataclass(frozen=True)
class Standing:
    """One target's picture, in kappa, and the answers; `marks` are the styles that the picture uses."""

    figure: Markup
    marks: list[str]
    answers: list[Answer]


def describe_standing(
    own: Headline,
    cells: pd.DataFrame,
    headline: Mapping[str, str],
    pairs: Sequence[AgreementRow],
    comparisons: Sequence[Comparison],
    chance: Sequence[CellRows],
    ceiling: Sequence[CellRows],
    claims: Sequence[CellRows],
) -> Standing:
    """Hold one target's headline cell against everything that the study knows.

    Parameters
    ----------
    own
        The headline of the target.
    cells
        The result table.
    headline
        The cell named beforehand.
    pairs
        Agreement of the coders on the target, taken where nothing was found on the model's own frames.
    comparisons
        Those named beforehand.
    chance, ceiling, claims
        Tables parted by cell.
    """
    model = _value(cells, own.target, headline["protocol"], headline["stream"], headline["model"], "kappa")
    base = None
    if own.baseline_model:
        base = _value(cells, own.target, headline["protocol"], "none", own.baseline_model, "kappa")
    drawn = {row.method: row for row in _rows(chance, own.target, metric="kappa").itertuples()}
    # A coder beside itself stands for all pairs together.
    human = [row for row in _rows(ceiling, own.target).itertuples() if row.coder != row.other]
    claim = {row.metric: row for row in _rows(claims, own.target).itertuples()}
    rows = [
        *_chance_rows(drawn), *_baseline_rows(own, base), *_model_rows(model),
        *(_human_rows(human) or _pair_rows(pairs)), *_claim_rows(claim.get("kappa")),
    ]  # fmt: skip
    answers = [
        _against_chance(model, drawn), _against_baseline(own, cells, headline, comparisons),
        _against_coders(human), _claimed(claim),
    ]  # fmt: skip
    margin = 22 + 6.5 * max((len(row.name) for row in rows), default=0)
    title = f"{own.title}: Cohen's kappa of the {own.cell}, and what to hold it against"
    return Standing(
        draw_marks(rows, title, plot_width=190, margin=margin),
        list(dict.fromkeys(mark.style for row in rows for mark in row.marks)),
        [answer for answer in answers if answer],
    )


def _rows(cells: Sequence[CellRows], target: str, **equals: str) -> pd.DataFrame:
    """The rows of the headline cell of a target."""
    for cell in cells:
        if cell.headline and cell.target == target:
            return rows_of(cell.rows, **equals)
    return pd.DataFrame()


def _value(cells: pd.DataFrame, target: str, protocol: str, stream: str, model: str, metric: str) -> Any:
    rows = rows_of(cells, target=target, protocol=protocol, stream=stream, model=model, metric=metric, phase="all")
    return None if rows.empty else next(rows.itertuples())


def _chance_rows(drawn: Mapping[str, Any]) -> list[MarkRow]:
    bands = chance_bands(drawn)
    return [
        MarkRow(f"Chance, {METHODS.get(method, method)}", [band], note=_chance_note(band))
        for method, band in zip(drawn, bands, strict=True)
    ]


def _chance_note(band: Mark) -> str:
    return "" if is_missing(band.high) else f"up to {number('kappa', band.high)}"


def _baseline_rows(own: Headline, base: Any) -> list[MarkRow]:
    if base is None:
        return []
    text = number("kappa", base.value)
    return [MarkRow(own.baseline[:1].upper() + own.baseline[1:], [Mark("bound", float(base.value), text)], note=text)]


def _model_rows(model: Any) -> list[MarkRow]:
    if model is None:
        return []
    text = number("kappa", model.value)
    shown = f"{text} {interval('kappa', model.low, model.high)}".rstrip()
    dot = Mark("dot", float(model.value), shown, float(model.low), float(model.high))
    return [MarkRow("This model", [dot], note=text, strong=True)]


def _human_rows(human: Sequence[Any]) -> list[MarkRow]:
    """One row a pair of coders: their kappa is the same whichever of them the model is held against."""
    found: dict[frozenset[str], Any] = {}
    for row in human:
        found.setdefault(frozenset((row.coder, row.other)), row)
    return [
        _human_row(listing(sorted({row.coder, row.other})), row.kappa_human, row.human_low, row.human_high)
        for row in found.values()
    ]


def _pair_rows(pairs: Sequence[AgreementRow]) -> list[MarkRow]:
    return [_human_row(row.pair, row.kappa_value, _NAN, _NAN) for row in pairs]


def _human_row(pair: str, value: float, low: float, high: float) -> MarkRow:
    text = number("kappa", value)
    shown = f"{text} {interval('kappa', low, high)}".rstrip()
    return MarkRow(f"Coders {pair}", [Mark("human", float(value), shown, float(low), float(high))], note=text)


def _claim_rows(row: Any) -> list[MarkRow]:
    if row is None:
        return []
    text = number("kappa", row.claimed)
    shown = Mark("claim", float(row.claimed), f"{text} claimed with frames split at random")
    return [MarkRow("With a leaking split", [shown], note=text)]


def _against_chance(model: Any, drawn: Mapping[str, Any]) -> Answer | None:
    known = {method: row for method, row in drawn.items() if not is_missing(row.p)}
    if not known or model is None:
        return None
    clear = all(row.p < 0.05 for row in known.values())
    ways = [
        f"{METHODS.get(method, method)}, its predictions reach at most {number('kappa', row.chance_high)} in 97.5 % of "
        f"{count(row.draws)} draws ({p_value(row.p)})"
        for method, row in known.items()
    ]
    detail = f"Kappa {number('kappa', model.value)}. {_sentence('; '.join(ways))}"
    return Answer("Better than chance?", "Yes" if clear else "Not shown", "good" if clear else "bad", detail)


def _against_baseline(
    own: Headline, cells: pd.DataFrame, headline: Mapping[str, str], comparisons: Sequence[Comparison]
) -> Answer | None:
    if not own.baseline_model:
        return None
    named = next(
        (
            each for each in comparisons
            if each.target == own.target and each.of_headline and each.against_cell == ("none", own.baseline_model)
        ),
        None,
    )  # fmt: skip
    metric = named.metric if named else "accuracy"
    pair = [
        _value(cells, own.target, headline["protocol"], *cell, metric)
        for cell in ((headline["stream"], headline["model"]), ("none", own.baseline_model))
    ]
    if any(row is None or is_missing(row.value) for row in pair):
        return None
    higher = pair[0].value > pair[1].value
    detail = (
        f"{_sentence(metric_name(metric)).rstrip('.')} {with_unit(metric, pair[0].value)}, "
        f"of the {own.baseline} {with_unit(metric, pair[1].value)}"
    )
    if named is None:
        detail += "; the study named no test of this difference."
        word, tone = ("Higher", "") if higher else ("Not higher", "bad")
        return Answer("Better than the baseline?", word, tone, detail)
    detail += f"; better in {named.wins} of {named.dyads} dyads ({named.p_holm} after Holm's correction)."
    good = named.clear and higher
    word = "Yes" if good else "Not shown" if higher else "No"
    return Answer("Better than the baseline?", word, "good" if good else "bad", detail)


def _against_coders(human: Sequence[Any]) -> Answer | None:
    known = [row for row in human if not is_missing(row.share)]
    if not known:
        return None
    parts = [
        f"with {row.coder} it reaches {number('kappa', row.kappa_machine)}, where {row.other} reaches "
        f"{number('kappa', row.kappa_human)}" + _limits(row)
        for row in known
    ]
    word = f"{value_range('percent', [row.share for row in known])} %"
    detail = f"of the kappa that coders reach. On the same frames, {'; '.join(parts)}."
    return Answer("How near to people?", word, "", detail)


def _limits(row: Any) -> str:
    limits = interval("percent", row.share_low, row.share_high)
    return f" (share {limits} %)" if limits else ""


def _claimed(claim: Mapping[str, Any]) -> Answer | None:
    row = claim.get("accuracy")
    if row is None or is_missing(row.claimed):
        return None
    detail = (
        f"Held out, its accuracy is {with_unit('accuracy', row.value)}; with frames split at random the same training "
        f"would have claimed {with_unit('accuracy', row.gap, difference=True)} more, because it would be tested on "
        "neighbours of frames that it knows."
    )
    if row.gap < 0:
        detail = f"Held out, its accuracy is {with_unit('accuracy', row.value)}, no less than that claim."
    return Answer("What would a leaking split have claimed?", with_unit("accuracy", row.claimed), "", detail)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
