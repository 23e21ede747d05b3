"""Every coder's every tier of a session as a strip of colours, with what was found wrong in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from dyadflow.annotations.issues import Issue
from dyadflow.annotations.scheme import PHASE_TIER, Code, Scheme, Tier
from dyadflow.annotations.segments import Segments
from dyadflow.report.issue_places import pin_of
from dyadflow.report.palette import Palette
from dyadflow.report.strip_rows import Band, Block, Pins, Row
from dyadflow.report.strips import draw_timeline
from dyadflow.report.wording import is_missing

#: Colours that colour-blind readers tell apart (Okabe and Ito), for the codes of a file without a scheme.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#5D3A9B")


@dataclass(frozen=True)
class SessionPicture:
    """A session: its name, who coded it, its length, its issues by severity, its picture."""

    name: str
    coders: list[str]
    length_s: float | None
    counts: list[tuple[str, int]]
    figure: Markup

    @property
    def grave(self) -> bool:
        """Whether anything in it is an error or a warning."""
        return any(grade != "note" and amount for grade, amount in self.counts)


def draw_sessions(
    segments: Segments,
    issues: Sequence[Issue],
    scheme: Scheme,
    palette: Palette,
    lengths_s: Mapping[str, float],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]],
) -> list[SessionPicture]:
    """One picture a session, for every session that has segments, issues, or a recording.

    Parameters
    ----------
    segments
        All coding.
    issues
        All issues.
    scheme, palette
        Order and colours.
    lengths_s
        Length of each session's recording.
    sheet_phases
        Phases of the sheet on the recording's clock: name, onset_s, offset_s.
    """
    coded = dict(tuple(segments.table.groupby("session", sort=False)))
    found: dict[str, list[Issue]] = {}
    for issue in issues:
        found.setdefault(issue.session, []).append(issue)
    # A recording alone, without coding and without a remark, is nothing to look at.
    names = [*lengths_s, *(name for name in [*coded, *sorted(found)] if name not in lengths_s)]
    empty = segments.table.iloc[:0]
    return [
        _draw_session(
            name, coded.get(name, empty), found.get(name, []), scheme, palette, lengths_s.get(name),
            sheet_phases.get(name) or (),
        )
        for name in dict.fromkeys(names)
        if name and (name in coded or name in found)
    ]  # fmt: skip


def _draw_session(
    name: str,
    table: pd.DataFrame,
    issues: Sequence[Issue],
    scheme: Scheme,
    palette: Palette,
    length_s: float | None,
    sheet: Sequence[Any],
) -> SessionPicture:
    coders = sorted(set(table.coder))
    length_s = None if length_s is None or is_missing(length_s) else float(length_s)

    def blocks(rows: pd.DataFrame) -> list[Block]:
        return [Block(palette.style(row.code), row.code, row.onset_s, row.offset_s) for row in rows.itertuples()]

    marked = {coder: blocks(table[(table.coder == coder) & (table.tier == PHASE_TIER)]) for coder in coders}
    given = [Block(palette.style(phase), phase, float(onset_s), float(offset_s)) for phase, onset_s, offset_s in sheet]
    shared = given or next((own for own in marked.values() if own), [])
    phases: list[Row] = [Band("phase \N{MIDDLE DOT} sheet", given, "phase")] if given else []
    phases += [Band(f"phase \N{MIDDLE DOT} {coder}", own, "phase") for coder, own in marked.items() if own]
    groups: list[list[Row]] = [phases]
    tiers = [tier for tier in scheme.tiers if tier != PHASE_TIER]
    for tier in [*tiers, *sorted(set(table.tier) - set(tiers) - {PHASE_TIER})]:
        own = table[table.tier == tier]
        groups.append([
            Band(
                f"{tier} \N{MIDDLE DOT} {coder}" if coder else tier, blocks(own[own.coder == coder]),
                behind=given or marked[coder] or shared,
            )
            for coder in sorted(set(own.coder))
        ])  # fmt: skip
    rows = _pins(issues)
    groups.append([*rows])
    groups = [group for group in groups if group]
    times = [time for block in _blocks(groups) for time in (block.onset_s, block.offset_s)]
    times += [time for own in rows for pin in own.pins for time in (pin.onset_s, pin.offset_s)]
    counts = [(grade, sum(issue.severity == grade for issue in issues)) for grade in ("error", "warning", "note")]
    figure = Markup("")
    if times:
        # Without a recording nothing says what lies before the coding; where that is most of the time, it is left out.
        first_s = min(times) if length_s is None and min(times) > max(times) / 2 else min([*times, 0.0])
        figure = draw_timeline(
            groups, max([*times, length_s or 0.0]), f"Session {name}: what each coder coded, and where issues lie",
            start_s=first_s, end_s=length_s,
        )  # fmt: skip
    return SessionPicture(name, coders, length_s, counts, figure)


def _blocks(groups: Iterable[Iterable[Row]]) -> Iterable[Block]:
    return (block for group in groups for row in group if isinstance(row, Band) for block in row.blocks)


def _pins(issues: Sequence[Issue]) -> list[Pins]:
    """A row of marks for each coder, and one for what is said of no coder, as far as issues name a time."""
    found: dict[str, list[Any]] = {}
    for issue in issues:
        pin = pin_of(issue)
        if pin is not None:
            found.setdefault(issue.coder, []).append(pin)
    return [Pins(f"issues \N{MIDDLE DOT} {coder}" if coder else "issues", found[coder]) for coder in sorted(found)]


def scheme_of_codes(segments: Segments, name: str) -> Scheme:
    """A scheme for the picture of a file that has none: its tiers, and colours for the codes that take most time.

    A code has one colour in every tier. What is coded so rarely that the colours do not reach is grey.
    """
    table = segments.table.assign(length_s=segments.table.offset_s - segments.table.onset_s)
    sums = table.groupby("code", sort=True).length_s.agg(["sum", "size"])
    ranked = sums.sort_values(["sum", "size"], ascending=False, kind="stable").index[: len(_COLOURS)]
    colours = dict(zip(ranked, _COLOURS, strict=False))
    tiers = {
        tier: Tier(
            title=tier,
            codes={code: Code(title=code, colour=colours[code]) for code in dict.fromkeys(own.code) if code in colours},
        )
        for tier, own in table.groupby("tier", sort=True)
    }
    return Scheme(name=name, tiers=tiers)


def coloured_codes(scheme: Scheme) -> list[str]:
    """The codes that have a colour in such a scheme, in the order of the colours."""
    found = {code: own.colour for tier in scheme.tiers.values() for code, own in tier.codes.items()}
    return sorted(found, key=lambda code: _COLOURS.index(found[code]))
