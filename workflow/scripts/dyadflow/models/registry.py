"""The networks that a study can name; one module each, loaded when it is named.

A network's module offers `Space` (its search space), `windowing(hyperparameters) -> (window, stride)` in
frames, and `build(dims, classes, hyperparameters)`, a torch module from (batch, window, dims) to logits
(batch, window, classes). It may offer `stack(networks, hyperparameters)`, several as one (`stacks`), and
`predict_whole(network, values, hyperparameters, device=)`, where a prediction looks at whole sessions, not at windows.

A classical model's module offers `Space`, `fit_one(request, classes=, labels=)`, which gives a `training.Fit`, and
`predict(weights, hyperparameters, values, lengths, classes=)`. `learning` knows both kinds.
"""

import pkgutil
from importlib import import_module
from types import ModuleType

from dyadflow.errors import DyadflowError
from dyadflow.models import networks

#: Name in a study -> module, one for each file in `networks/`: a new network is one new file.
NETWORKS: dict[str, str] = {
    module.name: f"{networks.__name__}.{module.name}" for module in pkgutil.iter_modules(networks.__path__)
}


def load_network(name: str) -> ModuleType:
    """The module of a network.

    Raises
    ------
    DyadflowError
        If no network has that name.
    """
    if name not in NETWORKS:
        raise DyadflowError(
            f"no network is called {name!r}", where="network",
            fix=f"name one of {', '.join(sorted(NETWORKS))}"
        )
    return import_module(NETWORKS[name])
