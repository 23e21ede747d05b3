"""Networks that watch snippets of video: how well they do beside the best blind guess, and beside the coders.

Table 2, Fig. 3 and Table 3 of the second paper, for every network that the study trained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.evaluation.random_bound import best_random_accuracy, best_random_f1
from dyadflow.evaluation.raters import ALL, NETWORK
from dyadflow.models.video.preset import PRESETS, Preset
from dyadflow.report.marks import Mark, MarkRow, draw_marks
from dyadflow.report.matrices import Matrix, PairValue, in_order, square
from dyadflow.report.published import RATERS, SNIPPET_KAPPAS, SNIPPET_SCORES, PublishedRaters, PublishedScores
from dyadflow.report.results import is_headline, rows_of
from dyadflow.report.task_targets import TaskTarget, task_targets
from dyadflow.report.wording import bare_p, interval, is_missing, listing, number, plural, value_range
from dyadflow.tables import read_table

_NETWORK = ("protocol", "stream", "model")
_SCORES = (
    "empirical_probability", "scored_probability", "validation_accuracy", "validation_f1", "test_accuracy",
    "test_accuracy_low", "test_accuracy_high", "test_f1", "test_f1_low", "test_f1_high", "bound_accuracy", "bound_f1",
    "difference", "difference_low", "difference_high", "wins", "dyads", "snippets", "p", "p_holm",
)  # fmt: skip
#: The measures of Table 2, in its order.
MEASURES = ("validation_accuracy", "validation_f1", "test_accuracy", "test_f1")


@dataclass(frozen=True)
class Measure:
    """One number of Table 2 with its interval; bold where it lies above the bound."""

    text: str
    interval: str
    bold: bool


@dataclass(frozen=True)
class ScoreRow:
    """One network of Table 2; `task_span` is the number of table rows that the task's name covers."""

    place: TaskTarget
    task_span: int
    probability: str
    scored: str
    measures: list[Measure]
    bounds: tuple[str, str]
    difference: str
    difference_interval: str
    wins: str
    snippets: int
    p: str
    p_holm: str
    clear: bool
    paper: list[Measure]


@dataclass(frozen=True)
class KappaRow:
    """One row of Table 3: kappa of coder and coder, of coder and network, and the paper's two."""

    place: TaskTarget
    human: str
    machine: str
    pairs_human: int
    pairs_machine: int
    paper: tuple[str, str] | None


@dataclass(frozen=True)
class Raters:
    """Fig. 3: coders and the network as raters of the same snippets, over all targets and in each."""

    agreement: Matrix
    kappa: Matrix
    by_target: list[Matrix]
    human_range: str
    machine_range: str


@dataclass(frozen=True)
class Network:
    """Everything about the networks of one (protocol, stream, model), one network a target."""

    protocol: str
    stream: str
    model: str
    headline: bool
    preset: Preset
    dyads: str
    tests: int
    least_p: str
    summary: str
    rows: list[ScoreRow]
    accuracy_figure: Markup
    kappa_figure: Markup | None
    raters: Raters | None
    kappas: list[KappaRow]
    published: PublishedRaters | None
    has_paper: bool


def describe_networks(
    scores: Path | None,
    raters: Path | None,
    kappas: Path | None,
    scheme: Scheme,
    protocols: Mapping[str, Mapping[str, Any]],
    headline: Mapping[str, str] | None,
) -> list[Network]:
    """Describe every network of the study, the one named beforehand first.

    Parameters
    ----------
    scores, raters, kappas
        Tables of `evaluation.snippets`; None in a study without networks that watch video.
    scheme
        Names of targets, phases and tiers.
    protocols
        Settings of each protocol; `preset` says which snippets the bound is taken over, and which folds are
        tested.
    headline
        The cell named beforehand.
    """
    if scores is None:
        return []
    text = [*_NETWORK, "target"]
    table = read_table(scores, [*text, *_SCORES], text=text)
    pairs = raters and read_table(
        raters, [*text, "rater_a", "rater_b", "percent", "kappa", "kappa_low", "kappa_high", "snippets", "dyads"],
        text=[*text, "rater_a", "rater_b"],
    )  # fmt: skip
    means = kappas and read_table(kappas, [*text, "human", "machine", "pairs_human", "pairs_machine"], text=text)
    keys = dict.fromkeys(zip(*(table[name] for name in _NETWORK), strict=True))
    found = []
    for key in keys:
        cell = dict(zip(_NETWORK, key, strict=True))
        found.append(
            _network(
                cell,
                rows_of(table, **cell),
                None if pairs is None else rows_of(pairs, **cell),
                None if means is None else rows_of(means, **cell),
                scheme,
                preset_of(cell["protocol"], protocols),
                headline,
                int(table.p.notna().sum()),
            )
        )
    return sorted(found, key=lambda own: not own.headline)


def preset_of(protocol: str, protocols: Mapping[str, Mapping[str, Any]]) -> Preset:
    """The knobs of a protocol; one that names no preset goes by its own name, else it is `corrected`."""
    given = protocols.get(protocol, {}).get("preset", protocol)
    return PRESETS.get(given, PRESETS["corrected"])


def _network(
    cell: dict[str, str], scores: pd.DataFrame, pairs: pd.DataFrame | None, means: pd.DataFrame | None, scheme: Scheme,
    preset: Preset, headline: Mapping[str, str] | None, tests: int,
) -> Network:
    places = task_targets(scheme, scores.target)
    by_target = {row.target: row for row in scores.itertuples()}
    ordered = [by_target[place.target] for place in places]
    paper = SNIPPET_SCORES.get(scheme.name, {})
    rows = []
    for number_, place in enumerate(places):
        # The paper's numbers stand in a row of their own below the study's.
        task_span = sum(1 + (other.target in paper) for other in places[number_ : number_ + place.span])
        rows.append(_score_row(by_target[place.target], place, task_span, paper.get(place.target)))
    kappas = [] if means is None else _kappa_rows(means, scheme)
    dyads = int(scores.dyads.max())
    return Network(
        **cell,
        headline=is_headline(cell, headline),
        preset=preset,
        dyads=plural(dyads, "dyad"),
        tests=tests,
        least_p=_least_p(dyads, tests),
        summary=_summary(rows, dyads),
        rows=rows,
        accuracy_figure=_draw_accuracy(rows, ordered),
        kappa_figure=None if means is None else _draw_kappas(means, scheme),
        raters=None if pairs is None else _raters(pairs, scheme),
        kappas=kappas,
        published=RATERS.get(scheme.name),
        has_paper=any(row.paper for row in rows),
    )


def _score_row(row: Any, place: TaskTarget, task_span: int, paper: PublishedScores | None) -> ScoreRow:
    bounds = {
        "validation_accuracy": best_random_accuracy(row.empirical_probability),
        "validation_f1": best_random_f1(row.empirical_probability),
        "test_accuracy": row.bound_accuracy,
        "test_f1": row.bound_f1,
    }
    measures = [
        Measure(
            number("share", getattr(row, name)),
            interval("share", getattr(row, f"{name}_low", None), getattr(row, f"{name}_high", None)),
            bool(getattr(row, name) > bounds[name]),
        )
        for name in MEASURES
    ]
    return ScoreRow(
        place=place,
        task_span=task_span,
        probability=number("share", row.empirical_probability),
        scored=number("share", row.scored_probability),
        measures=measures,
        bounds=(number("share", row.bound_accuracy), number("share", row.bound_f1)),
        difference=number("share", row.difference, signed=True),
        difference_interval=interval("share", row.difference_low, row.difference_high, signed=True),
        wins=f"{int(row.wins)} of {int(row.dyads)}",
        snippets=int(row.snippets),
        p=bare_p(row.p),
        p_holm=bare_p(row.p_holm),
        clear=bool(row.difference > 0 and row.p_holm < 0.05),
        paper=[] if paper is None else _paper_measures(paper),
    )


def _paper_measures(paper: PublishedScores) -> list[Measure]:
    """The paper's row, bold where it lies above the bound that the paper took: q of the whole data set."""
    q = paper.empirical_probability
    bounds = (best_random_accuracy(q), best_random_f1(q)) * 2
    values = [getattr(paper, name) for name in MEASURES]
    return [
        Measure(number("share", q), "", False),
        *(Measure(number("share", value), "", value > bound) for value, bound in zip(values, bounds, strict=True)),
    ]


def _least_p(dyads: int, tests: int) -> str:
    """What no sign-flip test over so few dyads can fall below; nothing where that does not matter."""
    least = 0.5 ** (dyads - 1) if dyads else 1.0
    if least * max(tests, 1) < 0.05:
        return ""
    corrected = "" if least >= 0.05 else f", which Holm's correction makes {min(1.0, least * tests):.2g}"
    return f"With {plural(dyads, 'dyad')} p cannot fall below {least:.2g}{corrected}, whatever a network does."


def _summary(rows: Sequence[ScoreRow], dyads: int) -> str:
    """In how many targets the network lies above the bound, and in which by more than chance explains."""
    above = sum(row.measures[MEASURES.index("test_accuracy")].bold for row in rows)
    clear = [row.place.title.lower() for row in rows if row.clear]
    start = f"Test accuracy lies above the random bound in {above} of {plural(len(rows), 'target')}"
    test = f"sign-flip test over {plural(dyads, 'dyad')}, p < 0.05 after Holm's correction"
    if not clear:
        return f"{start}, in none of them by more than chance between dyads would explain ({test})."
    return f"{start}, by more than chance between dyads would explain in {len(clear)} ({test}): {_listed(clear)}."


def _listed(titles: Sequence[str]) -> str:
    """Titles that may hold a comma, one after the other."""
    return "; ".join(titles) if any("," in title for title in titles) else listing(list(titles))


def _draw_accuracy(rows: Sequence[ScoreRow], table: Sequence[Any]) -> Markup:
    drawn = [
        MarkRow(
            row.place.title,
            [
                Mark("bound", own.bound_accuracy, f"random bound {row.bounds[0]}"),
                Mark(
                    "solid" if row.clear else "hollow",
                    own.test_accuracy,
                    f"test accuracy {row.measures[2].text} {row.measures[2].interval}, p (Holm) {row.p_holm}",
                    own.test_accuracy_low,
                    own.test_accuracy_high,
                ),
            ],
            apart=bool(number_ and row.place.span),
        )
        for number_, (row, own) in enumerate(zip(rows, table, strict=True))
    ]
    return draw_marks(drawn, "Test accuracy of each network with its 95 % interval, beside the random bound")


def _draw_kappas(means: pd.DataFrame, scheme: Scheme) -> Markup:
    found = {row.target: row for row in means.itertuples()}
    rows = [
        MarkRow(
            place.title,
            [
                Mark("human", own.human, f"coder and coder {number('kappa', own.human)}"),
                Mark("dot", own.machine, f"coder and network {number('kappa', own.machine)}"),
            ],
            apart=bool(number_ and place.span),
        )
        for number_, place in enumerate(task_targets(scheme, means.target))
        for own in [found[place.target]]
    ]
    return draw_marks(rows, "Mean kappa of coder and coder, and of coder and network, on the same test snippets")


def _kappa_rows(means: pd.DataFrame, scheme: Scheme) -> list[KappaRow]:
    found = {row.target: row for row in means.itertuples()}
    paper = SNIPPET_KAPPAS.get(scheme.name, {})
    rows = []
    for place in task_targets(scheme, means.target):
        row, own = found[place.target], paper.get(place.target)
        rows.append(
            KappaRow(
                place,
                number("mean_kappa", row.human),
                number("mean_kappa", row.machine),
                int(row.pairs_human),
                int(row.pairs_machine),
                (number("mean_kappa", own[0]), number("mean_kappa", own[1])) if own else None,
            )
        )
    return rows


def _raters(pairs: pd.DataFrame, scheme: Scheme) -> Raters:
    whole = pairs[pairs.target == ALL]
    names = in_order(zip(pairs.rater_a, pairs.rater_b, strict=True), last=NETWORK)
    machine = (whole.rater_a == NETWORK) | (whole.rater_b == NETWORK)
    return Raters(
        square("Agreement", names, _values(whole, agreement=True)),
        square("Cohen's kappa", names, _values(whole)),
        [
            square(place.title, names, _values(pairs[pairs.target == place.target]))
            for place in task_targets(scheme, pairs.target)
        ],
        value_range("kappa", whole.kappa[~machine]),
        value_range("kappa", whole.kappa[machine]),
    )


def _values(pairs: pd.DataFrame, *, agreement: bool = False) -> dict[tuple[str, str], PairValue]:
    """Kappa of each pair with its interval, or its agreement, for which there is none."""
    nan = float("nan")
    found = {}
    for row in pairs.itertuples():
        shown = f"{plural(int(row.snippets), 'snippet')}, {plural(int(row.dyads), 'dyad')}"
        value, low, high = (row.percent / 100, nan, nan) if agreement else (row.kappa, row.kappa_low, row.kappa_high)
        found[row.rater_a, row.rater_b] = PairValue(value, low, high, shown)
    return {pair: value for pair, value in found.items() if not is_missing(value.value)}
