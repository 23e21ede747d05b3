"""Matrix products of linear layers by the fastest kernels that a CPU has in torch.

On a CPU, torch multiplies by MKL, which on some makers' processors runs at half speed; oneDNN, which torch brings along
as well, runs at full speed on all (3,200 x 1,024 by 1,024 x 1,024 on one core of an EPYC: 240 against 110 GFLOP/s).
torch reaches it from its own LSTM, but not from linear layers. Where it is missing, all of this is torch's plain product.
"""

from typing import Any

import torch


def multiply(left: torch.Tensor, right: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """left @ right.mT + bias of two matrices, without a gradient.

    Parameters
    ----------
    left, right
        Shape (rows, in) and (columns, in).
    bias
        Shape (columns,).
    """
    if _by_onednn(left):
        return torch.ops.mkldnn._linear_pointwise(left, right, bias, "none", [], "")
    return left @ right.mT if bias is None else torch.addmm(bias, left, right.mT)


def affine(values: torch.Tensor, weights: torch.Tensor, biases: torch.Tensor) -> torch.Tensor:
    """values @ weights.mT + biases, for each network of a stack.

    Parameters
    ----------
    values
        Shape (networks, rows, in).
    weights
        Shape (networks, out, in).
    biases
        Shape (networks, out).

    Returns
    -------
    tensor, shape (networks, rows, out)
    """
    if _by_onednn(values):
        return _Affine.apply(values, weights, biases)
    return torch.baddbmm(biases[:, None], values, weights.mT)


def _by_onednn(values: torch.Tensor) -> bool:
    return (
        values.device.type == "cpu" and values.dtype == torch.float32 and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


class _Affine(torch.autograd.Function):
    """`affine` on a CPU, one network after the other: each alone fills the core."""

    @staticmethod
    def forward(context: Any, values: torch.Tensor, weights: torch.Tensor, biases: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(values, weights)
        return torch.stack([multiply(*each) for each in zip(values, weights, biases, strict=True)])

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
        values, weights = context.saved_tensors
        of_values = None
        if context.needs_input_grad[0]:
            of_values = torch.stack([multiply(each, own.mT) for each, own in zip(gradient, weights, strict=True)])
        of_weights = torch.stack([multiply(each.mT, own.mT) for each, own in zip(gradient, values, strict=True)])
        return of_values, of_weights, gradient.sum(dim=1)
