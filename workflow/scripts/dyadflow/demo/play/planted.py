"""The agreement that was planted: its true value, from many simulated sessions of the same three coders."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from dyadflow.agreement.kappa import cohen_kappa, percent_agreement
from dyadflow.annotations.labels import label_session, label_spec
from dyadflow.annotations.scheme import Scheme
from dyadflow.demo.planted import PlantedAgreement
from dyadflow.demo.play.behaviour import simulate_play
from dyadflow.demo.play.coders import CODERS, code_play
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.media.grid import FrameGrid


def planted_agreement(
    settings: PlaySettings, scheme: Scheme, *, dyads: int = 400, step_s: float = 0.1
) -> Mapping[tuple[str, str], PlantedAgreement]:
    """Agreement of every two coders in the long run, over all tasks and both variables.

    No recording and no file is made: the coders' segments go straight to labels, the way that labels are made
    of a study's files.

    Parameters
    ----------
    settings
        Of the study; the simulated sessions have names of their own, so none of them is in the study.
    scheme
        Decides what counts as engaged.
    dyads
        How many sessions to simulate; 400 give kappa to about 0.005.
    step_s
        Seconds from one compared moment to the next, within what both coders take for the task.

    Returns
    -------
    mapping
        From pair of coders, by name, to its agreement.
    """
    spec = label_spec(scheme)
    totals = {pair: np.zeros((2, 2), dtype=np.int64) for pair in combinations(sorted(CODERS), 2)}
    for number in range(dyads):
        session = simulate_play(f"simulated-{number}", settings)
        grid = FrameGrid(1 / step_s, int(session.duration_s / step_s))
        coded = {coder: code_play(session, coder, seed=settings.seed) for coder in CODERS}
        labels = label_session(coded, grid, spec, None)
        for (first, second), total in totals.items():
            for codes in labels.codes.values():
                both = (codes[first] >= 0) & (codes[second] >= 0)
                np.add.at(total, (codes[first][both], codes[second][both]), 1)
    return {
        pair: PlantedAgreement(float(cohen_kappa(total)), float(percent_agreement(total)), total)
        for pair, total in totals.items()
    }
