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
            assert gradient is not None  # a step is taken after a backward pass
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


class StackOptimiser:
    """The same two rules for several networks at once, each with a rate and a decay of its own.

    Parameters
    ----------
    name
        ``sgd`` or ``adam``.
    parameters
        What to move, in place; of a stack with the networks first, else those of one network.
    stacked
        Which of these.
    learning_rates, weight_decays
        One a network.
    """

    def __init__(
        self, name: str, parameters: "Sequence[torch.Tensor]", *, stacked: bool, learning_rates: Sequence[float],
        weight_decays: Sequence[float],
    ) -> None:
        import torch

        self._name, self._stacked, self._parameters = name, stacked, list(parameters)
        self.device = self._parameters[0].device
        self._rates = torch.tensor(list(learning_rates), dtype=torch.float64, device=self.device)
        self._decays = torch.tensor(list(weight_decays), dtype=torch.float64, device=self.device)
        self._first = [torch.zeros_like(each) for each in self._views()]
        self._second = [torch.zeros_like(each) for each in self._views()] if name == "adam" else []
        self._steps = torch.zeros(len(self._rates), dtype=torch.float64, device=self.device)

    def _views(self) -> "list[torch.Tensor]":
        """The parameters with the networks first, sharing their memory."""
        return [each.detach() if self._stacked else each.detach().unsqueeze(0) for each in self._parameters]

    def step(self, active: Sequence[bool]) -> None:
        """Take one step with every network that is active, and forget all gradients.

        A network that is not keeps its weights and what the rule remembers of it.
        """
        import torch

        everyone = all(active)
        goes = torch.tensor(list(active), device=self.device)
        self._steps += goes
        for place, (parameter, view) in enumerate(zip(self._parameters, self._views(), strict=True)):
            def shaped(numbers: "torch.Tensor", view: "torch.Tensor" = view) -> "torch.Tensor":
                return numbers.to(view.dtype).reshape(-1, *[1] * (view.dim() - 1))

            assert parameter.grad is not None  # a step is taken after a backward pass
            gradient = parameter.grad if self._stacked else parameter.grad.unsqueeze(0)
            gradient = torch.addcmul(gradient, view, shaped(self._decays))
            kept = None if everyone else (shaped(goes) > 0)
            first = self._first[place]
            if self._name == "sgd":
                moved = first * MOMENTUM + gradient
                self._put(first, moved, kept)
                self._put(view, view - moved * shaped(self._rates), kept)
            else:
                second = self._second[place]
                self._put(first, torch.lerp(first, gradient, 1 - DECAYS[0]), kept)
                self._put(second, second * DECAYS[1] + gradient * gradient * (1 - DECAYS[1]), kept)
                spread = second.sqrt() / shaped((1 - DECAYS[1] ** self._steps) ** 0.5) + EPSILON
                rate = shaped(self._rates / (1 - DECAYS[0] ** self._steps))
                self._put(view, view - rate * first / spread, kept)
            parameter.grad = None

    @staticmethod
    def _put(place: "torch.Tensor", value: "torch.Tensor", kept: "torch.Tensor | None") -> None:
        import torch

        place.copy_(value if kept is None else torch.where(kept, value, place))

    def only(self, places: Sequence[int], parameters: "Sequence[torch.Tensor]") -> "StackOptimiser":
        """The optimiser of a smaller stack, with what it remembers of these networks."""
        rates, decays = (numbers[list(places)].tolist() for numbers in (self._rates, self._decays))
        smaller = StackOptimiser(
            self._name, parameters, stacked=self._stacked, learning_rates=rates, weight_decays=decays)
        smaller._first = [each[list(places)].clone() for each in self._first]
        smaller._second = [each[list(places)].clone() for each in self._second]
        smaller._steps = self._steps[list(places)].clone()
        return smaller
