"""Weights of foundation models: from the hub, from a local folder, or none at all."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyadflow.errors import DyadflowError
from dyadflow.provenance.fingerprint import sha256_of

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings

UNTRAINED = "untrained"

#: What of a folder of weights decides the numbers: the network, how its input is scaled, and its parameters.
_DECIDING = ("config.json", "preprocessor_config.json", "*.safetensors")

#: Parameters that only training uses; published weights may lack them.
_ONLY_FOR_TRAINING = ("mask_token", "masked_spec_embed")


def identify_weights(settings: ExtractorSettings) -> dict[str, str]:
    """What the weights are, told without loading them or importing torch.

    Returns
    -------
    dict
        ``weights`` as the study says, ``revision``, and for a local folder or file its ``weights_sha256``.
    """
    found = {"weights": settings.weights or "none", "revision": settings.revision or ""}
    if settings.weights and settings.weights != UNTRAINED:
        place = Path(settings.weights)
        if place.is_dir():
            found["weights_sha256"] = digest_folder(place)
        elif place.is_file():
            found["weights_sha256"] = sha256_of(place)
    return found


def digest_folder(folder: Path) -> str:
    """SHA-256 over the names and contents of all in a folder that decides numbers (`_DECIDING`), as hex."""
    whole = hashlib.sha256()
    for path in sorted(path for pattern in _DECIDING for path in folder.glob(pattern)):
        whole.update(f"{path.name} {sha256_of(path)}\n".encode())
    return whole.hexdigest()


def find_weights(settings: ExtractorSettings) -> tuple[Path, dict[str, str]]:
    """The folder that holds the weights, downloaded if they are named on the hub and not there yet.

    Returns
    -------
    folder
        With ``config.json`` and weights in safetensors.
    attributes
        To record: ``weights``, ``revision`` (on the hub: the commit) and ``weights_sha256``.

    Raises
    ------
    DyadflowError
        If they cannot be had, with how to fetch them beforehand.
    """
    name = str(settings.weights)
    local = Path(name).is_dir()
    folder = Path(name) if local else _download(name, settings.revision)
    if not (folder / "config.json").exists() or not any(folder.glob("*.safetensors")):
        raise DyadflowError(
            "these weights have no config.json with *.safetensors beside it", where=name,
            fix="name a folder written by save_pretrained, or weights published in safetensors",
        )
    revision = settings.revision or "" if local else folder.name
    return folder, {"weights": name, "revision": revision, "weights_sha256": digest_folder(folder)}


def check_kind(folder: Path, kinds: Collection[str], *, name: str, architecture: str) -> str:
    """The ``model_type`` that a folder of weights says it is, one of `kinds`.

    Raises
    ------
    DyadflowError
        If it is of another architecture: transformers would load what fits and only warn.
    """
    kind = str(json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type", ""))
    if kind not in kinds:
        raise DyadflowError(
            f"these are weights of {kind or 'an unnamed architecture'}, not of {architecture}",
            where=f"weights {name}", fix=f"name weights of {architecture}",
        )
    return kind


def load_model(model_class: Any, folder: Path, *, name: str) -> Any:
    """Load a transformers model from a folder, and refuse weights that do not fill it.

    Transformers fills what the file lacks with random numbers and only warns: a stream made of them would
    look like any other.

    Raises
    ------
    DyadflowError
        If parameters are missing or of the wrong shape.
    """
    import torch

    try:
        model, report = model_class.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise DyadflowError(
            f"the weights cannot be loaded into {model_class.__name__} ({_first_line(error)})", where=name,
            fix="name weights of this architecture",
        ) from error
    missing = sorted(key for key in report["missing_keys"] if not key.endswith(_ONLY_FOR_TRAINING))
    if missing or report.get("mismatched_keys"):
        raise DyadflowError(
            f"the weights do not fill {model_class.__name__}: {len(missing)} parameters are missing"
            + (f", such as {missing[0]}" if missing else ""), where=name,
            fix="name weights of this architecture",
        )
    return model.eval()


def build_untrained(model_class: Any, config_class: Any, config: dict[str, Any], *, seed: int) -> Any:
    """Build a model with random numbers that depend on `seed` alone, and leave torch's own seed as it was.

    Raises
    ------
    DyadflowError
        If `config` has a field that `config_class` does not know (transformers would take it and build the
        full size), or one that no model can be built from.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError

    known = [field.name for field in fields(config_class) if not field.name.startswith("_")]
    unknown = [name for name in config if name not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        raise DyadflowError(
            f"options.config has no field {unknown[0]!r}", where=config_class.__name__,
            fix=f"did you mean {near[0]!r}" if near else "leave it out",
        )
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return model_class(config_class(**config)).eval()
    except (ValueError, TypeError, StrictDataclassError) as error:
        raise DyadflowError(
            f"no model can be built from options.config ({' '.join(str(error).split())})",
            where=config_class.__name__, fix="check hidden_size, num_attention_heads and the like",
        ) from error


def _download(name: str, revision: str | None) -> Path:
    """Fetch weights from the hub into its cache, or find them there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # its own client, whichever that is

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=["*.json", "*.safetensors"]))
    except GatedRepoError as error:
        raise DyadflowError(
            "the Hugging Face hub gives these weights only to those who accepted their licence",
            where=f"weights {name}", fix="accept it on the page of the weights, then log in with `hf auth login`",
        ) from error
    except (OSError, ValueError, httpx.HTTPError) as error:
        raise DyadflowError(
            "there is no such folder, and no such weights can be had from the Hugging Face hub",
            where=f"weights {name}" + (f" at revision {revision}" if revision else ""),
            fix="fetch them beforehand on a machine with internet (`dyadflow fetch-weights` and the study's file) and "
            "copy the cache, or name the local folder that holds them",
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
