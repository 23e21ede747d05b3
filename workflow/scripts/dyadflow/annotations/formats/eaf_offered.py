"""Closed lists of codes that ELAN is to offer for the tiers of a document that is written."""

from collections.abc import Mapping
from typing import Any

from dyadflow.annotations.scheme import PHASE_TIER, Scheme

_LANGUAGE = ("und", "http://cdb.iso.org/lg/CDB-00130975-001", "undetermined (und)")


def list_codes(scheme: Scheme | None, tier: str) -> dict[str, str]:
    """Codes of a scheme's tier, or its phases, and the merges of them, each with its title and meaning."""
    if scheme and tier == PHASE_TIER and scheme.phases:
        return {name: phase.title or name for name, phase in scheme.phases.codes.items()}
    if scheme and tier in scheme.tiers:
        codes = {name: (code.title, code.meaning) for name, code in scheme.tiers[tier].codes.items()}
        codes |= {name: (merge.title, ", ".join(merge.codes)) for name, merge in scheme.merges_of(tier).items()}
        return {name: ": ".join(filter(None, parts)) for name, parts in codes.items()}
    return {}


def add_vocabulary(document: Any, tier: str, entries: Mapping[str, str]) -> None:
    """Give a document that is to be written a closed list of codes with their descriptions."""
    document.languages[_LANGUAGE[0]] = _LANGUAGE[1:]
    document.add_controlled_vocabulary(tier)
    document.add_cv_description(tier, _LANGUAGE[0], "")
    number = len(document.controlled_vocabularies)
    for position, (code, description) in enumerate(entries.items(), start=1):
        # pympi checks and writes the triples in different orders; filled in directly, as it writes them.
        document.controlled_vocabularies[tier][1][f"cve{number}-{position}"] = (
            [(code, _LANGUAGE[0], description)],
            None,
        )
