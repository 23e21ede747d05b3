"""Whether what manifests say still holds: of files, of what was made from them, and of code."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dyadflow.provenance.code_record import SCRIPTS, digests_now, record_code
from dyadflow.provenance.fingerprint import sha256_of
from dyadflow.provenance.records import Manifest, Project, listed

#: So many names are told of those that something is wrong with.
_TOLD = 3


class Checks:
    """Compares manifests with what is there now.

    Parameters
    ----------
    project
        Where files and manifests are read.
    trusting
        Whether nothing is compared: manifests are believed.
    """

    def __init__(self, project: Project, *, trusting: bool = False) -> None:
        self.project, self.trusting = project, trusting
        self._digests: dict[str, str | None] = {}
        self._code: dict[str, str] = {}
        #: How many files were compared with what was recorded, and how many were not there to be compared.
        self.compared, self.absent = 0, 0

    def look_at_code(self, manifests: Iterable[Manifest]) -> None:
        """Take the digests of the code now behind some outputs, all at once."""
        if not self.trusting:
            covered = {_code_of(manifest): [manifest.rule, *self._modules(manifest)] for manifest in manifests}
            self._digests |= digests_now(covered, self.project.scripts or SCRIPTS)

    def outputs(self, manifests: Sequence[Manifest]) -> list[str]:
        """Outputs that are no longer what their job wrote, and code that is no longer what it was."""
        if self.trusting:
            return []
        changed = [manifest for manifest in manifests if self._is_changed(manifest)]
        marks = [_told("changed since it was made", "changed since they were made", changed, manifests)]
        if len(changed) == 1 and isinstance(changed[0].content, dict):
            names = _differing(changed[0].content, self.project.content(changed[0].place))
            marks[0] += f": {_first(names)}"
        marks += [self._listed(manifest) for manifest in manifests]
        by_sentence: dict[str, list[Manifest]] = {}
        for manifest in manifests:
            by_sentence.setdefault(self._code_mark(manifest), []).append(manifest)
        marks += [_told(sentence, sentence, found, manifests) for sentence, found in by_sentence.items() if sentence]
        return list(filter(None, marks))

    def edges(self, places: Sequence[str], consumers: Sequence[Manifest]) -> list[str]:
        """Inputs that are no longer what the outputs above were made from."""
        if self.trusting:
            return []
        earlier = [
            place for place in places
            if any(self._is_earlier(place, consumer) for consumer in consumers if place in consumer.inputs)
        ]
        if not earlier:
            return []
        which = "" if len(places) == 1 else f" of {len(earlier)} of {len(places)} ({_first(_short(earlier))})"
        return [f"what stands above was made from an earlier version{which}"]

    def notes(self, places: Sequence[str], consumers: Sequence[Manifest]) -> list[str]:
        """What is no longer there, and so could not be compared."""
        if self.trusting:
            return []
        real = {name: path for consumer in consumers for name, path in consumer.real_names.items()}
        absent = sum(self.project.content(place, real) is None for place in places)
        self.compared += len(places) - absent
        self.absent += absent
        if not absent:
            return []
        return ["not there, so not compared" if len(places) == 1 else
                f"{absent} of {len(places)} not there, so not compared"]

    def _is_earlier(self, place: str, consumer: Manifest) -> bool:
        """Whether an output was made from something else than an input now is, or was when its job had made it."""
        if place in consumer.says.get("waited_for", []):
            return False
        read, now = consumer.inputs[place], self.project.content(place, consumer.real_names)
        made = self.project.manifest(place)
        if made is None:
            return now is not None and read != now
        # An input that was changed by hand afterwards says so itself.
        return read not in (now, made.content)

    def _is_changed(self, manifest: Manifest) -> bool:
        now = self.project.content(manifest.place)
        return now is not None and now != manifest.content

    def _listed(self, manifest: Manifest) -> str:
        """Files without a manifest of their own that an output lists with their SHA-256, and that have another now."""
        table = self.project.path(manifest.place)
        if table.suffix != ".tsv" or not table.is_file():
            return ""
        folder = Path(manifest.place).parent
        names = {
            name: digest for name, digest in listed(table).items()
            if (table.parent / name).is_file() and not self.project.manifest((folder / name).as_posix())
        }
        wrong = [name for name, digest in names.items() if sha256_of(table.parent / name) != digest]
        self.compared += len(names)
        return f"{len(wrong)} of {len(names)} files that it lists changed since: {_first(wrong)}" if wrong else ""

    def _code_mark(self, manifest: Manifest) -> str:
        """That the code of a rule is another now, with the modules that differ."""
        key = _code_of(manifest)
        if key not in self._code:
            self._code[key] = self._compare_code(manifest)
        return self._code[key]

    def _compare_code(self, manifest: Manifest) -> str:
        recorded, now = self.project.code_record(manifest), self._digests[_code_of(manifest)]
        if now == manifest.says["code"]:
            return ""
        if not recorded.modules:
            # Without the modules that a script loads by name, another digest would be no proof.
            return "" if now is not None else "made by code that is no longer there"
        scripts = self.project.scripts or SCRIPTS
        differing = recorded.differences(record_code(manifest.rule, self._modules(manifest), scripts))
        return "made by other code than there is now" + (f": {_first(differing)}" if differing else "")

    def _modules(self, manifest: Manifest) -> list[str]:
        return [name for name in self.project.code_record(manifest).modules if name != "script"]


def _code_of(manifest: Manifest) -> str:
    return f"{manifest.rule} {manifest.says['code']}"


def _told(one: str, several: str, found: Sequence[Manifest], among: Sequence[Manifest]) -> str:
    """A sentence about some outputs of a node; empty if there are none."""
    if not found:
        return ""
    if len(among) == 1:
        return one
    if len(found) == len(among):
        return f"all {several}"
    return f"{len(found)} of {len(among)} {several}: {_first(_short([item.place for item in found]))}"


def _first(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more


def _short(places: Sequence[str]) -> list[str]:
    """Names of files, with their folders where they would be alike."""
    names = [Path(place).name for place in places]
    return names if len(set(names)) == len(names) else [place.removeprefix("results/") for place in places]


def _differing(before: Any, now: Any) -> list[str]:
    if not isinstance(before, dict) or not isinstance(now, dict):
        return ["it was a folder"]
    return [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
