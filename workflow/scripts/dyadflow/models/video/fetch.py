"""Fetch the weights that a study's video networks start from, beforehand, on a machine with internet."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from dyadflow.features.fetch import Fetched
from dyadflow.models.video.registry import load_video_network
from dyadflow.models.video.settings import UNTRAINED, VideoTraining
from dyadflow.models.video.weights import cached_file, download_published, identify_start
from dyadflow.provenance.fingerprint import sha256_of


def fetch_starts(networks: Mapping[str, VideoTraining], *, into: str | Path | None = None) -> Iterator[Fetched]:
    """Have the weights that video networks start from on this machine, downloading what is missing.

    Parameters
    ----------
    networks
        Video networks of a study, by name. Those that start untrained are passed over.
    into
        A folder to copy published weights into, to be carried to a machine without internet and named there as
        `weights`. Left out: they stay in torch's own cache.

    Yields
    ------
    Fetched
        One for each network with weights, as soon as they are there.

    Raises
    ------
    DyadflowError
        If weights cannot be had, with what to do about it.
    """
    for name, settings in networks.items():
        if settings.weights == UNTRAINED:
            continue
        identify_start(settings)
        published = load_video_network(settings.network).PUBLISHED.get(settings.weights)
        place = Path(settings.weights)
        if published:
            download_published(published)
            place = cached_file(published)
            if into is not None:
                Path(into).mkdir(parents=True, exist_ok=True)
                place = Path(shutil.copy(place, into))
        yield Fetched(
            f"video network {name}", settings.weights, revision="", pinned=True, size_bytes=place.stat().st_size,
            sha256=sha256_of(place), place=place,
        )
