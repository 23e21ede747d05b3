"""Manifests: for each output, a sidecar that names what made it."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dyadflow.provenance.circumstances import (
    device_used,
    engine_used,
    instructions_used,
    platform_used,
    seed_of,
    versions_used,
)
from dyadflow.provenance.code_record import CodeRecord, record_code
from dyadflow.provenance.fingerprint import fingerprint
from dyadflow.provenance.kept import kept_by_now
from dyadflow.provenance.secrets import scrub, scrub_values
from dyadflow.provenance.shareable import OUTSIDE, lies_outside, names_of_inputs, shareable

FOLDER = "provenance"
#: What rules call an input that a job only waits for (`ancient`): that another content is there now is no reason
#: to run again.
WAITED_FOR = ("passed",)


def write_manifests(job: Any, places: Sequence[Path], began: datetime) -> None:
    """Write one manifest an output, under the study's `provenance` folder.

    They are sidecars and no output of the rule: a manifest names inputs, versions and times, and so may differ
    where the result itself is the same to the byte.

    Parameters
    ----------
    job
        The job as `stage` knows it.
    places
        Its outputs, in place.
    began
        When it began.
    """
    if not places:
        return
    roles = list(job.input.items())
    session = dict(job.wildcards.items()).get("session")
    names = names_of_inputs(roles, session)
    names |= {path: path for path in map(str, job.input) if path not in names and not lies_outside(path)}
    inputs = {name: described for path, name in names.items() if (described := describe(Path(path))) is not None}
    params = {name: value for name, value in job.params.items() if name != "code"}
    about = {
        "rule": job.rule,
        "wildcards": dict(job.wildcards.items()),
        "code": job.params.code[0],
        "params": shareable(params, names),
        "seed": seed_of(params),
        "inputs": inputs,
        "waited_for": [names[path] for role, path in roles if role in WAITED_FOR and isinstance(path, str)],
        "kept": kept_by_now(),
        "configuration": _configuration(job.config, dict(job.wildcards.items()).get("study")),
        "device": device_used(),
        "instructions": instructions_used(),
        "threads": job.threads,
        "platform": platform_used(),
        "versions": versions_used(_record_code(job, places[0]).libraries),
        "engine": engine_used(),
        "began": began.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    about = {key: value for key, value in about.items() if value not in (None, []) and (key, value) != ("kept", {})}
    outside = {name: str(Path(path).absolute()) for path, name in names.items() if name.startswith(f"{OUTSIDE}/")}
    for place in places:
        _write(manifest_of(place), {"output": place.as_posix(), "content": describe(place), **about})
        if outside:
            _write(real_names_of(place), outside)


def manifest_of(place: Path) -> Path:
    """Where the manifest of an output lies: ``results/S/room/x.tsv`` -> ``results/S/provenance/room/x.tsv.json``."""
    study = study_folder(place)
    if study is None:
        return place.with_name(place.name + ".manifest.json")
    return study.joinpath(FOLDER, *place.parts[len(study.parts):-1], place.name + ".json")


def real_names_of(place: Path) -> Path:
    """Where the real names of an output's inputs from outside the project lie; never shared."""
    manifest, study = manifest_of(place), study_folder(place)
    if study is None:
        return Path("results", "private", FOLDER, manifest.name)
    return study / "private" / manifest.relative_to(study)


def code_record_of(place: Path, code: str) -> Path | None:
    """Where it stands what the code digest of an output is made of; of what belongs to no study, nowhere."""
    study = study_folder(place)
    return None if study is None else study / FOLDER / "code" / f"{code}.tsv"


def study_folder(place: Path) -> Path | None:
    """``results/S`` of a path below it."""
    parts = place.parts
    if "results" in parts and len(parts) > parts.index("results") + 2:
        return Path(*parts[: parts.index("results") + 2])
    return None


def describe(path: Path) -> Any:
    """Fingerprint of a file, or of each file in a folder; ``None`` if there is no such thing."""
    if path.is_dir():
        return {
            file.relative_to(path).as_posix(): fingerprint(file)
            for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith(".")
        }
    return fingerprint(path) if path.exists() else None


def _record_code(job: Any, place: Path) -> CodeRecord:
    """What the job's code is made of, written if no job with the same code has done so before."""
    path = code_record_of(place, job.params.code[0])
    if path is None:
        return CodeRecord()
    if not path.exists():
        record_code(job.rule, list(job.params.code)[1:]).write(path)
    return CodeRecord.read(path)


def _configuration(config: Mapping[str, Any], study: str | None) -> list[str]:
    """Files of the job's study among those that the run names; of all studies for a job that has none."""
    named = config.get("studies") or []
    files = [Path(file) for file in ([named] if isinstance(named, str) else named) if Path(file).is_file()]
    own = [
        file for file in files
        if study and (found := re.search(r"""^name:\s*["']?([\w-]+)""", file.read_text("utf-8"), re.MULTILINE))
        and found[1] == study
    ]
    return [file.name if lies_outside(file) else file.as_posix() for file in own or files]


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(scrub_values(content), indent=1, default=lambda value: scrub(str(value)))
    path.write_text(text + "\n", encoding="utf-8")
