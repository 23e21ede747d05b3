"""What a video network starts from: published weights, a file, or random numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyadflow.errors import DyadflowError
from dyadflow.models.video.registry import load_video_network
from dyadflow.models.video.settings import UNTRAINED
from dyadflow.provenance.fingerprint import sha256_of

if TYPE_CHECKING:
    import torch
    from torch import nn

    from dyadflow.models.video.settings import VideoTraining


def identify_start(settings: "VideoTraining") -> dict[str, str]:
    """What the weights are, told without loading them.

    Returns
    -------
    dict
        ``weights`` as the study says, or, for a file, only ``weights_sha256`` of its content: the same file
        elsewhere is the same start.

    Raises
    ------
    DyadflowError
        If a file is named that is not there.
    """
    if settings.weights in (UNTRAINED, *load_video_network(settings.network).PUBLISHED):
        return {"weights": settings.weights}
    if not Path(settings.weights).is_file():
        raise DyadflowError(
            "there is no such file of weights", where=settings.weights,
            fix="name a .pth or .safetensors file; its path starts from the folder that snakemake runs in",
        )
    return {"weights_sha256": sha256_of(settings.weights)}


def start_network(settings: "VideoTraining", *, seed: int) -> "nn.Module":
    """The network as training finds it, in evaluation mode, with a random last layer for two classes.

    Parameters
    ----------
    settings
        The network, its options and its weights.
    seed
        Of random numbers; torch's own seed is left as it was.

    Raises
    ------
    DyadflowError
        If weights cannot be had, or do not fit the network.
    """
    import torch

    module = load_video_network(settings.network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = module.build(module.Options.model_validate(settings.options))
    if settings.weights != UNTRAINED:
        published = module.PUBLISHED.get(settings.weights)
        _fill(network, download_published(published) if published else _read(settings.weights), settings.weights)
    return network.eval()


def _fill(network: "nn.Module", given: "dict[str, torch.Tensor]", name: str) -> None:
    """Load all but the last layer, and refuse what does not fit: it would be random and look like any other."""
    wanted = {key: value for key, value in network.state_dict().items() if not key.startswith("fc.")}
    given = {key: value for key, value in given.items() if not key.startswith("fc.")}
    missing, unknown = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    other = [key for key in wanted if key in given and given[key].shape != wanted[key].shape]
    wrong = (
        f"{len(missing)} parameters are missing, such as {missing[0]}" if missing
        else f"they have {len(unknown)} parameters that it has not, such as {unknown[0]}" if unknown
        else f"{other[0]} has shape {tuple(given[other[0]].shape)}, not {tuple(wanted[other[0]].shape)}" if other
        else ""
    )
    if wrong:
        raise DyadflowError(
            f"these weights do not fit the network: {wrong}", where=f"weights {name}",
            fix="name weights of this network, and leave its options as they were when these were trained",
        )
    network.load_state_dict(given, strict=False)


def _read(name: str) -> "dict[str, torch.Tensor]":
    """A state dict from a file; nothing but tensors is unpacked from a .pth file."""
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if name.endswith(".safetensors"):
            found: Any = load_file(name)
        else:
            found = torch.load(name, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError, SafetensorError) as error:
        raise DyadflowError(
            "these weights cannot be read", where=f"weights {name}",
            fix="name a file that torch.save wrote of a network's state_dict(), or a .safetensors file",
        ) from error
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise DyadflowError(
            "this file holds something else than a network's state_dict", where=f"weights {name}",
            fix="write it with torch.save(network.state_dict(), ...)",
        )
    return found


def download_published(published: str) -> "dict[str, torch.Tensor]":
    """Fetch published weights into torch's cache, or find them there.

    Raises
    ------
    DyadflowError
        If they cannot be had, with how to fetch them beforehand.
    """
    from torchvision.models import get_weight

    weights, place = get_weight(published), cached_file(published)
    try:
        return dict(weights.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:
        raise DyadflowError(
            "the published weights are not in torch's cache and cannot be downloaded", where=f"weights {published}",
            fix="fetch them beforehand on a machine with internet (`dyadflow fetch-weights` and the study's file) and "
            f"put {place.name} into {place.parent}, or name the file as weights",
        ) from error


def cached_file(published: str) -> Path:
    """Where torch keeps published weights."""
    import torch
    from torchvision.models import get_weight

    return Path(torch.hub.get_dir()) / "checkpoints" / Path(get_weight(published).url).name
