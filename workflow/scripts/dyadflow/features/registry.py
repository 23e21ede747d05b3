"""The backbones that there are. A new one is a file in `backbones/` and a line here."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings
    from dyadflow.features.stream import StreamWriter
    from dyadflow.media.grid import FrameGrid

#: Name in a study -> module. A module is imported when a study names it: one edited backbone must not rerun
#: the jobs of another, and torch is paid for only by those that use it.
BACKBONES: dict[str, str] = {
    "dinov2": "dyadflow.features.backbones.dinov2",
    "w2vbert": "dyadflow.features.backbones.w2vbert",
    "logmel": "dyadflow.features.backbones.logmel",
    "motion": "dyadflow.features.backbones.motion",
}


class Backbone(Protocol):
    """What a backbone's module offers, as class `Backbone`.

    The module also has `Options` (a pydantic class), `TAKES` (``"pictures"`` or ``"sound"``) and
    `NEEDS_WEIGHTS`, and imports nothing heavy before `Backbone` is built.
    """

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        """Build or load the model, once for many sessions."""

    #: What to record with every stream: weights, revision, digest ...
    attributes: dict[str, Any]

    #: Numbers a frame.
    dims: int

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Hand one row a frame of `grid` to `into`, in order, in batches."""


def backbone_module(name: str) -> ModuleType:
    """The module of the backbone called `name`, a key of `BACKBONES`."""
    return importlib.import_module(BACKBONES[name])


def load_backbone(settings: ExtractorSettings, *, torch_threads: int = 1) -> Backbone:
    """Build the backbone that `settings` name, with its weights, on its device.

    Raises
    ------
    DyadflowError
        If weights cannot be had, do not fit, or a GPU is asked for that is not there.
    """
    return backbone_module(settings.backbone).Backbone(settings, torch_threads=torch_threads)
