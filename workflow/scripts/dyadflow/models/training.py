"""Train networks, each on some sessions, stop each early on others, and give the best weights back.

Networks of one size are trained together (`stacks`), whatever their data, learning rates and seeds; the others one by
one. A training depends on its own request alone, up to the last bits: its weights, the order of its windows, its
dropout and the coders that it draws follow from its seed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from dyadflow.models.blocks import MASKED, Block
from dyadflow.models.losses import soft_targets, weighted_loss
from dyadflow.models.optimisers import StackOptimiser
from dyadflow.models.scoring import macro_f1
from dyadflow.models.seeds import derive_seed
from dyadflow.models.windows import PADDING

if TYPE_CHECKING:
    import torch
    from torch import nn

    from dyadflow.models.stacks import Alone, Stack

#: Frames that networks are asked about at once when nothing is learned.
_FRAMES_AT_ONCE = 16384

#: What a batch of all networks trained together may take on a CPU; beyond it, one at a time was faster
#: (bench/grouped_training.py).
_CPU_BATCH_BYTES = 24 * 2**20

Labels = Literal["first", "soft", "drawn"]


@dataclass(frozen=True)
class FitRequest:
    """One training to be done.

    Parameters
    ----------
    training, validation
        Sessions to learn from, and sessions to stop on.
    hyperparameters
        optimiser, learning_rate, weight_decay, batch and focal_gamma are read here, the rest by the network.
    class_weights
        Shape (classes,), or None.
    seed
        Of weights, order, dropout and drawn coders.
    """

    training: Block
    validation: Block
    hyperparameters: Mapping[str, Any]
    class_weights: NDArray[np.float32] | None
    seed: int


@dataclass(frozen=True)
class Fit:
    """What a training gave.

    Parameters
    ----------
    weights
        A copy of the best epoch's weights, on the CPU; None if no epoch ended in finite numbers.
    score
        Macro F1 of that epoch on the sessions set aside; 0 without weights.
    epochs
        Which epoch that was, from 1.
    history
        For each epoch its mean loss and its score.
    probabilities
        Of the rows set aside in that epoch, shape (rows, classes), NaN for a row in no window; None without weights.
    """

    weights: "dict[str, torch.Tensor] | None"
    score: float
    epochs: int
    history: tuple[tuple[float, float], ...] = ()
    probabilities: NDArray[np.float32] | None = None


@dataclass
class _Member:
    """One training under way."""

    request: FitRequest
    windows: "torch.Tensor"
    held: "torch.Tensor"
    targets: "torch.Tensor | None"
    truth: NDArray[np.int64]
    class_weights: "torch.Tensor"
    shuffle: "torch.Generator"
    #: Of drawn coders: the coders' targets, and which of them labelled anything in a window, shape (windows, coders).
    coders: "torch.Tensor | None" = None
    present: NDArray[np.bool_] | None = None
    best: Fit = field(default_factory=lambda: Fit(None, 0.0, 0))
    history: list[tuple[float, float]] = field(default_factory=list)
    steps: int = 0

    def take_in(
        self,
        loss: float,
        predicted: NDArray[np.float32],
        weights: Callable[[], dict[str, Any]],
        patience: int,
        classes: int,
    ) -> bool:
        """Score an epoch; whether the training goes on."""
        if not np.isfinite(predicted[self.truth >= 0]).all():
            return False
        epoch, score = len(self.history) + 1, macro_f1(self.truth, predicted.argmax(axis=1), classes)
        self.history.append((loss, score))
        if self.best.weights is None or score > self.best.score:
            self.best = Fit(weights(), score, epoch, probabilities=predicted)
        return epoch - self.best.epochs < patience

    def end(self) -> Fit:
        """The best epoch, with the whole history."""
        best = self.best
        return Fit(best.weights, best.score, best.epochs, tuple(self.history), best.probabilities)


def fit_networks(
    module: ModuleType, requests: Sequence[FitRequest], *, classes: int, max_epochs: int, patience: int,
    labels: Labels = "first", at_once: int = 16,
) -> list[Fit]:
    """Train fresh networks; each stops once the sessions set aside have not been predicted better for a while.

    Parameters
    ----------
    module
        Of the network (`registry`).
    requests
        What to train, of any sizes. Those of one size are trained together, up to `at_once`, in the order given.
    classes
        How many.
    max_epochs, patience
        Passes over the training windows at most, and passes without a better score before giving up.
    labels
        What a frame's target is where several coders coded it: the ``first`` one's class, the share of coders for each
        class (``soft``), or the class of a coder ``drawn`` for each window and epoch among those who labelled any of
        it.
    at_once
        1: one after the other, by torch's own layers.

    Returns
    -------
    list of Fit
        In the order of `requests`.
    """
    import torch

    built = []
    for request in requests:
        # Nothing carries over from another training, and torch's own seed stays as it was.
        with torch.random.fork_rng():
            torch.manual_seed(request.seed)
            built.append(module.build(request.training.values.shape[1], classes, request.hyperparameters))
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, (request, network) in enumerate(zip(requests, built, strict=True)):
        groups.setdefault(_size_of(module, request, network), []).append(place)
    fits: dict[int, Fit] = {}
    for places in groups.values():
        first = places[0]
        step = _most_at_once(requests[first], built[first], module, at_once) if hasattr(module, "stack") else 1
        for start in range(0, len(places), step):
            own = places[start:start + step]
            trained = _fit_group(
                module, [requests[place] for place in own], [built[place] for place in own], classes=classes,
                max_epochs=max_epochs, patience=patience, labels=labels, stacked=step > 1,
            )
            fits |= dict(zip(own, trained, strict=True))
    return [fits[place] for place in range(len(requests))]


def average_windows(
    network: "nn.Module", values: "torch.Tensor", rows: "torch.Tensor"
) -> NDArray[np.float32]:
    """Class probabilities of every row, each the mean over the windows that hold it.

    Parameters
    ----------
    network
        Put into evaluation mode, so that dropout rests.
    values
        Shape (rows + 1, dims), the last row padding.
    rows
        Shape (windows, window).

    Returns
    -------
    ndarray, shape (rows, classes)
        A row in no window is NaN.
    """
    from dyadflow.models.stacks import Alone

    return _average(Alone(network.eval()), [values], [rows])[0]


def _size_of(module: ModuleType, request: FitRequest, network: "nn.Module") -> tuple[Any, ...]:
    """What networks must share to be trained together."""
    chosen = request.hyperparameters
    return (
        module.windowing(chosen), chosen["batch"], chosen["optimiser"], request.training.values.device,
        *[tuple(parameter.shape) for parameter in network.parameters()],
    )


def _most_at_once(request: FitRequest, network: "nn.Module", module: ModuleType, at_once: int) -> int:
    """How many networks of a size are trained together: on a CPU no more than keep a batch near its caches."""
    if request.training.values.device.type != "cpu":
        return at_once
    units = request.training.values.shape[1] + sum(each.numel() for each in network.parameters() if each.dim() == 1)
    frames = request.hyperparameters["batch"] * module.windowing(request.hyperparameters)[0]
    return max(1, min(at_once, _CPU_BATCH_BYTES // (4 * frames * units)))


def _fit_group(
    module: ModuleType, requests: Sequence[FitRequest], networks: "Sequence[nn.Module]", *, classes: int,
    max_epochs: int, patience: int, labels: Labels, stacked: bool,
) -> list[Fit]:
    """Train networks of one size, as a stack or, of one, as itself."""
    from dyadflow.models.stacks import Alone

    windowing = module.windowing(requests[0].hyperparameters)
    members = [_prepare(request, windowing, classes, labels) for request in requests]
    device = requests[0].training.values.device
    running = list(range(len(members)))
    chosen = [request.hyperparameters for request in requests]
    network: Stack | Alone = (module.stack(networks, chosen) if stacked else Alone(networks[0])).to(device)
    optimiser = _make_optimiser(network, chosen, stacked)
    for _ in range(max_epochs):
        own = [members[place] for place in running]
        losses = _pass_once(network, own, optimiser, chosen[0]["batch"], stacked=stacked)
        network.eval()
        predicted = _average(network, [each.request.validation.values for each in own], [each.held for each in own])
        going = [
            place for place, member in enumerate(own)
            if np.isfinite(losses[place]) and member.take_in(
                losses[place], predicted[place], partial(network.weights_of, place), patience, classes)
        ]
        if not going:
            break
        if len(going) < len(own):
            # Those that are done leave, so that nothing is computed for them.
            running = [running[place] for place in going]
            chosen = [chosen[place] for place in going]
            assert not isinstance(network, Alone)  # one alone has nobody to leave behind
            network = module.stack([network.single(place) for place in going], chosen).to(device)
            optimiser = optimiser.only(going, list(network.parameters()))
    return [member.end() for member in members]


def _prepare(request: FitRequest, windowing: tuple[int, int], classes: int, labels: Labels) -> _Member:
    import torch

    training, device = request.training, request.training.values.device
    shuffle = torch.Generator()
    shuffle.manual_seed(derive_seed(request.seed, "order"))
    weights = torch.ones(classes) if request.class_weights is None else torch.from_numpy(request.class_weights)
    windows = training.windows(*windowing)
    member = _Member(
        request, windows, request.validation.windows(*windowing), None, request.validation.truth(),
        weights.to(device), shuffle,
    )
    if labels == "drawn" and len(training.labels) > 1:
        member.coders = torch.stack([
            soft_targets(each[None], classes, shared=False) for each in training.labels])
        member.present = (training.labels[:, windows] != MASKED).any(dim=2).T.cpu().numpy()
    else:
        member.targets = soft_targets(training.labels, classes, shared=labels == "soft")
    return member


def _pass_once(
    network: "Stack | Alone", members: Sequence[_Member], optimiser: StackOptimiser, batch: int, *, stacked: bool
) -> list[float]:
    """One epoch of every member; the mean loss of each, not finite where one ended in such numbers."""
    import torch

    from dyadflow.models.dropout import key_of, set_keys

    network.train()
    device = members[0].windows.device
    orders = [torch.randperm(len(member.windows), generator=member.shuffle).to(device) for member in members]
    drawn = [_draw_coders(member) for member in members]
    gammas = [member.request.hyperparameters.get("focal_gamma", 0.0) for member in members]
    gamma = torch.tensor(gammas, device=device) if any(gammas) else None
    class_weights = torch.stack([member.class_weights for member in members])
    losses, counts = [], [max(1, -(-len(order) // batch)) for order in orders]
    for step in range(max(counts)):
        # A member that is through with its windows rests; one whose last batch is small gets padding beside it.
        chosen = [order[step * batch:(step + 1) * batch] for order in orders]
        most = max(len(each) for each in chosen)
        values = _gather(
            [member.request.training.values for member in members],
            [_pad(member.windows[own], most) for member, own in zip(members, chosen, strict=True)])
        targets = torch.stack([
            _targets(member, own, coders, most) for member, own, coders in zip(members, chosen, drawn, strict=True)])
        keys = torch.tensor(
            [key_of(member.request.seed, member.steps) for member in members], dtype=torch.int32, device=device)
        set_keys(network, keys if stacked else keys[0])
        loss = weighted_loss(network(values), targets, class_weights, gamma)
        loss.sum().backward()
        active = [len(own) > 0 for own in chosen]
        optimiser.step(active)
        for member, goes in zip(members, active, strict=True):
            member.steps += goes
        losses.append(torch.where(torch.tensor(active, device=device), loss.detach(), torch.zeros_like(loss)))
    total = torch.stack(losses).sum(dim=0).cpu().tolist()
    return [loss / count for loss, count in zip(total, counts, strict=True)]


def _draw_coders(member: _Member) -> NDArray[np.int64] | None:
    """Of every window one of the coders who labelled any of it; None where coders are not drawn."""
    if member.present is None:
        return None
    rng = np.random.default_rng(derive_seed(member.request.seed, "coders", len(member.history)))
    place = np.floor(rng.random(len(member.present)) * member.present.sum(axis=1))
    return (np.cumsum(member.present, axis=1) > place[:, None]).argmax(axis=1)


def _targets(
    member: _Member, own: "torch.Tensor", drawn: NDArray[np.int64] | None, most: int
) -> "torch.Tensor":
    """Targets of a batch's frames, shape (most, window, classes)."""
    import torch

    rows = _pad(member.windows[own], most)
    if drawn is None or member.coders is None:
        assert member.targets is not None  # where no coder is drawn
        return member.targets[rows]
    coders = torch.from_numpy(drawn).to(rows.device)[own]
    coders = torch.cat([coders, coders.new_zeros(most - len(coders))])
    return member.coders[coders[:, None], torch.where(rows < 0, member.coders.shape[1] - 1, rows)]


def _pad(rows: "torch.Tensor", most: int) -> "torch.Tensor":
    """As many windows as `most`, the last ones of padding alone."""
    import torch

    missing = most - len(rows)
    return torch.cat([rows, rows.new_full((missing, rows.shape[1]), PADDING)]) if missing else rows


def _gather(tables: "Sequence[torch.Tensor]", rows: "Sequence[torch.Tensor]") -> "torch.Tensor":
    """Each network's windows out of its own table, shape (networks, windows, window, dims); padding is the last row."""
    import torch

    found = tables[0].new_empty(len(tables), *rows[0].shape, tables[0].shape[1])
    for place, (table, own) in enumerate(zip(tables, rows, strict=True)):
        where = torch.where(own < 0, len(table) - 1, own).flatten()
        torch.index_select(table, 0, where, out=found[place].view(-1, table.shape[1]))
    return found


def _average(
    network: "Stack | Alone", values: "Sequence[torch.Tensor]", rows: "Sequence[torch.Tensor]"
) -> list[NDArray[np.float32]]:
    """For each network of a stack, the probabilities of its own rows, averaged over its own windows."""
    import torch

    most, window = max(len(each) for each in rows), rows[0].shape[1]
    size = max(1, _FRAMES_AT_ONCE // (window * len(rows)))
    parts = []
    with torch.inference_mode():
        for start in range(0, most, size):
            width = min(size, most - start)
            given = _gather(values, [_pad(own[start:start + size], width) for own in rows])
            parts.append(torch.softmax(network(given), dim=-1).cpu())
    probabilities = torch.cat(parts, dim=1)
    found = []
    for place, (table, own) in enumerate(zip(values, rows, strict=True)):
        where = own.flatten().cpu()
        where = torch.where(where < 0, len(table) - 1, where)
        mine = probabilities[place, : len(own)].flatten(0, 1)
        total = torch.zeros(len(table), mine.shape[1]).index_add_(0, where, mine)
        times = torch.bincount(where, minlength=len(table)).unsqueeze(1)
        found.append((total / times)[:-1].numpy())
    return found


def _make_optimiser(
    network: "Stack | Alone", chosen: Sequence[Mapping[str, Any]], stacked: bool
) -> StackOptimiser:
    return StackOptimiser(
        chosen[0]["optimiser"], list(network.parameters()), stacked=stacked,
        learning_rates=[each["learning_rate"] for each in chosen],
        weight_decays=[each["weight_decay"] for each in chosen],
    )
