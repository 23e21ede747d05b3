"""Many trainings at once are the trainings one at a time."""

import numpy as np
import pytest
import torch

from dyadflow.models.blocks import stack_sessions
from dyadflow.models.dropout import SeededDropout, hash_places, key_of, set_keys
from dyadflow.models.networks import bilstm, linear
from dyadflow.models.optimisers import StackOptimiser
from dyadflow.models.stacks import Recurrence
from dyadflow.models.training import FitRequest, fit_networks

SIZES = {
    "bilstm": (bilstm, {"hidden": 6, "window": 12, "stride": 6, "batch": 5}),
    "linear": (linear, {"layers": [8, 5], "batch": 40}),
}


def make_block(rng, sessions, *, coders=1, dims=7):
    """Sessions of unlike length whose class stands in the first three columns, with gaps in the coding."""
    values = [rng.normal(size=(60 + 11 * number, dims)).astype(np.float32) for number in range(sessions)]
    codes = []
    for each in values:
        told = np.stack([each[:, :3].argmax(axis=1)] * coders).astype(np.int8)
        codes.append(np.where(rng.random(told.shape) < 0.2, -1, told).astype(np.int8))
    return stack_sessions(values, codes)


def make_requests(name, optimiser, *, coders=1, count=5):
    """Trainings alike in size and in nothing else."""
    rng, (_, size) = np.random.default_rng(5), SIZES[name]
    rates = [1e-2, 3e-3, 2e-2] if optimiser == "adam" else [0.2, 0.05, 0.5]
    return [
        FitRequest(
            make_block(rng, 2 + number, coders=coders), make_block(rng, 1 + number % 2, coders=coders),
            size | {
                "optimiser": optimiser, "learning_rate": rates[number % 3],
                "weight_decay": [0.0, 0.02][number % 2], "dropout": [0.3, 0.0, 0.5][number % 3],
                "focal_gamma": [0.0, 0.0, 2.0][number % 3],
            },
            np.array([1, 2, 0.5], np.float32), seed=number,
        )
        for number in range(count)
    ]


def train(name, requests, at_once, **how):
    return fit_networks(
        SIZES[name][0], requests, classes=3, **{"max_epochs": 5, "patience": 2} | how, at_once=at_once)


def assert_alike(ours, theirs, tolerance=1e-5):
    for one, other in zip(ours, theirs, strict=True):
        assert (one.epochs, len(one.history)) == (other.epochs, len(other.history))
        assert one.score == pytest.approx(other.score, abs=1e-6)
        for name in one.weights:
            torch.testing.assert_close(one.weights[name], other.weights[name], rtol=0, atol=tolerance)
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=tolerance)
        np.testing.assert_allclose(one.history, other.history, atol=tolerance)


@pytest.mark.parametrize("labels", ["first", "soft", "drawn"])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
@pytest.mark.parametrize("name", list(SIZES))
def test_trained_together_or_one_by_one_the_results_are_the_same(name, optimiser, labels):
    requests = make_requests(name, optimiser, coders=1 if labels == "first" else 2)
    alone, together = (train(name, requests, at_once, labels=labels) for at_once in (1, 16))
    assert_alike(alone, together)
    assert len({fit.epochs for fit in alone}) > 1, "they stop in different epochs"


def test_the_gpu_s_way_through_the_layer_is_torch_s_own(monkeypatch):
    from dyadflow.models.stacks import StackedBiLstm

    requests = make_requests("bilstm", "adam")
    alone = train("bilstm", requests, 1)
    monkeypatch.setattr(StackedBiLstm, "_layer_by_layer", StackedBiLstm._all_at_once)
    assert_alike(alone, train("bilstm", requests, 16), tolerance=5e-5)


def test_the_backward_pass_of_the_recurrence_is_the_derivative_of_its_forward_pass():
    torch.manual_seed(0)
    given = torch.randn(3, 4, 2, 8, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(3, 8, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Recurrence.apply, (given, weights))


def test_company_and_order_change_nothing():
    requests = make_requests("bilstm", "adam")
    whole = train("bilstm", requests, 16)
    assert_alike(train("bilstm", requests[::-1], 16)[::-1], whole)
    assert_alike(train("bilstm", requests[3:4], 16), whole[3:4])
    assert_alike(train("bilstm", requests, 2), whole)


def test_one_that_diverges_leaves_the_others_as_they_were():
    requests = make_requests("linear", "sgd")
    whole = train("linear", requests, 16)
    broken = requests[1]
    wild = FitRequest(
        broken.training, broken.validation, {**broken.hyperparameters, "learning_rate": 1e30}, None, broken.seed)
    fits = train("linear", [requests[0], wild, *requests[2:]], 16)
    assert fits[1].weights is None and fits[1].score == 0
    assert_alike([fits[0], *fits[2:]], [whole[0], *whole[2:]])


def test_networks_of_other_sizes_go_into_groups_of_their_own():
    small, large = make_requests("bilstm", "adam", count=2), make_requests("bilstm", "adam", count=2)
    large = [
        FitRequest(each.training, each.validation, {**each.hyperparameters, "hidden": 9}, None, each.seed)
        for each in large
    ]
    mixed = train("bilstm", [small[0], large[0], small[1], large[1]], 16)
    assert_alike(mixed[::2], train("bilstm", small, 1))
    assert_alike(mixed[1::2], train("bilstm", large, 1))


def test_training_neither_reads_nor_moves_torch_s_own_generator():
    requests = make_requests("bilstm", "adam", count=2)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = train("bilstm", requests, 16)
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(2)
    assert_alike(train("bilstm", requests, 16), first, tolerance=0)


def test_a_coder_is_drawn_among_those_who_labelled_the_window():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 3)).astype(np.float32)
    codes = np.full((2, 200), -1, np.int8)
    codes[0, :100], codes[1, 50:] = 0, 1
    block = stack_sessions([values], [codes])
    size = {"hidden": 2, "window": 10, "stride": 10, "batch": 4, "optimiser": "sgd", "learning_rate": 0.1,
            "weight_decay": 0.0, "dropout": 0.0, "focal_gamma": 0.0}
    from dyadflow.models.training import _draw_coders, _prepare

    member = _prepare(FitRequest(block, block, size, None, 3), (10, 10), 2, "drawn")
    drawn = []
    for _ in range(200):
        drawn.append(_draw_coders(member))
        member.history.append((0.0, 0.0))
    share = np.mean(drawn, axis=0)
    assert (share[:5] == 0).all() and (share[10:] == 1).all()
    # Both coded windows 5 to 9: each is drawn in about half of 200 epochs (deviation 0.035).
    assert (np.abs(share[5:10] - 0.5) < 0.15).all()


def test_dropout_silences_its_share_anew_in_every_step_layer_and_place():
    layer, other = SeededDropout(0.25, 0), SeededDropout(0.25, 1)
    ones = torch.ones(400, 500)
    masks = []
    for step in range(3):
        for each in (layer, other):
            each.set_key(torch.tensor(key_of(7, step), dtype=torch.int32))
            masks.append(each(ones))
    for mask in masks:
        assert sorted(mask.unique().tolist()) == pytest.approx([0, 4 / 3])
        # Deviation of the share over 200,000 places: 0.001.
        assert (mask == 0).float().mean().item() == pytest.approx(0.25, abs=0.005)
        for shift in (1, 500):
            both = (mask.flatten()[shift:] == 0) & (mask.flatten()[:-shift] == 0)
            assert both.float().mean().item() == pytest.approx(0.0625, abs=0.005)
    for one in range(6):
        for two in range(one):
            both = (masks[one] == 0) & (masks[two] == 0)
            assert both.float().mean().item() == pytest.approx(0.0625, abs=0.005)
    layer.eval()
    assert layer(ones) is ones


def test_bits_are_spread_evenly():
    bits = hash_places(torch.tensor(key_of(1, 2), dtype=torch.int32), torch.Size([1000, 1000]))
    counts = torch.bincount((bits >> 20).flatten(), minlength=16)
    assert len(counts) == 16 and bits.min() >= 0
    # Chi-square with 15 degrees of freedom: 99.99 % lie below 44.3.
    assert float(((counts - 62500.0) ** 2 / 62500).sum()) < 44.3


def test_a_stack_s_dropout_is_that_of_each_of_its_networks():
    keys = torch.tensor([key_of(seed, 4) for seed in (1, 2, 3)], dtype=torch.int32)
    stack = SeededDropout(torch.tensor([0.2, 0.0, 0.7]), 2)
    set_keys(stack, keys)
    values = torch.rand(3, 4, 5, 6)
    found = stack(values)
    for place, share in enumerate((0.2, 0.0, 0.7)):
        single = SeededDropout(share, 2)
        single.set_key(keys[place])
        torch.testing.assert_close(found[place], single(values[place]))


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_network_that_rests_keeps_its_weights_and_what_the_rule_remembers(name):
    start = torch.linspace(-1, 1, 6).reshape(2, 3)
    theirs = [torch.nn.Parameter(row.clone()) for row in start]
    kinds = {"sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.1),
             "adam": lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.1)}
    rules = [kinds[name]([each]) for each in theirs]
    ours = torch.nn.Parameter(start.clone())
    rule = StackOptimiser(name, [ours], stacked=True, learning_rates=[0.05] * 2, weight_decays=[0.1] * 2)
    for number in range(12):
        active = [True, number % 3 == 0]
        ((ours - number / 10) ** 4).sum().backward()
        rule.step(active)
        for place, goes in enumerate(active):
            if goes:
                ((theirs[place] - number / 10) ** 4).sum().backward()
                rules[place].step()
                rules[place].zero_grad()
        torch.testing.assert_close(ours.detach(), torch.stack([each.detach() for each in theirs]), rtol=1e-5, atol=1e-6)
