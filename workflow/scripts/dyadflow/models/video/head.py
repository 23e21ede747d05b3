"""Training of the last layer on cached embeddings."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dyadflow.models.optimisers import make_optimiser
from dyadflow.models.video.scoring import BestEpoch, Kept, f1_of_yes

if TYPE_CHECKING:
    import torch

    from dyadflow.models.video.embedding import Passes
    from dyadflow.models.video.settings import HandValues


def train_head(
    training: "Passes", embeddings: NDArray[np.float32], labels: NDArray[np.integer], values: "HandValues", *,
    class_weights: "torch.Tensor | None", max_epochs: int, smoothing: int, batch: int, seed: int,
    device: "torch.device",
) -> Kept:
    """Train a linear layer with two classes, one pass of cached embeddings an epoch, and keep the best epoch.

    Parameters
    ----------
    training
        Embeddings of augmented snippets; pass p is that of the epochs p + 1, p + 1 + passes and so on.
    embeddings, labels
        Of the snippets to score on, shapes (snippets, dims) and (snippets,).
    values
        Learning rate, decay and L2 penalty. Adam minimises the cross entropy; in epoch e (from 1) the learning
        rate is ``learning_rate * (1 - decay) ** (e - 1)``.
    class_weights
        Of the loss, shape (2,).
    max_epochs, batch
        How long, and snippets a step.
    smoothing
        Epochs on either side that a score is averaged with.
    seed
        Of the initial weights and the order of snippets.
    device
        Where to compute.

    Returns
    -------
    Kept
        With the layer's ``weight`` and ``bias``. Training stops early only where the loss or a prediction is no
        finite number.
    """
    import torch
    from torch.nn import functional

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = torch.nn.Linear(training.values.shape[2], 2).to(device)
    step = make_optimiser(
        "adam", list(head.parameters()), learning_rate=values.learning_rate, weight_decay=values.l2
    )
    rng, best = np.random.default_rng(seed), BestEpoch(smoothing, first=1)
    inputs, truth = torch.from_numpy(training.values).to(device), torch.from_numpy(training.labels).to(device)
    held = torch.from_numpy(embeddings).to(device)
    for epoch in range(max_epochs):
        number, losses = epoch % len(inputs), []
        order = torch.from_numpy(rng.permutation(inputs.shape[1])).to(device)
        for rows in order.split(batch):
            loss = functional.cross_entropy(head(inputs[number, rows]), truth[number, rows], weight=class_weights)
            loss.backward()
            step((1 - values.decay) ** epoch)
            losses.append(loss.detach())
        with torch.inference_mode():
            logits = head(held)
        if not torch.isfinite(torch.stack(losses)).all() or not torch.isfinite(logits).all():
            break
        best.add(f1_of_yes(labels, logits.argmax(1).cpu().numpy()), head.state_dict())
    return best.finish()
