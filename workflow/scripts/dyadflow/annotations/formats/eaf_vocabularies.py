"""ELAN's controlled vocabularies: which tier takes its codes from which closed list."""

from collections.abc import Mapping
from typing import Any

from dyadflow.annotations.issues import Issue


def read_vocabularies(document: Any, tiers: Mapping[str, str]) -> tuple[dict[str, dict[str, str]], list[Issue]]:
    """The closed lists of codes that an ELAN document gives its tiers.

    A list may have each of its values in several languages (EAF 2.8 and later). A tier has its values in the
    language that it is in itself (LANG_REF), or, where an entry lacks that or the tier names none, in the
    first.

    Parameters
    ----------
    document
        A `pympi.Elan.Eaf`.
    tiers
        Tiers of the document, and what the reading calls them.

    Returns
    -------
    vocabularies, issues
        As `Reading.vocabularies`; and ``unread_part`` for each list that stands outside of the document.
    """
    vocabularies: dict[str, dict[str, str]] = {}
    outside: dict[tuple[str, str], list[str]] = {}
    for name, tier in tiers.items():
        attributes = document.tiers[name][2]
        kind = document.linguistic_types.get(attributes.get("LINGUISTIC_TYPE_REF"), {})
        called = kind.get("CONTROLLED_VOCABULARY_REF")
        if not called:
            continue
        _, entries, reference = document.controlled_vocabularies.get(called, ([], {}, None))
        if entries:
            known = vocabularies.setdefault(tier, {})
            for values, _ in entries.values():
                code, meaning = _choose(values, attributes.get("LANG_REF"))
                known.setdefault(code, meaning)
        elif reference or called not in document.controlled_vocabularies:
            _, address = document.external_refs.get(reference, ("", ""))
            outside.setdefault((called, address), []).append(tier)
    issues = [
        Issue(
            "unread_part",
            f"the list of values {called!r}{f' ({address})' if address else ''} of tier{'s' if len(names) > 1 else ''} "
            f"{', '.join(dict.fromkeys(names))} stands outside of the file and is not read",
            where=f"vocabulary {called!r}",
        )
        for (called, address), names in outside.items()
    ]
    return {tier: known for tier, known in vocabularies.items() if known}, issues


def _choose(values: list[tuple[Any, ...]], language: str | None) -> tuple[str, str]:
    """Value and description in a language, or the first; pympi gives (value, language, description)."""
    own = [value for value in values if value[1] == language] or values or [("", "", "")]
    return own[0][0] or "", own[0][2] or ""
