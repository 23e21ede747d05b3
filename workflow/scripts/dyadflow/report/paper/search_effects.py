"""What each value of each hyperparameter did to the inner score."""

from typing import TYPE_CHECKING

import pandas as pd

from dyadflow.report.paper import style
from dyadflow.report.paper.panels import Block, Layout, name_panel
from dyadflow.report.wording import model_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Hyperparameters of a model that are drawn at most, those that explain most.
_MOST = 8


def draw_search(effects: pd.DataFrame) -> "Figure":
    """Draw the table of `search_effects.tabulate_effects`."""
    if effects.empty:
        return style.draw_sentence("No search compared several candidates.")
    shown = {
        key: [(name, part) for name, part in own.groupby("hyperparameter", sort=False)][:_MOST]
        for key, own in effects.groupby(["protocol", "model"], sort=False)
    }
    several = effects.protocol.nunique() > 1
    foot = (
        "How far the inner F1 of candidates with a value lies from the mean of all candidates of the same "
        "cell and outer fold, in percentage points; in grey how much of the differences between candidates "
        "the hyperparameter explains by itself. Candidates are a subset of the grid, so an effect may be "
        "another hyperparameter's."
    )
    reach = max(0.01, float(effects.effect.abs().max())) * 115
    most = max(len(part) for own in shown.values() for _, part in own)
    layout = Layout(columns=4, width=26, height=max(8.0, 3.6 * most), left=13, right=2, above=5, below=10)
    figure, panels = layout.make([
        Block(model_title(model) + f" · {protocol}" * several, len(own)) for (protocol, model), own in shown.items()
    ], foot)
    for (_, model), own in shown.items():
        for name, part in own:
            axes = next(panels)
            share = part.share_of_variance.iloc[0]
            name_panel(axes, name.replace("_", " "), f"{100 * share:.0f} %" if share == share else "")
            axes.set(xlim=(-reach, reach), ylim=(max(most, 2) - 0.5, -0.5), yticks=range(len(part)))
            axes.set_yticklabels([_short(value) for value in part.value])
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="y", visible=False)
            axes.axvline(0, color=style.SOFT, lw=0.5)
            axes.barh(range(len(part)), 100 * part.effect, height=0.5, color=style.series_colour(model))
            axes.set_xlabel("F1, points", labelpad=1)
    list(panels)
    return figure


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
