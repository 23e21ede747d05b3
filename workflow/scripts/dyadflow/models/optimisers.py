"""Steps of gradient descent.

The two rules are those of `torch.optim`, bit for bit up to rounding (a test compares them). They are written
out because making a `torch.optim` optimiser loads torch's compiler, 1.7 s that each of many short jobs
would pay.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

MOMENTUM = 0.9
DECAYS = (0.9, 0.999)
EPSILON = 1e-8


def make_optimiser(
    name: str, parameters: Sequence["torch.Tensor"], *, learning_rate: float, weight_decay: float
) -> Callable[..., None]:
    """A function that takes one step along the parameters' gradients, and then forgets the gradients.

    It may be given a `scale` by which the learning rate is multiplied in that step.

    Parameters
    ----------
    name
        ``sgd`` (momentum 0.9) or ``adam`` (Kingma and Ba, 2015).
    parameters
        What to move, in place.
    learning_rate
        Step size.
    weight_decay
        L2 penalty, added to the gradient.
    """
    import torch

    parameters = list(parameters)
    first = [torch.zeros_like(parameter) for parameter in parameters]
    second = [torch.zeros_like(parameter) for parameter in parameters]
    steps = 0

    @torch.no_grad()
    def step(scale: float = 1.0) -> None:
        nonlocal steps
        steps += 1
        for parameter, mean, square in zip(parameters, first, second, strict=True):
            gradient = parameter.grad
            if weight_decay:
                gradient = gradient.add(parameter, alpha=weight_decay)
            if name == "sgd":
                mean.mul_(MOMENTUM).add_(gradient)
                parameter.sub_(mean, alpha=scale * learning_rate)
            else:
                mean.lerp_(gradient, 1 - DECAYS[0])
                square.mul_(DECAYS[1]).addcmul_(gradient, gradient, value=1 - DECAYS[1])
                spread = (square.sqrt() / (1 - DECAYS[1] ** steps) ** 0.5).add_(EPSILON)
                parameter.addcdiv_(mean, spread, value=-scale * learning_rate / (1 - DECAYS[0] ** steps))
            parameter.grad = None

    return step
