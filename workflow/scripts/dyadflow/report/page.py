"""The study on one page: what was coded, how well coders and models agree, and how that was found out.

The page is one file without scripts. It refers to nothing outside itself, so that it can be mailed, archived
and opened years later; its content security policy forbids it to load anything.
"""

import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.scheme import Scheme, read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.report import breakdowns, data, published, results, timelines
from dyadflow.report.balance import describe_balance
from dyadflow.report.behaviour import MEASURES, describe_behaviour
from dyadflow.report.believing import Believing, describe_believing
from dyadflow.report.bouts import BOUT_METRICS
from dyadflow.report.calibration import CALIBRATION_METRICS
from dyadflow.report.claims import claim_titles
from dyadflow.report.classes import CLASS_METRICS
from dyadflow.report.coder_details import describe_codes, describe_events, describe_reliability, read_events
from dyadflow.report.coders import Agreement, describe_agreement
from dyadflow.report.comparisons import Comparison, describe_comparisons
from dyadflow.report.headline import describe_headline
from dyadflow.report.missing import Missing, describe_missing
from dyadflow.report.overview import draw_cells, has_oracle, marker_legend
from dyadflow.report.palette import Palette
from dyadflow.report.presets import LEAK_NOTE, Protocol, lay_side_by_side, protocol_notes, read_protocols
from dyadflow.report.rendering import environment
from dyadflow.report.snippets import describe_networks, preset_of
from dyadflow.report.standing import describe_standing
from dyadflow.report.streams import describe_streams
from dyadflow.report.task_spans import describe_clock, describe_durations, describe_spans
from dyadflow.report.task_targets import is_by_task, task_targets
from dyadflow.report.together import tabulate_together

#: Libraries whose version decides results, in the order of the page.
LIBRARIES = ("dyadflow", "numpy", "pandas", "h5py", "torch", "transformers", "scikit-learn", "av")


def build_report(
    *,
    study: dict[str, Any],
    scheme: dict[str, Any],
    segments: Path,
    issues: Path,
    sessions: list[dict[str, Any]],
    agreement: Path,
    agreement_confusion: Path,
    folds: Path | None,
    cells: Path | None,
    groups: Path | None,
    confusion: Path | None,
    fold_scores: Path | None,
    comparisons: Path | None,
    features: list[Path],
    labels: Path,
    probabilities: list[dict[str, Any]],
    headline: dict[str, str] | None,
    predictions: list[Path],
    page: Path,
    task_spans: Path | None = None,
    durations: Path | None = None,
    clock: Path | None = None,
    balance: Path | None = None,
    snippet_scores: Path | None = None,
    snippet_raters: Path | None = None,
    snippet_kappas: Path | None = None,
    reliability: Path | None = None,
    events: Path | None = None,
    measures: Path | None = None,
    transitions: Path | None = None,
    dyadic: Path | None = None,
    regulation: Path | None = None,
    icc: Path | None = None,
    streams: Path | None = None,
    missing: Path | None = None,
    classes: Path | None = None,
    calibration: Path | None = None,
    reliability_bins: Path | None = None,
    bouts: Path | None = None,
    chance: Path | None = None,
    ceiling: Path | None = None,
    summaries: Path | None = None,
    claims: Path | None = None,
    group_gaps: Path | None = None,
    repeated: Path | None = None,
    account: str = "",
    stream_figures: str = "",
    result_figures: Mapping[str, str] | None = None,
) -> None:
    """Write the study's page.

    Parameters
    ----------
    study
        `name` and `title`; optionally `description` (a sentence), `protocols` (for each protocol's name its
        settings, shown as they are), `networks` (for each extractor's name its backbone, weights and
        revision; under ``video:`` and the name of a network that watches video, its network and weights).
    scheme
        The coding scheme as plain data.
    segments, issues
        The study's segment and issue tables.
    sessions
        Rows of the session sheet: session, dyad, coded (yes/no), duration_s, covariates (a mapping).
    agreement, agreement_confusion
        Agreement between human coders, and what they took for what.
    folds, cells, groups, confusion, fold_scores, comparisons
        Tables of training and evaluation; None in a study that trains nothing, which leaves those sections
        out with a sentence that says why.
    features
        Batch indexes of extractors; each lies in a folder named after its extractor.
    labels
        Index of frame label files (session, file), relative to its own folder.
    probabilities
        Held-out probabilities: protocol, target, stream, model, path.
    headline
        The cell named beforehand (protocol, stream, model). Without one the page names none: picking the
        best afterwards would overstate it.
    predictions
        Segment tables of sessions that nobody coded.
    page
        Where to write the HTML file.
    task_spans, durations, clock
        Of phases that every coder marks: each session's intervals, how long they are, and agreement moment by
        moment (`agreement.task_spans`). None where phases are shared.
    balance
        Share of every class in every fold (`folds.balance`).
    snippet_scores, snippet_raters, snippet_kappas
        Results of networks that watch snippets of video (`evaluation.snippets`). None without such networks.
    reliability, events
        Agreement of all coders of a target together (`agreement.reliability`), and by events (`agreement.events`).
    measures, transitions, dyadic, regulation, icc
        Tables of room behaviour, in one folder beside that of the page. Without `measures` the section is left out.
    streams
        Summary of the streams (`features.summary`). None in a study that extracts none.
    missing
        Cells that could not be trained, with the reason (`evaluation.cells`).
    classes, calibration, reliability_bins, bouts, chance, ceiling, summaries, claims, group_gaps, repeated
        Tables of room evaluation that say how far results can be believed: ``classes.tsv``, ``calibration.tsv``,
        ``reliability.tsv`` and so on. What is None, or has no row, is left out.
    account
        The page of the account of the coding files, relative to this one; empty: no link.
    stream_figures
        Figure of an extractor's streams, relative to this page, with ``{extractor}`` for its name; empty: no link.
    result_figures
        For each title the figure or table of results that it leads to, relative to this page.

    Notes
    -----
    No clock and no path enters the page: the same tables give the same bytes.
    """
    plan = read_scheme(scheme)
    palette = Palette(plan)
    sheet = data.read_sessions(sessions)
    frame_labels = data.read_labels(labels)
    table = results.read_cells(cells)
    coders = describe_agreement(agreement, agreement_confusion, plan)
    named = describe_comparisons(comparisons, plan, headline)
    extractors = data.describe_features(features)
    study = {"title": "", "description": "", "protocols": {}, "networks": {}} | study
    videos = {
        name.removeprefix("video:"): spec for name, spec in study["networks"].items() if name.startswith("video:")
    }
    named_protocol = [headline["protocol"]] if headline else []
    protocols = read_protocols([*study["protocols"], *_protocols(table), *named_protocol], study["protocols"])
    gone = describe_missing(missing, table, plan, headline, protocols)
    believing = describe_believing(
        scheme=plan, headline=headline, protocols=protocols, classes=classes, calibration=calibration,
        reliability_bins=reliability_bins, bouts=bouts, chance=chance, ceiling=ceiling, summaries=summaries,
        claims=claims, group_gaps=group_gaps, repeated=repeated,
    )
    shown, files = timelines.shown_cell(_with_predictions(probabilities, gone), headline, videos)
    by_task = is_by_task(plan)
    pairs = {tuple(spec.classes) for spec in plan.targets.values()}
    distributions = data.describe_distribution(frame_labels, plan, palette)
    matched = read_events(events)
    content = {
        "study": study,
        "scheme": plan,
        "palette": palette,
        "sessions": sheet,
        "dyads": len({session.dyad for session in sheet}),
        "covariates": data.describe_covariates(sheet),
        "coded_time": data.describe_coded_time(frame_labels),
        "phases": data.describe_phases(frame_labels, plan),
        "by_task": by_task,
        "two_classes": {len(classes) for classes in pairs} == {2},
        "second": next(iter(pairs))[1] if len(pairs) == 1 else "the second class",
        "by_presence": any(tier.otherwise for tier in plan.tiers.values()),
        "distributions": distributions if by_task else _modelled_first(distributions, table),
        "label_columns": data.shown_columns(distributions),
        "label_places": task_targets(plan, [own.target for own in distributions]),
        "agreement": coders if by_task else _modelled_first(coders, table),
        "agreement_places": task_targets(plan, [own.target for own in coders]),
        "by_code": describe_codes(agreement, matched, plan),
        "reliability": describe_reliability(reliability, plan),
        "events": describe_events(matched, plan),
        "behaviour": describe_behaviour(measures, transitions, dyadic, regulation, icc, plan, palette),
        "measures_shown": MEASURES,
        "streams": describe_streams(streams),
        "stream_figures": stream_figures,
        "account": account,
        "spans": describe_spans(task_spans, plan),
        "durations": describe_durations(durations, plan),
        "clock": describe_clock(clock, plan),
        "balance": describe_balance(balance, plan),
        "networks": describe_networks(
            snippet_scores, snippet_raters, snippet_kappas, plan, study["protocols"], headline
        ),
        "issues": data.describe_issues(issues),
        "extractors": extractors,
        "untrained": [extractor for extractor in extractors if extractor.untrained],
        "videos": videos,
        "untrained_videos": [name for name, spec in videos.items() if spec["weights"] == "untrained"],
        "presets": {name: preset_of(name, study["protocols"]) for name in _protocols(table)},
        "folds": data.describe_folds(folds),
        "headline": headline,
        "comparisons": named,
        "published": _published(plan),
        "timelines": timelines.draw_timelines(
            sheet, Segments.read(segments), frame_labels, files, predictions, plan, palette
        ),
        "shown": shown,
        "versions": _versions(),
        "missing": gone,
        "believing": believing,
        "claim_titles": claim_titles(),
        "CLASS_METRICS": CLASS_METRICS,
        "BOUT_METRICS": BOUT_METRICS,
        "CALIBRATION_METRICS": CALIBRATION_METRICS,
        "LEAK_NOTE": LEAK_NOTE,
        "protocol_of": protocols,
        "protocol_notes": protocol_notes(protocols),
        "every_dyad": all(protocols[name].split == "dyad" for name in _protocols(table)),
        "leaky_headline": bool(headline and protocols[headline["protocol"]].leaky),
        "result_figures": dict(result_figures or {}),
        **_results(table, plan, headline, coders, named, groups, confusion, fold_scores, protocols, believing, gone),
    }
    Path(page).write_text(
        environment().get_template("report.html.j2").render(content), encoding="utf-8", newline="\n"
    )


def _results(
    table: pd.DataFrame | None,
    plan: Scheme,
    headline: dict[str, str] | None,
    coders: Sequence[Agreement],
    named: Sequence[Comparison],
    groups: Path | None,
    confusion: Path | None,
    fold_scores: Path | None,
    protocols: Mapping[str, Protocol],
    believing: Believing,
    gone: Missing | None,
) -> dict[str, Any]:
    """What the page shows of trained cells; empty lists where nothing was trained."""
    if table is None or table.empty or (gone and gone.everything):
        return {
            "trained": False,
            "headlines": [],
            "standings": {},
            "side_by_side": [],
            "oracles": {},
            "tables": [],
            "together": [],
            "dot_figures": {},
            "markers": {},
            "phase_grids": [],
            "by_phase": [],
            "by_group": [],
            "confusions": [],
            "fold_scores": [],
            "protocols": [],
        }
    by_task = is_by_task(plan)
    tables = [] if by_task else results.tabulate_all(table, plan, headline)
    tables.sort(key=lambda own: protocols[own.protocol].leaky)
    overall = [(own.target, own.protocol) for own in tables if own.phase == "all"]
    pairs = {own.target: own.overall() for own in coders}
    of_headline = protocols.get(headline["protocol"]) if headline else None
    headlines = describe_headline(table, plan, headline, coders, named, of_headline)
    return {
        "trained": True,
        "headlines": headlines,
        "standings": {
            own.target: describe_standing(
                own, table, headline or {}, pairs.get(own.target, []), named, believing.chance_cells,
                believing.ceiling_cells, believing.claim_cells,
            )
            for own in headlines
        },
        "side_by_side": lay_side_by_side(table, plan, headline, protocols),
        "oracles": {key: has_oracle(table, *key) for key in overall},
        "tables": tables,
        "together": tabulate_together(table, plan, headline, coders) if by_task else [],
        "dot_figures": {key: draw_cells(table, plan, headline, coders, *key) for key in overall},
        "markers": {key: marker_legend(table, *key) for key in overall},
        "phase_grids": [
            grid
            for key in overall
            if len((grid := breakdowns.cross_phases(table, plan, headline, *key)).phases) > 1
        ],
        "by_phase": breakdowns.break_down_by_phase(table, plan, headline),
        "by_group": breakdowns.break_down_by_group(groups, plan, headline),
        "confusions": breakdowns.confuse_headline(confusion, plan, headline),
        "fold_scores": breakdowns.fold_table(fold_scores, plan, headline),
        "protocols": sorted(_protocols(table), key=lambda name: protocols[name].leaky),
    }


def _with_predictions(probabilities: Sequence[dict[str, Any]], gone: Missing | None) -> list[dict[str, Any]]:
    """The cells that predicted something: those that could not be trained did not."""
    failed = gone.keys if gone else frozenset()
    return [cell for cell in probabilities if tuple(cell[name] for name in results.CELL) not in failed]


def _protocols(table: pd.DataFrame | None) -> list[str]:
    return [] if table is None else list(dict.fromkeys(table.protocol))


def _modelled_first(parts: Sequence[Any], table: pd.DataFrame | None) -> list[Any]:
    """Parts of the page, one a target: targets with results first, each in the scheme's order."""
    modelled = set() if table is None else set(table.target)
    return sorted(parts, key=lambda own: own.target not in modelled)


def _published(plan: Scheme) -> dict[str, Sequence[published.PublishedRow]]:
    """The paper's own results by target, where the study uses the paper's scheme."""
    rows = published.RESULTS.get(plan.name, ())
    roles = {target: plan.tiers[spec.tier].role or spec.tier for target, spec in plan.targets.items()}
    return {
        target: own for target, role in roles.items() if (own := [row for row in rows if row.role == role])
    }


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in LIBRARIES:
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
