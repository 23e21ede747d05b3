"""The coding scheme in an exchange file of Observer XT (NXMLINTERCHANGE): behaviours, subjects and groups.

Known from public scripts that read such files: ``CDS_SUBJECT``, ``CDS_BEHAVIOR`` and ``CDS_MODIFIER`` hold
``CDS_ELE_NAME``, ``CDS_ELE_ID``, and some of ``CDS_ELE_DESCRIPTION``, ``CDS_ELE_PARENT_NAME``, ``CDS_ELE_PARENT_ID``
and ``CDS_ELE_MUT_EXCLUSIVE`` (``Y``). An element without a parent is a group, not something to be coded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element


@dataclass(frozen=True)
class SchemeEntry:
    """One behaviour, subject or modifier of the coding scheme, or a group of them if it has no parent."""

    name: str
    identifier: str
    description: str
    parent: str
    exclusive: bool


@dataclass(frozen=True)
class ObserverScheme:
    """Everything that an exchange file says of its coding scheme.

    Parameters
    ----------
    names
        For each kind (``SUBJECT``, ``BEHAVIOR``, ``MODIFIER``) and identifier: the name.
    vocabularies
        For each subject, its behaviours and their descriptions; every subject can show every behaviour.
    groups
        For behaviours of a mutually exclusive group: the group.
    """

    names: dict[tuple[str, str], str]
    vocabularies: dict[str, dict[str, str]]
    groups: dict[str, str]


def read_scheme(root: Element) -> ObserverScheme:
    """The coding scheme of an exchange file; empty if it has none."""
    entries = {kind: list(_entries(root, kind)) for kind in ("SUBJECT", "BEHAVIOR", "MODIFIER")}
    names = {
        (kind, entry.identifier): entry.name for kind, found in entries.items() for entry in found if entry.identifier
    }
    behaviours = [entry for entry in entries["BEHAVIOR"] if entry.parent]
    subjects = [entry.name for entry in entries["SUBJECT"] if entry.parent] or [""]
    exclusive = {
        key
        for entry in entries["BEHAVIOR"]
        if entry.exclusive and not entry.parent
        for key in (entry.name, entry.identifier)
    }
    groups = {entry.name: entry.parent for entry in behaviours if entry.exclusive or entry.parent in exclusive}
    codes = {entry.name: entry.description for entry in behaviours}
    return ObserverScheme(names, {subject: dict(codes) for subject in subjects} if codes else {}, groups)


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def text_of(parent: Element, name: str) -> str:
    """The text of the first child of that name, whatever its namespace; empty if there is none."""
    for child in parent:
        if local_name(child) == name:
            return "".join(child.itertext()).strip()
    return ""


def _entries(root: Element, kind: str) -> Iterator[SchemeEntry]:
    for element in root.iter():
        if local_name(element) == f"CDS_{kind}":
            values = {
                key: text_of(element, f"CDS_ELE_{key}") or element.get(f"CDS_ELE_{key}", "").strip()
                for key in ("NAME", "ID", "DESCRIPTION", "PARENT_NAME", "PARENT_ID", "MUT_EXCLUSIVE")
            }
            if values["NAME"]:
                yield SchemeEntry(
                    values["NAME"],
                    values["ID"],
                    values["DESCRIPTION"],
                    values["PARENT_NAME"] or values["PARENT_ID"],
                    values["MUT_EXCLUSIVE"].upper() == "Y",
                )
