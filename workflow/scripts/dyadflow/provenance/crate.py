"""`dyadflow crate`: the shareable results of a study with workflow, configuration and history, as an RO-Crate.

The crate follows RO-Crate 1.1, Workflow RO-Crate 1.0 and Provenance Run Crate 0.5. It holds nothing of the study's
folder `private`, no manifests, whose settings include what the session sheet says of each dyad, and no file in which
the name of a file outside the project stands.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from rocrate.model import ContextEntity, Person
from rocrate.rocrate import ROCrate

from dyadflow.errors import DyadflowError
from dyadflow.provenance.absolute import replace_paths
from dyadflow.provenance.code_record import SCRIPTS
from dyadflow.provenance.crate_check import check_crate
from dyadflow.provenance.crate_run import PROFILES, TERMS, add_run, plain
from dyadflow.provenance.fingerprint import sha256_of
from dyadflow.provenance.manifest import FOLDER
from dyadflow.provenance.records import ABOUT_THE_RUN, Manifest, Project

#: Never part of a crate.
LEFT_OUT = ABOUT_THE_RUN | {"private", "__pycache__"}
#: Files of the workflow itself, beside its scripts.
WORKFLOW = ("Snakefile", "rules/*.smk", "workflow/Snakefile", "workflow/report/*", "envs/*", "profiles/*/*")
ABOUT = ("CITATION.cff", "LICENSE", "README.md", "requirements.lock", "pyproject.toml")
_TEXT = (".tsv", ".csv", ".html", ".json", ".eaf", ".svg", ".txt", ".yaml", ".md")
_MEDIA_TYPES = {
    ".tsv": "text/tab-separated-values", ".html": "text/html", ".json": "application/json", ".pdf": "application/pdf",
    ".svg": "image/svg+xml", ".png": "image/png", ".h5": "application/x-hdf5", ".eaf": "application/xml",
    ".yaml": "application/yaml", ".txt": "text/plain", ".py": "text/x-python",
    ".smk": "text/x-python", ".rst": "text/x-rst", ".toml": "application/toml", ".lock": "text/plain",
    ".md": "text/markdown",
}
_NO_LICENCE = "No licence has been chosen for these results: ask those who made them before using them."


@dataclass(frozen=True)
class Written:
    """What a crate holds.

    Attributes
    ----------
    folder
        The crate.
    files
        How many files it names, all of them checked.
    results
        How many of them are results of the study.
    left_out
        Results that name files outside the project, and so are not in it.
    """

    folder: Path
    files: int
    results: int
    left_out: list[str]


def write_crate(
    study: str | Path, into: str | Path, *, licence: str | None = None, authors: Sequence[str] = (),
    leave_out: Sequence[str] = (),
) -> Written:
    """Write the crate of a study, read it back, and check every file in it.

    Parameters
    ----------
    study
        Name of a study in ``results``, or its folder there.
    into
        Folder to make.
    licence
        Of the results: its address, or its SPDX name (``CC-BY-4.0``). That of the workflow is its own.
    authors
        Names of those who made the results.
    leave_out
        Folders of the study that should not be in it, such as ``features``.

    Raises
    ------
    DyadflowError
        If there is no such study, the folder exists already, a result is no longer what its job wrote, or the crate
        does not hold what it names.
    """
    folder, into = _study_folder(study), Path(into)
    if into.exists():
        raise DyadflowError("it exists already", where=str(into), fix="name a folder that is to be made")
    project = Project(folder.parent.parent)
    # A manifest outlives its output where a session was taken out of the study.
    manifests = [found for found in project.manifests(folder.name) if project.path(found.place).exists()]
    if not manifests:
        raise DyadflowError("no manifest says what made its results", where=str(folder), fix="run the workflow first")
    _refuse_changed(project, manifests, folder.name)
    home = project.folder if (project.folder / "Snakefile").is_file() else SCRIPTS.parents[1]
    if not (home / "Snakefile").is_file():
        raise DyadflowError(
            "the workflow itself is not there", where=str(project.folder), fix="run this from the project's folder")

    crate = ROCrate(version="1.1", gen_preview=True)
    crate.metadata.extra_contexts.append(TERMS)
    crate.name = f"Results of the study {folder.name}"
    crate.description = f"What dyadflow computed from recordings and coding files of the study {folder.name}, " \
        "without anything that shows a person."
    crate.datePublished = max(manifest.says.get("ended", "") for manifest in manifests) or crate.datePublished
    workflow = _add_workflow(crate, home)
    crate.license = _licence(crate, licence)
    if authors:
        crate.root_dataset["author"] = plain(
            crate.add(Person(crate, f"#{_slug(name)}", properties={"name": name})) for name in authors)
    settings = [_add_text(crate, project.folder, file) for file in _configuration(project.folder, manifests)]
    names, unnamed = list(_results(folder, leave_out)), _names_of_persons(manifests, project.folder)
    kept = [name for name in names if not _tells(folder / name, unnamed)]
    results = {
        f"results/{folder.name}/{name}": _add(crate, folder / name, f"results/{folder.name}/{name}") for name in kept
    }
    add_run(crate, workflow, manifests, results, settings)
    for profile in PROFILES:
        crate.root_dataset.append_to("conformsTo", crate.add(ContextEntity(crate, profile.address, properties={
            "@type": "CreativeWork", "name": profile.name, "version": profile.version})))
    crate.write(into)
    return Written(into, check_crate(into), len(results), [name for name in names if name not in kept])


def _study_folder(study: str | Path) -> Path:
    found = [path for path in (Path(study), Path("results", study)) if (path / FOLDER).is_dir()]
    if not found:
        raise DyadflowError(
            "there are no results of such a study", where=str(study),
            fix="name a study in results/, or its folder there")
    return found[0].absolute()


def _refuse_changed(project: Project, manifests: Iterable[Manifest], study: str) -> None:
    """Stop if a crate would say of a file that a job wrote it, and none did."""
    changed = [
        found.place for found in manifests
        if not found.place.startswith(f"results/{study}/private/") and project.content(found.place) != found.content
    ]
    if changed:
        raise DyadflowError(
            f"{changed[0]} is no longer what its job wrote" + (f", and {len(changed) - 1} more" if changed[1:] else ""),
            where=f"study {study}", fix="remove it and run the workflow again; dyadflow why tells of each")


def _add_workflow(crate: ROCrate, home: Path) -> Any:
    """The Snakefile as main entity, with the rest of the code, its licence and its authors."""
    citation = next(
        (folder / "CITATION.cff" for folder in (home, SCRIPTS.parents[1]) if (folder / "CITATION.cff").is_file()), None)
    if citation is None:
        raise DyadflowError("CITATION.cff is not there", where=str(home), fix="copy it from the project")
    cited = yaml.safe_load(citation.read_text(encoding="utf-8"))
    licence = crate.add(ContextEntity(crate, f"https://spdx.org/licenses/{cited['license']}", properties={
        "@type": "CreativeWork", "name": cited["license"]}))
    authors = [
        crate.add(ContextEntity(crate, f"#{_slug(name)}", properties={"@type": kind, "name": name}))
        for name, kind in map(_cited_name, cited["authors"])
    ]
    workflow = crate.add_workflow(
        home / "Snakefile", "Snakefile", main=True, lang="snakemake", record_size=True, properties={
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": cited["title"], "description": cited["abstract"], "version": str(cited["version"]),
            "sha256": sha256_of(home / "Snakefile"), "encodingFormat": "text/plain"})
    workflow["license"], workflow["author"] = licence, plain(authors)
    patterns = [*WORKFLOW, "workflow/scripts/**/*", *ABOUT]
    for path in sorted({path for pattern in patterns for path in home.glob(pattern)}):
        name = path.relative_to(home).as_posix()
        if path.is_file() and name != "Snakefile" and not LEFT_OUT & set(path.relative_to(home).parts[:-1]):
            script = path.suffix == ".py" and path.parent == home / "workflow" / "scripts"
            code = {"@type": ["File", "SoftwareSourceCode"], "version": str(cited["version"])} if script else {}
            _add(crate, path, name, **code)
    return workflow


def _cited_name(author: dict[str, str]) -> tuple[str, str]:
    if "name" in author:
        return author["name"], "Organization"
    return f"{author.get('given-names', '')} {author.get('family-names', '')}".strip(), "Person"


def _licence(crate: ROCrate, licence: str | None) -> Any:
    if licence is None:
        return crate.add(ContextEntity(crate, "#licence", properties={
            "@type": "CreativeWork", "name": "No licence chosen", "description": _NO_LICENCE}))
    address = licence if "://" in licence else f"https://spdx.org/licenses/{licence}"
    return crate.add(ContextEntity(crate, address, properties={"@type": "CreativeWork", "name": licence}))


def _configuration(project: Path, manifests: Iterable[Manifest]) -> Iterator[str]:
    """Files of the study's settings and of its scheme, as far as they lie within the project."""
    for name in dict.fromkeys(name for manifest in manifests for name in manifest.says.get("configuration", [])):
        file = project / name
        if file.is_file():
            yield name
            scheme = yaml.safe_load(file.read_text(encoding="utf-8")).get("scheme")
            found = (file.parent / str(scheme)).resolve()
            if found.is_file() and found.is_relative_to(project.resolve()):
                yield found.relative_to(project.resolve()).as_posix()


def _results(folder: Path, leave_out: Sequence[str]) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.is_file() and not hidden and not (LEFT_OUT | set(leave_out)) & set(inside.parts[:-1]):
            yield inside.as_posix()


def _names_of_persons(manifests: Sequence[Manifest], project: Path) -> set[bytes]:
    """Names of files outside the project, and the folder of the project: what must not stand in a crate."""
    real = {Path(path) for manifest in manifests for path in manifest.real_names.values()}
    # A file named after its session tells no more than the results, which name sessions.
    public = {value for manifest in manifests for value in manifest.wildcards.values()}
    found = {name for path in real for name in (str(path), path.name) if path.stem not in public}
    return {name.encode() for name in {*found, *map(str, real), str(project)}}


def _tells(file: Path, names: set[bytes]) -> bool:
    """Whether one of the names stands in a file of text, or in its own name."""
    content = file.read_bytes() if file.suffix in _TEXT and names else b""
    return any(name in content or name in file.name.encode() for name in names)


def _add_text(crate: ROCrate, project: Path, name: str) -> Any:
    """A file of settings; of paths that lead out of the project a star stands."""
    text = (project / name).read_text(encoding="utf-8")
    cleaned = replace_paths(text, lambda path: "*")
    if cleaned == text:
        return _add(crate, project / name, name)
    return crate.add_file(StringIO(cleaned), name, record_size=True, properties={
        "name": name, "sha256": hashlib.sha256(cleaned.encode()).hexdigest(),
        "encodingFormat": _MEDIA_TYPES.get(Path(name).suffix, "text/plain"),
        "description": "Paths that lead out of the project are left out."})


def _add(crate: ROCrate, path: Path, name: str, **more: Any) -> Any:
    media_type = _MEDIA_TYPES.get(path.suffix)
    return crate.add_file(path, name, record_size=True, properties={
        "name": name, "sha256": sha256_of(path), **({"encodingFormat": media_type} if media_type else {}), **more})


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name.strip().lower()) or "nobody"
