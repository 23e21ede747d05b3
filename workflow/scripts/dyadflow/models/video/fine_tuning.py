"""Training of the whole network, from a trained head on."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dyadflow.features.device import multiply_in
from dyadflow.models.optimisers import make_optimiser
from dyadflow.models.video.scoring import BestEpoch, Kept, copy_weights, f1_of_yes

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from dyadflow.models.video.settings import HandValues


def fine_tune(
    network: "nn.Module", epochs: "Callable[[int], Iterator[tuple[Tensor, Tensor]]]",
    predict: "Callable[[nn.Module], NDArray[np.float32]]", labels: NDArray[np.integer], values: "HandValues", *,
    before: float, class_weights: "torch.Tensor | None", max_epochs: int, smoothing: int, device: "torch.device",
    half: bool = False,
) -> Kept:
    """Train a network, and keep the best epoch, or the network as it came (epoch 0) if none is better.

    Parameters
    ----------
    network
        Trained in place, in training mode: batch normalisation uses each batch and follows along.
    epochs
        Gives the batches of clips and labels of an epoch (from 1).
    predict
        Gives the probability of a yes of each snippet to score on, shape (snippets,).
    labels
        Of those, shape (snippets,).
    values
        As in `train_head`.
    before
        F1 of the network as it came. It is no step of this training, so it is neither averaged with others nor
        part of their average.
    class_weights
        Of the loss, shape (2,).
    max_epochs
        How long.
    smoothing
        Epochs on either side that a score is averaged with.
    device
        Where the network is.
    half
        On a GPU, multiply in bfloat16.

    Returns
    -------
    Kept
        With the network's state. Training stops early only where the loss or a prediction is no finite number.
    """
    import torch
    from torch.nn import functional

    step = make_optimiser(
        "adam", list(network.parameters()), learning_rate=values.learning_rate, weight_decay=values.l2
    )
    came, best = Kept(copy_weights(network.state_dict()), before, 0), BestEpoch(smoothing, first=1)
    for epoch in range(1, max_epochs + 1):
        network.train()
        losses = []
        for clips, truth in epochs(epoch):
            with multiply_in(device, half=half):
                logits = network(clips)
            loss = functional.cross_entropy(logits.float(), truth, weight=class_weights)
            loss.backward()
            step((1 - values.decay) ** (epoch - 1))
            losses.append(loss.detach())
        predicted = predict(network)
        if not torch.isfinite(torch.stack(losses)).all() or not np.isfinite(predicted).all():
            break
        best.add(f1_of_yes(labels, predicted > 0.5), network.state_dict())
    return max(came, best.finish(), key=lambda kept: kept.score)
