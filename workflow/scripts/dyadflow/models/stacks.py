"""Several networks of one size as one network, by batched products: what makes many small trainings fast."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import nn

from dyadflow.models.dropout import SeededDropout
from dyadflow.models.products import affine
from dyadflow.models.recurrence import BothWays, Recurrence

#: Parameters of one direction of an LSTM layer, in torch's order.
_LSTM = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")

#: From so many inputs a hidden unit on, `BothWays` was faster than torch's layer on a CPU (bench/grouped_training.py).
_WIDE = 2


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
            rows = affine(rows, self.of(f"{layer}.weight"), self.of(f"{layer}.bias"))
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
        """Hidden states on a CPU, one network after the other: the gates of one stay in the cache, not those of all."""
        dims, hidden = values.shape[-1], self.of("lstm.weight_hh_l0").shape[-1]
        if self.training and dims >= _WIDE * hidden:
            given, recurrent, *biases = (
                torch.stack([self.of(f"lstm.{name}_l0"), self.of(f"lstm.{name}_l0_reverse")], dim=1) for name in _LSTM)
            return torch.stack([
                BothWays.apply(*each) for each in zip(values, given, recurrent, sum(biases), strict=True)])
        each = [self.of(f"lstm.{name}_l0{way}").unbind() for way in ("", "_reverse") for name in _LSTM]
        nothing = values.new_zeros(2, values.shape[1], hidden)
        return torch.stack([
            torch.lstm(own, (nothing, nothing), weights, True, 1, 0.0, self.training, True, True)[0]
            for own, *weights in zip(values, *each, strict=True)
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
        hidden = Recurrence.apply(torch.cat(gates), recurrent)
        return torch.cat([hidden[:networks], hidden[networks:].flip(1)], dim=-1).transpose(1, 2)
