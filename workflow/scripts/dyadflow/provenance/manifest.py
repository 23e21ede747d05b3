"""Manifests: for each output, a sidecar that names what made it."""

import json
import sys
from pathlib import Path
from typing import Any

from dyadflow.provenance.digest import PACKAGE, version_of
from dyadflow.provenance.fingerprint import fingerprint
from dyadflow.provenance.secrets import scrub, scrub_values


def write_manifests(job: Any, places: list[Path]) -> None:
    """Write one manifest an output, under the study's `provenance` folder.

    They are sidecars and no output of the rule: a manifest names inputs and versions, and so may differ
    where the result itself is the same to the byte.
    """
    inputs = {
        _shareable(path): described
        for path in map(Path, map(str, job.input)) if (described := _describe(path)) is not None
    }
    about = {
        "rule": job.rule,
        "wildcards": dict(job.wildcards.items()),
        "code": job.params.code[0],
        "params": {name: _keys_as_text(value) for name, value in job.params.items() if name != "code"},
        "inputs": inputs,
        "versions": {"python": sys.version.split()[0], **_loaded_versions()},
    }
    for place in places:
        manifest = manifest_of(place)
        manifest.parent.mkdir(parents=True, exist_ok=True)
        described = scrub_values({"output": place.as_posix(), "content": _describe(place), **about})
        text = json.dumps(described, indent=1, default=lambda value: scrub(str(value)))
        manifest.write_text(text + "\n", encoding="utf-8")


def manifest_of(place: Path) -> Path:
    """Where the manifest of an output lies: ``results/S/room/x.tsv`` -> ``results/S/provenance/room/x.tsv.json``."""
    parts = place.parts
    if "results" in parts and len(parts) > parts.index("results") + 2:
        root = parts.index("results") + 2
        return Path(*parts[:root], "provenance", *parts[root:-1], parts[-1] + ".json")
    return place.with_name(place.name + ".manifest.json")


def _describe(path: Path) -> Any:
    if path.is_dir():
        return {
            file.relative_to(path).as_posix(): fingerprint(file)
            for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith(".")
        }
    return fingerprint(path) if path.exists() else None


def _keys_as_text(value: Any) -> Any:
    """Plain values as JSON can hold them: a key such as (session, coder) becomes ``session/coder``."""
    if isinstance(value, dict):
        return {
            "/".join(key) if isinstance(key, tuple) else key: _keys_as_text(inner) for key, inner in value.items()
        }
    return value


def _shareable(path: Path) -> str:
    return path.name if path.is_absolute() else path.as_posix()


def _loaded_versions() -> dict[str, str]:
    # What is loaded now includes the workflow engine's own needs; only what decides results is of interest.
    deciding = ("av", "h5py", "numpy", "pandas", "scipy", "sklearn", "torch", "transformers", "safetensors")
    return {PACKAGE: version_of(PACKAGE), **{name: version_of(name) for name in deciding if name in sys.modules}}
