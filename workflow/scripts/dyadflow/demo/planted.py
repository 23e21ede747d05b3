"""The agreement that was planted: its true value, from many simulated sessions of the same two coders."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dyadflow.agreement.kappa import cohen_kappa, percent_agreement
from dyadflow.annotations.labels import label_session, label_spec
from dyadflow.annotations.scheme import Scheme
from dyadflow.demo.behaviour import simulate_session
from dyadflow.demo.coders import CODERS, code_session
from dyadflow.demo.settings import DemoSettings
from dyadflow.media.grid import FrameGrid


@dataclass(frozen=True)
class PlantedAgreement:
    """True agreement of the two coders on one target.

    Parameters
    ----------
    kappa, percent
        Cohen's kappa, and percent of frames with the same class; the frames of all sessions pooled.
    confusion
        Frames, shape (classes, classes): first coder by second coder.
    """

    kappa: float
    percent: float
    confusion: NDArray[np.int64]


def planted_agreement(
    settings: DemoSettings,
    scheme: Scheme,
    *,
    dyads: int = 400,
    rate_hz: float | None = None,
) -> Mapping[str, PlantedAgreement]:
    """Agreement of the coders in the long run, for every target of the scheme.

    No recording and no file is made: the coders' segments go straight to frame labels, the way that labels
    are made of a study's files.

    Parameters
    ----------
    settings
        Of the study; the simulated sessions have names of their own, so none of them is in the study.
    scheme
        Decides merges, exclusions and classes.
    dyads
        How many sessions to simulate; 400 give kappa to about 0.005.
    rate_hz
        Frames a second of the labels; by default those of the recording.

    Returns
    -------
    mapping
        From target to its agreement.
    """
    spec = label_spec(scheme)
    rate_hz = rate_hz or settings.rate_hz
    totals = {
        name: np.zeros((len(target.classes),) * 2, dtype=np.int64) for name, target in scheme.targets.items()
    }
    for number in range(dyads):
        session = simulate_session(f"simulated-{number}", settings)
        grid = FrameGrid(rate_hz, int(session.duration_s * rate_hz))
        coded = {coder: code_session(session, coder, seed=settings.seed) for coder in CODERS}
        labels = label_session(coded, grid, spec, None)
        for target, total in totals.items():
            first, second = (labels.codes[target][coder] for coder in CODERS)
            both = (first >= 0) & (second >= 0)
            np.add.at(total, (first[both], second[both]), 1)
    return {
        target: PlantedAgreement(float(cohen_kappa(total)), float(percent_agreement(total)), total)
        for target, total in totals.items()
    }
