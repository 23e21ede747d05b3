"""Where torch computes, and how precisely."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from dyadflow.errors import DyadflowError

if TYPE_CHECKING:
    import torch

    from dyadflow.features.settings import ExtractorSettings


def choose_device(settings: ExtractorSettings, *, torch_threads: int) -> torch.device:
    """The device that `settings` ask for, with torch held to `torch_threads` CPU threads.

    Raises
    ------
    DyadflowError
        If CUDA is asked for by name and there is none.
    """
    import torch

    torch.set_num_threads(torch_threads)
    there = torch.cuda.is_available()
    if settings.device == "cuda" and not there:
        raise DyadflowError(
            "device is cuda, but torch finds no GPU here", where=f"backbone {settings.backbone}",
            fix="set device to auto or cpu, or run where there is a GPU",
        )
    return torch.device("cuda" if there and settings.device != "cpu" else "cpu")


def multiply_in(device: torch.device, *, half: bool) -> AbstractContextManager[Any]:
    """A context in which matrices multiply in bfloat16 if `half` is set and the device is a GPU.

    Autocast rather than a converted model: sums along the residual path and the last norm stay in single
    precision, which is what the stream keeps.
    """
    import torch

    return torch.autocast("cuda", torch.bfloat16) if half and device.type == "cuda" else nullcontext()


def name_precision(device: torch.device, *, half: bool) -> str:
    """What to record: ``float32`` or ``bfloat16``."""
    return "bfloat16" if half and device.type == "cuda" else "float32"
