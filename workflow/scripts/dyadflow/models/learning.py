"""The one place that knows how a model of either kind is trained and asked: torch networks, and classical ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.models.blocks import stack_sessions
from dyadflow.models.registry import load_network
from dyadflow.models.scoring import macro_f1
from dyadflow.models.training import Fit, FitRequest, Labels, average_windows, fit_networks

if TYPE_CHECKING:
    import torch


def fit_all(
    name: str, requests: Sequence[FitRequest], *, classes: int, max_epochs: int, patience: int,
    labels: Labels = "first", at_once: int = 16,
) -> list[Fit]:
    """Train models of one kind, each as its request says.

    Parameters
    ----------
    name
        Of the network (`registry`).
    requests
        What to train.
    classes
        How many.
    max_epochs, patience, at_once
        As in `training.fit_networks`; of torch networks. A classical model has its own rounds among its
        hyperparameters, and is fitted alone.
    labels
        What a frame's target is where several coders coded it; see `training.fit_networks` and, for classical models,
        `pooling.take_examples`.

    Returns
    -------
    list of Fit
        In the order of `requests`. The probabilities are those that `predict_rows` gives for the sessions set aside,
        and the score is theirs: a network that is trained on windows, and asked about whole sessions, has it from whole
        sessions, beside a history from windows.
    """
    module = load_network(name)
    if hasattr(module, "fit_one"):
        return [module.fit_one(request, classes=classes, labels=labels) for request in requests]
    fits = fit_networks(
        module, requests, classes=classes, max_epochs=max_epochs, patience=patience, labels=labels, at_once=at_once)
    if hasattr(module, "predict_whole"):
        return [_ask_whole(module, request, fit, classes) for request, fit in zip(requests, fits, strict=True)]
    return fits


def predict_rows(
    name: str, hyperparameters: Mapping[str, Any], weights: "Mapping[str, torch.Tensor]",
    values: NDArray[np.float32], lengths: Sequence[int], *, classes: int, device: str = "cpu",
) -> NDArray[np.float32]:
    """Class probabilities of every row of some sessions.

    Parameters
    ----------
    name, hyperparameters, weights
        As a checkpoint has them.
    values
        Prepared sessions one below the other, shape (rows, dims).
    lengths
        Frames of each session.
    classes
        How many.
    device
        Of torch networks.

    Returns
    -------
    ndarray, shape (rows, classes)
        Rows sum to 1. A network that looks at windows is asked about overlapping ones, and averaged; one that takes
        whole sessions (`predict_whole` in its module) is given them.
    """
    module = load_network(name)
    if hasattr(module, "fit_one"):
        return module.predict(weights, hyperparameters, values, lengths, classes=classes)
    return _predict_by_network(module, hyperparameters, weights, values, lengths, classes, device)


def _predict_by_network(
    module: ModuleType, hyperparameters: Mapping[str, Any], weights: "Mapping[str, torch.Tensor]",
    values: NDArray[np.float32], lengths: Sequence[int], classes: int, device: str,
) -> NDArray[np.float32]:
    network = module.build(values.shape[1], classes, hyperparameters)
    network.load_state_dict(dict(weights))
    network = network.to(device).eval()
    sessions = np.split(values, np.cumsum(lengths)[:-1])
    if hasattr(module, "predict_whole"):
        return np.concatenate([
            module.predict_whole(network, session, hyperparameters, device=device) for session in sessions])
    block = stack_sessions(sessions, [np.full(len(session), -1) for session in sessions], device)
    rows = block.windows(*module.windowing(hyperparameters), labelled=False)
    return average_windows(network, block.values, rows)


def _ask_whole(module: ModuleType, request: FitRequest, fit: Fit, classes: int) -> Fit:
    """The same fit, with what it says of whole sessions."""
    if fit.weights is None:
        return fit
    held = request.validation
    predicted = _predict_by_network(
        module, request.hyperparameters, fit.weights, held.values[:-1].cpu().numpy(), held.lengths, classes,
        held.values.device.type,
    )
    return replace(
        fit, probabilities=predicted, score=macro_f1(held.truth(), predicted.argmax(axis=1), classes))
