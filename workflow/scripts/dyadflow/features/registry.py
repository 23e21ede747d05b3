"""The backbones that there are: one file each in `backbones/`, and nothing to register."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from dyadflow.features import backbones

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings
    from dyadflow.features.stream import StreamWriter
    from dyadflow.media.grid import FrameGrid

#: Name in a study -> module, one for each file in `backbones/`. No list stands here, so that a new backbone is
#: one new file and reruns nothing of the others; a module is imported when a study names it, so that torch is
#: paid for only by those that use it.
BACKBONES: dict[str, str] = {
    module.name: f"{backbones.__name__}.{module.name}" for module in pkgutil.iter_modules(backbones.__path__)
}


class Backbone(Protocol):
    """What a backbone's module offers, as class `Backbone`.

    The module also has `Options` (a pydantic class), `TAKES` (``"pictures"`` or ``"sound"``) and
    `NEEDS_WEIGHTS`, and imports nothing heavy before `Backbone` is built. A `Backbone` may have an attribute
    `sessions_at_once`, if `extract` may run in that many threads, each with a session of its own, and gains by it.
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
