"""Dilated convolutions: how far they look, what they never look at, and what they find that no frame shows."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from dyadflow.models.blocks import stack_sessions
from dyadflow.models.learning import fit_all, predict_rows
from dyadflow.models.networks import tcn
from dyadflow.models.scoring import macro_f1
from dyadflow.models.training import FitRequest

CHOICE = {
    "optimiser": "adam", "learning_rate": 3e-3, "weight_decay": 0.0, "dropout": 0.0, "focal_gamma": 0.0, "hidden": 16,
    "layers": 3, "kernel": 3, "window": 60, "stride": 30, "batch": 4,
}


def _network(dims=3, classes=2, **changes):
    torch.manual_seed(0)
    return tcn.build(dims, classes, CHOICE | changes).eval()


@pytest.mark.parametrize(("layers", "kernel", "reach"), [
    # Dilations of the layers (1, 4), (2, 2), (4, 1): the farther ones are 4, 2, 4.
    (3, 3, 10), (3, 5, 20), (1, 3, 1), (1, 1, 0), (4, 3, 8 + 4 + 4 + 8),
])
def test_a_frame_sees_as_far_as_its_reach_says_and_no_farther(layers, kernel, reach):
    assert tcn.reach_frames({"layers": layers, "kernel": kernel}) == reach
    network = _network(layers=layers, kernel=kernel)
    values = torch.randn(1, 101, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)
    network(values)[0, 50].sum().backward()
    seen = torch.nonzero(values.grad[0].abs().sum(dim=1)).flatten()
    assert (seen.min().item(), seen.max().item()) == (50 - reach, 50 + reach)


@pytest.mark.parametrize("frames_at_once", [1, 7, 64, 199])
def test_a_long_session_in_parts_gets_what_it_gets_whole(frames_at_once):
    network = _network()
    values = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    values[70:90] = 0
    whole = tcn.predict_whole(network, values, CHOICE)
    parts = tcn.predict_whole(network, values, CHOICE, frames_at_once=frames_at_once)
    np.testing.assert_allclose(parts, whole, atol=1e-6)
    # Without the margins it would not.
    cut = np.concatenate([tcn.predict_whole(network, part, CHOICE) for part in np.split(values, [100])])
    assert np.abs(cut - whole).max() > 1e-3


def test_padding_behind_a_short_session_changes_nothing():
    network = _network()
    values = torch.randn(2, 40, 3, generator=torch.Generator().manual_seed(2))
    padded = torch.cat([values, torch.zeros(2, 50, 3)], dim=1)
    torch.testing.assert_close(network(padded)[:, :40], network(values), rtol=0, atol=1e-5)


def test_a_frame_that_no_stream_has_is_read_by_none_and_still_reads_the_others():
    network = _network()
    values = torch.randn(1, 60, 3, generator=torch.Generator().manual_seed(3))
    values[0, 30] = 0
    before = network(values)
    with torch.no_grad():
        # What an absent frame would be taken for, if it were read.
        network.entry.bias.add_(torch.linspace(-2, 2, 16))
        with_bias = network(values)
        network.entry.bias.sub_(torch.linspace(-2, 2, 16))
    assert (with_bias - before)[0, 31].abs().max() > 1e-3, "frames that are there do change"
    nearby = values.clone()
    nearby[0, 33] += 1
    assert (network(nearby) - before)[0, 30].abs().max() > 1e-3
    # The only frame beside absent ones: whatever absent frames hold, it is as alone.
    lonely = torch.zeros(1, 60, 3)
    lonely[0, 30] = values[0, 10]
    torch.testing.assert_close(network(lonely)[0, 30], network(values[:, 10:11])[0, 0], rtol=0, atol=1e-5)


def test_an_even_kernel_is_refused_with_a_reason():
    with pytest.raises(ValidationError, match="give an odd number"):
        tcn.Space(kernel=[3, 4])


def _order_of_events(rng, bouts=10, apart=55, event=10):
    """A bout's class is which of two events comes first; the other follows after 2.2 s at 25 Hz."""
    values, codes = [], []
    for _ in range(bouts):
        frames, code = apart + 30, int(rng.integers(2))
        part = rng.normal(size=(frames + int(rng.integers(45, 60)), 2)) * 0.3
        part[10:10 + event, code] += 3
        part[10 + apart:10 + apart + event, 1 - code] += 3
        values.append(part)
        codes.append(np.where(np.arange(len(part)) < frames, code, -1))
    return np.concatenate(values).astype(np.float32), np.concatenate(codes)


def test_the_order_of_events_two_seconds_apart_is_found_by_the_tcn_and_not_by_the_linear_model():
    rng = np.random.default_rng(0)
    sessions = [_order_of_events(rng) for _ in range(10)]
    training, validation, held_out = (
        stack_sessions([values for values, _ in part], [codes for _, codes in part])
        for part in (sessions[:6], sessions[6:8], sessions[8:])
    )
    common = {name: CHOICE[name] for name in ("optimiser", "learning_rate", "weight_decay", "dropout", "focal_gamma")}
    chosen = {
        "tcn": CHOICE | {"layers": 6, "window": 300, "stride": 100},
        "linear": common | {"layers": [32], "batch": 256},
    }
    found = {}
    for name, hyperparameters in chosen.items():
        fit = fit_all(
            name, [FitRequest(training, validation, hyperparameters, None, 1)], classes=2, max_epochs=8, patience=8)[0]
        predicted = predict_rows(
            name, hyperparameters, fit.weights, held_out.values[:-1].numpy(), held_out.lengths, classes=2)
        found[name] = macro_f1(held_out.truth(), predicted.argmax(axis=1), 2)
    assert found["tcn"] > 0.9
    # No frame says more about the class than a coin; 0.6 is beyond what 20 bouts of chance give.
    assert found["linear"] < 0.6
