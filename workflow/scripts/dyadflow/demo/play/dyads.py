"""Who takes part: covariates of a dyad, and in which block of sessions it was coded."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dyadflow.demo.settings import draw_for

#: The twelve dyads of the study, one session each.
SESSIONS = tuple(f"p{number:02d}" for number in range(1, 13))

#: The second paper's design, smaller: a few sessions that all coders coded first, then three blocks.
BLOCKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"pilot": SESSIONS[0:3], "1": SESSIONS[3:6], "2": SESSIONS[6:9], "3": SESSIONS[9:12]}
)
#: Sessions with the second experimenter, some in every block; the first has all others.
SECOND_EXPERIMENTER = frozenset({"p02", "p05", "p07", "p09", "p12"})

#: Infants of the second paper were about 14 months old.
AGE_MEAN_MONTHS, AGE_SD_MONTHS = 14.0, 0.5
AGE_RANGE_MONTHS = (13.0, 15.0)


@dataclass(frozen=True)
class Dyad:
    """Covariates of one dyad.

    Parameters
    ----------
    name
        The dyad, which is also its only session.
    experimenter
        ``1`` or ``2``: who played with the infant.
    block
        ``pilot``, ``1``, ``2`` or ``3``; empty for a session that is not one of the study.
    infant_age_months
        Age, to a tenth of a month.
    infant_sex
        ``female`` or ``male``.
    """

    name: str
    experimenter: str
    block: str
    infant_age_months: float
    infant_sex: str


def describe_dyad(session: str) -> Dyad:
    """The covariates of a session's dyad.

    They depend on the name alone, not on the seed, so that a sheet written once stays true.
    """
    rng = draw_for(session, "covariates")
    age = min(max(rng.normal(AGE_MEAN_MONTHS, AGE_SD_MONTHS), AGE_RANGE_MONTHS[0]), AGE_RANGE_MONTHS[1])
    return Dyad(
        session,
        experimenter="2" if session in SECOND_EXPERIMENTER else "1",
        block=next((block for block, sessions in BLOCKS.items() if session in sessions), ""),
        infant_age_months=round(float(age), 1),
        infant_sex="female" if rng.random() < 0.5 else "male",
    )
