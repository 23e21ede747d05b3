"""Fetch the weights that a study names, beforehand, on a machine with internet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dyadflow.features import weights
from dyadflow.features.registry import backbone_module
from dyadflow.features.settings import ExtractorSettings
from dyadflow.features.weights import UNTRAINED
from dyadflow.provenance.whole import whole


@dataclass(frozen=True)
class Fetched:
    """Weights that are here now.

    Parameters
    ----------
    user
        What in the study names them, such as ``extractor dinov2``.
    weights
        As the study says.
    revision
        Commit on the hub; empty for what lies on this machine.
    pinned
        False if the study names weights on the hub and no revision, so that they may change.
    size_bytes
        Of all files together.
    sha256
        What every stream made with them records as ``weights_sha256``.
    place
        Folder or file.
    """

    user: str
    weights: str
    revision: str
    pinned: bool
    size_bytes: int
    sha256: str
    place: Path

    def sentence(self) -> str:
        """What there is, and what the study should say that it does not."""
        of = f" at {self.revision}" if self.revision else ""
        advice = "" if self.pinned else f" The study names no revision: set it to {self.revision}."
        return (
            f"{self.user}: {self.weights}{of}, {self.size_bytes / 1e6:.1f} MB, sha256 {self.sha256}, in {self.place}."
            + advice
        )


def fetch_weights(
    extractors: Mapping[str, ExtractorSettings], *, into: str | Path | None = None
) -> Iterator[Fetched]:
    """Have the weights of every extractor on this machine, downloading what is missing.

    Parameters
    ----------
    extractors
        Of a study, by name. Those without weights, or with untrained ones, are passed over.
    into
        A folder to copy weights from the hub into, as plain files, one folder for each commit, to be carried to a
        machine without internet and named there as `weights`. Left out: they stay in the hub's own cache.

    Yields
    ------
    Fetched
        One for each extractor with weights, as soon as they are there.

    Raises
    ------
    DyadflowError
        If weights cannot be had, with what to do about it.
    """
    for name, settings in extractors.items():
        module = backbone_module(settings.backbone)
        if not module.NEEDS_WEIGHTS or settings.weights == UNTRAINED:
            continue
        # A backbone whose weights are not those of a transformers network finds them itself.
        place, found = getattr(module, "find_weights", weights.find_weights)(settings)
        on_hub = not Path(str(settings.weights)).exists()
        if on_hub and into is not None:
            place = _copy(place, Path(into) / f"{str(settings.weights).replace('/', '--')}-{found['revision'][:12]}")
        files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
        yield Fetched(
            f"extractor {name}", str(settings.weights), found["revision"] if on_hub else "",
            not on_hub or bool(settings.revision), sum(path.stat().st_size for path in files), found["weights_sha256"],
            place,
        )


def _copy(source: Path, target: Path) -> Path:
    """Copy a snapshot of the hub's cache, following its links; what is there whole already is left alone."""
    if not target.exists():
        with whole(target) as beside:
            shutil.copytree(source, beside)
    return target
