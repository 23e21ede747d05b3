"""The loss of a batch: cross entropy or focal loss against what one or several coders said of each frame."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def soft_targets(labels: "torch.Tensor", classes: int, *, shared: bool) -> "torch.Tensor":
    """What coders said of each frame, as shares of the classes.

    Parameters
    ----------
    labels
        Class of each frame by each coder, shape (coders, ...); negative is no class.
    classes
        How many there are.
    shared
        True: the mean over the coders who gave the frame a class. False: the first of these alone.

    Returns
    -------
    tensor, float32, shape (..., classes)
        Zero throughout where nobody gave a class: such a frame has no loss.
    """
    import torch
    from torch.nn import functional

    given = labels >= 0
    each = functional.one_hot(labels.clamp(min=0), classes).float() * given.unsqueeze(-1)
    if shared:
        return each.sum(0) / given.sum(0).clamp(min=1).unsqueeze(-1)
    first = given & (torch.cumsum(given.int(), 0) == 1)
    return (each * first.unsqueeze(-1)).sum(0)


def weighted_loss(
    logits: "torch.Tensor", targets: "torch.Tensor", class_weights: "torch.Tensor",
    focal_gamma: "torch.Tensor | None" = None,
) -> "torch.Tensor":
    """Mean loss over the frames that have a target, for each network of a stack.

    Parameters
    ----------
    logits, targets
        Shape (networks, batch, window, classes); targets are shares (`soft_targets`).
    class_weights
        Shape (networks, classes).
    focal_gamma
        Shape (networks,): frames of which a network is sure already weigh less, by (1 - p)**gamma. None or 0: plain
        cross entropy.

    Returns
    -------
    tensor, shape (networks,)
        0 for a network none of whose frames has a target.

    Notes
    -----
    With one class a frame this is `torch.nn.functional.cross_entropy` with weights: the sum over frames divided by the
    sum of their weights. Focal loss: Lin et al. (2017), "Focal loss for dense object detection", equation 4; the
    divisor stays the sum of weights.
    """
    import torch

    logs = torch.log_softmax(logits, dim=-1)
    weighted = targets * class_weights[:, None, None, :]
    losses = -weighted * logs
    if focal_gamma is not None:
        doubt = (1 - logs.exp()).clamp(min=1e-6)
        losses = losses * doubt ** focal_gamma.reshape(-1, 1, 1, 1)
    total = weighted.sum(dim=(1, 2, 3))
    return losses.sum(dim=(1, 2, 3)) / torch.where(total > 0, total, 1.0)
