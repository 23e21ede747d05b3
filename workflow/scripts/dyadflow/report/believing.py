"""Everything that says how far results can be believed, gathered for the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.bouts import describe_bouts
from dyadflow.report.calibration import describe_calibration, draw_calibration
from dyadflow.report.ceiling import describe_ceiling, draw_ceiling, published_kappas, read_ceiling
from dyadflow.report.cell_tables import CellRows, CellTable
from dyadflow.report.chance import describe_chance, draw_chance, read_chance
from dyadflow.report.claims import describe_claims, draw_claims, read_claims
from dyadflow.report.classes import describe_classes
from dyadflow.report.group_gaps import describe_group_gaps, has_clear_gap
from dyadflow.report.presets import Protocol
from dyadflow.report.repeated import Repeated, describe_repeated
from dyadflow.report.summaries import count_off, describe_summaries


@dataclass(frozen=True)
class Believing:
    """What the page shows beside the results; None and empty where the study has no such table.

    Parameters
    ----------
    claims, claim_figures
        What a leaking split would have claimed; pictures by target.
    chance, chance_figures
        Cells against chance.
    ceiling, ceiling_figures, published
        Cells and coders against each coder; what the coders of the scheme's paper reached, by target.
    classes, classes_by_phase
        Every class, over all phases, and of the cell named beforehand in the other phases of the table.
    bouts
        Scores of bouts.
    calibration, reliability
        Scores of probabilities; pictures by target.
    summaries, summaries_by_phase, summary_sentence
        What would be published, and how much of it comes out different.
    group_gaps, clear_gap
        Differences between groups, and whether one of the cell named beforehand is clear.
    repeated
        Comparisons over repeated cross-validation.
    chance_cells, ceiling_cells, claim_cells
        Tables parted by cell.
    """

    claims: CellTable | None
    claim_figures: list[tuple[str, Markup]]
    chance: CellTable | None
    chance_figures: list[tuple[str, Markup]]
    ceiling: CellTable | None
    ceiling_figures: list[tuple[str, Markup]]
    published: list[tuple[str, tuple[float, float]]]
    classes: CellTable | None
    classes_by_phase: CellTable | None
    bouts: CellTable | None
    calibration: CellTable | None
    reliability: list[tuple[str, Markup]]
    summaries: CellTable | None
    summaries_by_phase: CellTable | None
    summary_sentence: str
    group_gaps: CellTable | None
    clear_gap: bool
    repeated: list[Repeated]
    chance_cells: list[CellRows]
    ceiling_cells: list[CellRows]
    claim_cells: list[CellRows]

    @property
    def outside(self) -> bool:
        """Whether anything holds cells against leaks, chance or coders."""
        return any((self.claims, self.chance, self.ceiling))

    @property
    def inside(self) -> bool:
        """Whether anything takes the predictions of cells apart."""
        return any((self.classes, self.bouts, self.calibration))

    @property
    def analysis(self) -> bool:
        """Whether anything says what an analysis of predicted codes would inherit."""
        return any((self.summaries, self.group_gaps))


def describe_believing(
    *,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    protocols: Mapping[str, Protocol],
    classes: Path | None,
    calibration: Path | None,
    reliability_bins: Path | None,
    bouts: Path | None,
    chance: Path | None,
    ceiling: Path | None,
    summaries: Path | None,
    claims: Path | None,
    group_gaps: Path | None,
    repeated: Path | None,
) -> Believing:
    """Read every table that there is.

    Parameters
    ----------
    scheme, headline, protocols
        The coding scheme, the cell named beforehand, and the study's protocols by name.
    classes, calibration, reliability_bins, bouts, chance, ceiling, summaries, claims, group_gaps, repeated
        Tables of room evaluation, or None.
    """
    chance_cells = read_chance(chance, scheme, headline)
    ceiling_cells = read_ceiling(ceiling, scheme, headline)
    claim_cells = read_claims(claims, scheme, headline)
    of_classes, classes_by_phase = describe_classes(classes, scheme, headline)
    of_summaries, summaries_by_phase = describe_summaries(summaries, scheme, headline)
    gaps = describe_group_gaps(group_gaps, scheme, headline)
    return Believing(
        claims=describe_claims(claim_cells),
        claim_figures=draw_claims(claim_cells, headline),
        chance=describe_chance(chance_cells),
        chance_figures=draw_chance(chance_cells, protocols, headline),
        ceiling=describe_ceiling(ceiling_cells),
        ceiling_figures=draw_ceiling(ceiling_cells),
        published=published_kappas(ceiling_cells, scheme),
        classes=of_classes,
        classes_by_phase=classes_by_phase,
        bouts=describe_bouts(bouts, scheme, headline),
        calibration=describe_calibration(calibration, scheme, headline),
        reliability=draw_calibration(reliability_bins, scheme, headline),
        summaries=of_summaries,
        summaries_by_phase=summaries_by_phase,
        summary_sentence=count_off(of_summaries),
        group_gaps=gaps,
        clear_gap=has_clear_gap(gaps),
        repeated=describe_repeated(repeated, scheme),
        chance_cells=chance_cells,
        ceiling_cells=ceiling_cells,
        claim_cells=claim_cells,
    )
