"""Several networks of one size as one network, by batched products: what makes many small trainings fast."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from dyadflow.models.dropout import SeededDropout

#: Parameters of one direction of an LSTM layer, in torch's order.
_LSTM = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Single:
    """Parameters of one network of a stack, by their names in it: enough to stack them again."""

    def __init__(self, parameters: Mapping[str, torch.Tensor]) -> None:
        self._parameters = dict(parameters)

    def named_parameters(self) -> Iterator[tuple[str, torch.Tensor]]:
        """As of a torch module."""
        return iter(self._parameters.items())


class Stack(nn.Module):
    """Parameters of several networks, by their names in a single one with dots as underlines, networks first.

    Parameters
    ----------
    networks
        Of one size.
    """

    def __init__(self, networks: Sequence[nn.Module | Single]) -> None:
        super().__init__()
        self.size = len(networks)
        named = [dict(network.named_parameters()) for network in networks]
        self.names = list(named[0])
        for name in self.names:
            each = [parameters[name].detach() for parameters in named]
            self.register_parameter(name.replace(".", "_"), nn.Parameter(torch.stack(each)))

    def of(self, name: str) -> torch.Tensor:
        """The stacked parameter of that name in a single network."""
        return getattr(self, name.replace(".", "_"))

    def single(self, place: int) -> "Single":
        """One network's parameters, by their names there, for another stack."""
        return Single({name: self.of(name)[place] for name in self.names})

    def weights_of(self, place: int) -> dict[str, torch.Tensor]:
        """Copies of one network's parameters, on the CPU, by their names there."""
        return {name: self.of(name)[place].detach().cpu().clone() for name in self.names}


class Alone(nn.Module):
    """A single network that is asked and trained as a stack of one, by torch's own layers.

    Parameters
    ----------
    network
        From (batch, window, dims) to (batch, window, classes).
    """

    size = 1

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """From (1, batch, window, dims) to (1, batch, window, classes)."""
        return self.network(values[0])[None]

    def weights_of(self, place: int) -> dict[str, torch.Tensor]:
        """Copies of the parameters, on the CPU: the network trains on."""
        return {name: value.detach().cpu().clone() for name, value in self.network.state_dict().items()}


class StackedLayers(Stack):
    """Linear layers with GELU and dropout between them (`networks.linear`)."""

    def __init__(self, networks: Sequence[nn.Module | Single], dropouts: Sequence[float]) -> None:
        super().__init__(networks)
        self._layers = [name.removesuffix(".weight") for name in self.names if name.endswith(".weight")]
        shares = torch.tensor(list(dropouts), dtype=torch.float32)
        self.dropouts = nn.ModuleList(SeededDropout(shares, place) for place in range(len(self._layers) - 1))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """From (networks, ..., dims) to (networks, ..., classes)."""
        shape = values.shape
        rows = values.reshape(self.size, -1, shape[-1])
        for place, layer in enumerate(self._layers):
            rows = torch.baddbmm(self.of(f"{layer}.bias")[:, None], rows, self.of(f"{layer}.weight").mT)
            if place < len(self.dropouts):
                rows = nn.functional.gelu(rows)
                rows = self.dropouts[place](rows.reshape(*shape[:-1], -1)).reshape(rows.shape)
        return rows.reshape(*shape[:-1], -1)


class StackedBiLstm(Stack):
    """One bidirectional layer, dropout, then the classes (`networks.bilstm`)."""

    def __init__(self, networks: Sequence[nn.Module | Single], dropouts: Sequence[float]) -> None:
        super().__init__(networks)
        self.dropout = SeededDropout(torch.tensor(list(dropouts), dtype=torch.float32))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """From (networks, batch, window, dims) to (networks, batch, window, classes)."""
        hidden = self._layer_by_layer(values) if values.device.type == "cpu" else self._all_at_once(values)
        networks, batch, window, _ = hidden.shape
        rows = self.dropout(hidden).reshape(networks, batch * window, -1)
        logits = torch.baddbmm(self.of("head.bias")[:, None], rows, self.of("head.weight").mT)
        return logits.reshape(networks, batch, window, -1)

    def _layer_by_layer(self, values: torch.Tensor) -> torch.Tensor:
        """Hidden states by torch's own layer, one network after the other.

        On a CPU nothing beats its fused kernels, which keep one network's gates in the cache; all of them together
        would not fit. What is gained there is gained around them.
        """
        each = [self.of(f"lstm.{name}_l0{way}").unbind() for way in ("", "_reverse") for name in _LSTM]
        nothing = values.new_zeros(2, values.shape[1], each[1][0].shape[1])
        return torch.stack([
            torch.lstm(given, (nothing, nothing), weights, True, 1, 0.0, self.training, True, True)[0]
            for given, *weights in zip(values, *each, strict=True)
        ])

    def _all_at_once(self, values: torch.Tensor) -> torch.Tensor:
        """Hidden states by batched products over all networks and both directions."""
        networks, batch, window, dims = values.shape
        rows = values.transpose(1, 2).reshape(networks, window * batch, dims)
        gates = []
        for way in ("", "_reverse"):
            bias = self.of(f"lstm.bias_ih_l0{way}") + self.of(f"lstm.bias_hh_l0{way}")
            given = torch.baddbmm(bias[:, None], rows, self.of(f"lstm.weight_ih_l0{way}").mT)
            given = given.reshape(networks, window, batch, -1)
            gates.append(given.flip(1) if way else given)
        recurrent = torch.cat([self.of("lstm.weight_hh_l0"), self.of("lstm.weight_hh_l0_reverse")])
        hidden = Recurrence.apply(torch.cat(gates), recurrent)  # type: ignore[no-untyped-call]  # torch has no type of it
        return torch.cat([hidden[:networks], hidden[networks:].flip(1)], dim=-1).transpose(1, 2)


class Recurrence(torch.autograd.Function):
    """The recurrent part of LSTMs, many at once, with a backward pass of its own.

    Autograd over a loop would keep and walk a dozen small steps for each frame. Here the factors of the chain rule are
    worked out for all frames at once, the walk back does only what depends on the frame after, and the gradient of the
    weights is one product.
    """

    @staticmethod
    def forward(context: Any, given: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Hidden states.

        Parameters
        ----------
        given
            What the input and the biases give to the gates, in torch's order (input, forget, cell, output), shape
            (lstms, window, batch, 4 * hidden).
        weights
            From hidden state to gates, shape (lstms, 4 * hidden, hidden).

        Returns
        -------
        tensor, shape (lstms, window, batch, hidden)
        """
        lstms, window, batch, four = given.shape
        size, across = four // 4, weights.mT
        gates = torch.empty_like(given)
        cells = given.new_empty(lstms, window, batch, size)
        hidden = given.new_empty(lstms, window, batch, size)
        squashed = given.new_empty(lstms, window, batch, size)
        state, cell = given.new_zeros(lstms, batch, size), given.new_zeros(lstms, batch, size)
        for frame in range(window):
            now = torch.baddbmm(given[:, frame], state, across)
            gate = gates[:, frame]
            torch.sigmoid(now, out=gate)
            gate[..., 2 * size:3 * size] = torch.tanh(now[..., 2 * size:3 * size])
            into, keep, new, out = gate.split(size, dim=-1)
            cell = torch.addcmul(keep * cell, into, new)
            calm = torch.tanh(cell)
            state = out * calm
            cells[:, frame], squashed[:, frame], hidden[:, frame] = cell, calm, state
        context.save_for_backward(gates, cells, squashed, hidden, weights)
        return hidden

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients of `given` and `weights`."""
        gates, cells, squashed, hidden, weights = context.saved_tensors
        window, size = hidden.shape[1], hidden.shape[3]
        into, keep, new, out = gates.split(size, dim=-1)
        before = torch.cat([torch.zeros_like(cells[:, :1]), cells[:, :-1]], dim=1)
        # What a change of the cell does to its three gates, and one of the hidden state to the fourth and the cell.
        factors = torch.stack([
            new * into * (1 - into), before * keep * (1 - keep), into * (1 - new * new),
        ], dim=3)
        of_out, of_cell = squashed * out * (1 - out), out * (1 - squashed * squashed)
        into_gates = torch.empty_like(gates)
        from_next, carried = torch.zeros_like(hidden[:, 0]), torch.zeros_like(hidden[:, 0])
        for frame in range(window - 1, -1, -1):
            arriving = gradient[:, frame] + from_next
            cell = torch.addcmul(carried, arriving, of_cell[:, frame])
            here = into_gates[:, frame]
            torch.mul(factors[:, frame], cell.unsqueeze(2), out=here[..., : 3 * size].unflatten(-1, (3, size)))
            torch.mul(arriving, of_out[:, frame], out=here[..., 3 * size:])
            from_next = torch.bmm(here, weights)
            carried = cell * keep[:, frame]
        earlier = torch.cat([torch.zeros_like(hidden[:, :1]), hidden[:, :-1]], dim=1)
        of_weights = torch.bmm(into_gates.flatten(1, 2).mT, earlier.flatten(1, 2))
        return into_gates, of_weights
