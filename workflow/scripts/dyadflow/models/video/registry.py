"""The video networks that a study can name; one module each, loaded when it is named.

A network's module offers `Options` (a pydantic class of its own settings), `PUBLISHED` (for each name of
published weights, the enum of torchvision that has them) and `build(options)`, a torch module with two classes:
from clips (batch, 3, frames, height, width) to logits (batch, 2). Its last layer is the linear `fc`, and `embed`
gives what goes into it.
"""

import pkgutil
from importlib import import_module
from types import ModuleType

from dyadflow.errors import DyadflowError
from dyadflow.models.video import networks

#: Name in a study -> module, one for each file in `networks/`: a new network is one new file.
VIDEO_NETWORKS: dict[str, str] = {
    module.name: f"{networks.__name__}.{module.name}" for module in pkgutil.iter_modules(networks.__path__)
}


def load_video_network(name: str) -> ModuleType:
    """The module of a video network.

    Raises
    ------
    DyadflowError
        If no video network has that name.
    """
    if name not in VIDEO_NETWORKS:
        raise DyadflowError(
            f"no video network is called {name!r}", where="network",
            fix=f"name one of {', '.join(sorted(VIDEO_NETWORKS))}",
        )
    return import_module(VIDEO_NETWORKS[name])
