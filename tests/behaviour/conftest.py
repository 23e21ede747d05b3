"""Schemes, and codings made of a few rows."""

from pathlib import Path

import pytest

from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.behaviour.codings import gather_codings
from dyadflow.behaviour.settings import BehaviourSettings

SCHEMES = Path(__file__).parents[2] / "config" / "schemes"


@pytest.fixture(scope="session")
def icep():
    return read_scheme(SCHEMES / "icep-r.yaml")


@pytest.fixture(scope="session")
def guided():
    return read_scheme(SCHEMES / "guided-play.yaml")


@pytest.fixture(scope="session")
def plain():
    """Two tiers of two people without phases; the third may hold several codes at once."""
    return read_scheme({
        "name": "plain",
        "tiers": {
            "infant": {"title": "Infant", "codes": {
                "cry": {"title": "Cry"}, "look": {"title": "Look"}, "smile": {"title": "Smile"},
                "hidden": {"title": "Hidden", "status": "unscorable"},
            }},
            "parent": {"title": "Parent", "codes": {
                "frown": {"title": "Frown"}, "watch": {"title": "Watch"}, "laugh": {"title": "Laugh"},
                "away": {"title": "Out of the picture", "status": "unscorable"},
            }},
            "signs": {"title": "Signs", "exclusive": False, "codes": {
                "voice": {"title": "Voice"}, "touch": {"title": "Touch"},
                "dark": {"title": "Too dark", "status": "unscorable"},
            }},
        },
        "merges": {"upset": {"codes": ["cry", "frown"]}, "calm": {"codes": ["look", "smile"]}},
        "dyadic": {
            "tiers": ["infant", "parent"],
            "states": {
                "bad": {"codes": {"infant": ["cry"], "parent": ["frown"]}},
                "good": {"codes": {"infant": ["look", "smile"], "parent": ["watch", "laugh"]}},
            },
            "levels": {"cry": -1, "look": 0, "smile": 1, "frown": -1, "watch": 0, "laugh": 1},
        },
    })


@pytest.fixture(scope="session")
def gather():
    """Codings of rows: ``gather(scheme, {("s1", "A"): [(tier, code, onset_s, offset_s), ...]})``."""

    def make(scheme, rows, *, kinds=None, sheet_phases=None, lengths_s=None, **settings):
        segments = Segments.from_rows(
            {"session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
            for (session, coder), those in rows.items() for tier, code, onset_s, offset_s in those
        )
        return gather_codings(
            segments, scheme, dyads={session: f"dyad of {session}" for session, _ in rows},
            kinds=kinds or dict.fromkeys(rows, "human"), sheet_phases=sheet_phases or {}, lengths_s=lengths_s or {},
            settings=BehaviourSettings(**settings),
        )

    return make


@pytest.fixture(scope="session")
def only():
    """The one row of a table in which the named columns have these values."""

    def find(table, **equals):
        for name, value in equals.items():
            table = table[table[name] == value]
        assert len(table) == 1, table
        return table.iloc[0]

    return find
