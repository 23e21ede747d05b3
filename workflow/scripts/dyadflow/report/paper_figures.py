"""The figures of a paper: agreement, confusion, behaviour, transitions and what both do together."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dyadflow.annotations.scheme import read_scheme

#: What a figure is written to: one file, or one for each format; the ending says which (``.pdf``, ``.svg``).
Files = Path | Sequence[Path]


def draw_figures(
    *,
    agreement: Path,
    confusion: Path,
    clock: Path | None,
    measures: Path,
    transitions: Path,
    dyadic: Path,
    regulation: Path,
    scheme: Mapping[str, Any],
    agreement_figure: Files,
    confusion_figure: Files,
    behaviour_figure: Files,
    transitions_figure: Files,
    dyadic_figure: Files,
) -> None:
    """Draw all figures of a study.

    Parameters
    ----------
    agreement, confusion, clock
        Tables of room agreement; `clock` None where phases are shared.
    measures, transitions, dyadic, regulation
        Tables of room behaviour.
    scheme
        The coding scheme as plain data: titles, colours, order.
    agreement_figure, confusion_figure, behaviour_figure, transitions_figure, dyadic_figure
        Where to write each: one file or several, as PDF or SVG by their ending.

    Notes
    -----
    Vector graphics at the width of a journal's column or page (85 to 170 mm). Every figure ends with a sentence that
    says what it shows and on what it rests. Where there is nothing to draw, the figure is a sentence that says why.
    The same tables give the same bytes.
    """
    from dyadflow.report.paper import style
    from dyadflow.report.paper.agreement_matrices import draw_agreement
    from dyadflow.report.paper.code_proportions import draw_behaviour
    from dyadflow.report.paper.code_transitions import draw_transitions
    from dyadflow.report.paper.coder_confusion import draw_confusion
    from dyadflow.report.paper.dyadic_states import draw_dyadic

    plan = read_scheme(scheme)
    with style.drawing():
        for figure, files, title in (
            (draw_agreement(agreement, clock, plan), agreement_figure, "Agreement between coders"),
            (draw_confusion(confusion, agreement, plan), confusion_figure, "What coders take for what"),
            (draw_behaviour(measures, plan), behaviour_figure, "Share of the time of each code by phase"),
            (draw_transitions(transitions, plan), transitions_figure, "Which code follows which"),
            (draw_dyadic(dyadic, regulation, plan), dyadic_figure, "What both do together"),
        ):
            style.save_figure(figure, files, title)
