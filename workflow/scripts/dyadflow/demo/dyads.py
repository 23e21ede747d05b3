"""Who takes part: the covariates of a dyad and the sheets of the study."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dyadflow.demo.settings import draw_for

#: Share of the clinical group, and age in months, as in the study that the first paper reuses
#: (39 of 92 caregivers; 4.1 months, standard deviation 1.5).
ANXIETY_SHARE = 39 / 92
AGE_MEAN_MONTHS, AGE_SD_MONTHS = 4.1, 1.5
AGE_RANGE_MONTHS = (2.0, 8.0)

#: The twelve dyads of the study, one session each.
SESSIONS = tuple(f"d{number:02d}" for number in range(1, 13))


@dataclass(frozen=True)
class Dyad:
    """Covariates of one dyad.

    Parameters
    ----------
    name
        The dyad, which is also its only session.
    group
        ``control`` or ``anxiety``.
    infant_age_months
        Age, to a tenth of a month.
    infant_sex
        ``female`` or ``male``.
    """

    name: str
    group: str
    infant_age_months: float
    infant_sex: str


def describe_dyad(session: str) -> Dyad:
    """The covariates of a session's dyad.

    They depend on the name alone, not on the seed, so that a sheet written once stays true.
    """
    rng = draw_for(session, "covariates")
    group = "anxiety" if rng.random() < ANXIETY_SHARE else "control"
    age = min(max(rng.normal(AGE_MEAN_MONTHS, AGE_SD_MONTHS), AGE_RANGE_MONTHS[0]), AGE_RANGE_MONTHS[1])
    return Dyad(session, group, round(float(age), 1), "female" if rng.random() < 0.5 else "male")


def session_sheet(sessions: Sequence[str] = SESSIONS) -> pd.DataFrame:
    """The study's session sheet: session, dyad, media, group, infant_age_months, infant_sex."""
    dyads = [describe_dyad(name) for name in sessions]
    return pd.DataFrame(
        {
            "session": list(sessions),
            "dyad": [dyad.name for dyad in dyads],
            "media": [f"{name}.mp4" for name in sessions],
            "group": [dyad.group for dyad in dyads],
            "infant_age_months": [dyad.infant_age_months for dyad in dyads],
            "infant_sex": [dyad.infant_sex for dyad in dyads],
        }
    )


def coding_sheet(sessions: Sequence[str] = SESSIONS) -> pd.DataFrame:
    """The study's coding sheet: session, coder, kind, format, path; two people coded every session."""
    from dyadflow.demo.coders import CODERS

    return pd.DataFrame(
        [
            {
                "session": name,
                "coder": coder,
                "kind": "human",
                "format": habits.format,
                "path": f"{name}_{coder}{habits.suffix}",
            }
            for name in sessions
            for coder, habits in CODERS.items()
        ]
    )
