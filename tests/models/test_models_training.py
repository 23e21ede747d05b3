"""Windows, loss, early stopping, optimisers, search space."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dyadflow.errors import DyadflowError
from dyadflow.models.blocks import MASKED, stack_sessions
from dyadflow.models.losses import soft_targets, weighted_loss
from dyadflow.models.networks import bilstm, linear
from dyadflow.models.optimisers import make_optimiser
from dyadflow.models.scoring import balanced_weights, macro_f1
from dyadflow.models.settings import ModelSettings, NetworkSettings, ProtocolSettings
from dyadflow.models.space import draw_candidates
from dyadflow.models.training import FitRequest, average_windows, fit_networks
from dyadflow.models.windows import PADDING, window_rows

CHOICE = {
    "optimiser": "adam", "learning_rate": 1e-2, "weight_decay": 0.0, "batch": 4, "dropout": 0.0, "focal_gamma": 0.0,
    "hidden": 4, "window": 10, "stride": 5,
}


@given(frames=st.integers(1, 300), window=st.integers(1, 60), stride=st.integers(1, 60))
def test_every_frame_is_in_a_window_and_no_window_leaves_its_session(frames, window, stride):
    stride = min(stride, window)
    rows = window_rows(frames, window=window, stride=stride, first=1000)
    real = rows[rows != PADDING]
    assert set(real) == set(range(1000, 1000 + frames))
    assert rows.shape[1] == window
    assert (rows == PADDING).any() == (frames < window)


def test_windows_of_a_short_stretch_by_hand():
    rows = window_rows(7, window=4, stride=2)
    np.testing.assert_array_equal(rows, [[0, 1, 2, 3], [2, 3, 4, 5], [3, 4, 5, 6]])
    rows = window_rows(2, window=4, stride=2, first=5)
    np.testing.assert_array_equal(rows, [[5, 6, PADDING, PADDING]])


def test_a_stride_above_the_window_is_refused():
    with pytest.raises(DyadflowError, match="stride of 50 frames is longer than the window of 25"):
        window_rows(100, window=25, stride=50)


def test_overlapping_windows_are_averaged_and_every_frame_comes_once():
    class Counter(torch.nn.Module):
        """Gives the k-th window of the batch the logits (k, 0) on every frame."""

        def forward(self, values):
            first = torch.arange(len(values), dtype=torch.float32)[:, None].expand(values.shape[:2])
            return torch.stack([first, torch.zeros_like(first)], dim=-1)

    rows = torch.from_numpy(window_rows(7, window=4, stride=2))
    mean = average_windows(Counter(), torch.zeros(8, 3), rows)
    share = [1 / (1 + np.exp(-number)) for number in range(3)]
    held_by = [[0], [0], [0, 1], [0, 1, 2], [1, 2], [1, 2], [2]]
    expected = [np.mean([share[number] for number in windows]) for windows in held_by]
    assert mean.shape == (7, 2)
    np.testing.assert_allclose(mean[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(mean.sum(axis=1), 1, rtol=1e-6)


def test_frames_without_a_class_do_not_move_the_loss_and_it_is_torch_s_own():
    logits = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    labels = torch.tensor([[0, 1, MASKED, 2, MASKED], [MASKED, 1, 1, 0, MASKED]])
    weights = torch.tensor([1.0, 2.0, 0.5])
    loss = weighted_loss(logits[None], soft_targets(labels[None], 3, shared=False)[None], weights[None])
    loss.sum().backward()
    assert (logits.grad[labels == MASKED] == 0).all()
    assert (logits.grad[labels != MASKED] != 0).all()
    reference = torch.nn.functional.cross_entropy(
        logits.detach().flatten(0, 1), labels.flatten(), weight=weights, ignore_index=MASKED)
    assert loss.item() == pytest.approx(reference.item(), rel=1e-6)


def test_focal_loss_and_shares_of_coders_by_hand():
    # Frame 1: coders say 0 and 1. Frame 2: one says 1. Frame 3: nobody says anything.
    labels = torch.tensor([[[0, MASKED, MASKED]], [[1, 1, MASKED]]])
    shares = soft_targets(labels, 2, shared=True)
    assert shares.tolist() == [[[0.5, 0.5], [0, 1], [0, 0]]]
    assert soft_targets(labels, 2, shared=False).tolist() == [[[1, 0], [0, 1], [0, 0]]]
    probabilities = torch.tensor([[[0.8, 0.2], [0.4, 0.6], [0.5, 0.5]]])
    weights = torch.tensor([[1.0, 3.0]])
    plain = weighted_loss(probabilities.log()[None], shares[None], weights)
    expected = (-0.5 * np.log(0.8) - 1.5 * np.log(0.2) - 3 * np.log(0.6)) / (0.5 + 1.5 + 3)
    assert plain.item() == pytest.approx(expected, rel=1e-6)
    focal = weighted_loss(probabilities.log()[None], shares[None], weights, torch.tensor([2.0]))
    expected = (-0.5 * 0.04 * np.log(0.8) - 1.5 * 0.64 * np.log(0.2) - 3 * 0.16 * np.log(0.6)) / 5
    assert focal.item() == pytest.approx(expected, rel=1e-5)


def test_frames_without_a_class_train_alike_whatever_the_reason():
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(60, 3)).astype(np.float32)]
    codes = rng.integers(0, 2, size=60).astype(np.int8)
    codes[10:40] = -1
    other = np.where(codes < 0, rng.choice([-1, -2, -3], size=60), codes).astype(np.int8)
    block, twin = stack_sessions(values, [codes]), stack_sessions(values, [other])
    assert torch.equal(block.labels, twin.labels)
    assert len(block.windows(10, 10)) == 3 and len(block.windows(10, 10, labelled=False)) == 6


def _fit(*, at_once=1, **changes):
    """One training on noisy classes; the network that it trained; and the block that it stopped on."""
    rng = np.random.default_rng(1)
    codes = [rng.integers(0, 2, size=80).astype(np.int8) for _ in range(2)]
    values = [(np.eye(2)[part] + rng.normal(size=(80, 2))).astype(np.float32) for part in codes]
    blocks = [stack_sessions([value], [part]) for value, part in zip(values, codes, strict=True)]
    asked = {"hyperparameters": CHOICE, "max_epochs": 12, "patience": 3, "seed": 3} | changes
    networks = []

    def build(*arguments):
        networks.append(bilstm.build(*arguments))
        return networks[-1]

    module = SimpleNamespace(build=build, windowing=bilstm.windowing, stack=bilstm.stack)
    request = FitRequest(*blocks, asked["hyperparameters"], None, asked["seed"])
    [fit] = fit_networks(
        module, [request], classes=2, max_epochs=asked["max_epochs"], patience=asked["patience"], at_once=at_once)
    return fit, networks[-1], blocks[1]


def test_early_stopping_gives_back_the_best_weights_and_not_the_last():
    full, network, aside = _fit(patience=100)
    assert 1 < full.epochs < 12, "the best epoch of this seed is neither the first nor the last"
    last = {name: value.clone() for name, value in network.state_dict().items()}
    assert any(not torch.equal(full.weights[name], last[name]) for name in last)
    # Stopping there gives the same weights, and they score what was said.
    short, *_ = _fit(max_epochs=full.epochs)
    assert all(torch.equal(full.weights[name], short.weights[name]) for name in last)
    network.load_state_dict(full.weights)
    predicted = average_windows(network, aside.values, aside.windows(10, 5))
    np.testing.assert_allclose(predicted, full.probabilities, atol=1e-6)
    assert macro_f1(aside.truth(), predicted.argmax(axis=1), 2) == full.score
    assert len(full.history) == 12 and full.history[full.epochs - 1][1] == full.score


def test_training_stops_once_patience_is_spent():
    impatient, *_ = _fit(patience=1, max_epochs=500)
    assert impatient.epochs < 500


def test_a_training_that_diverges_says_so_by_having_no_weights():
    fit, *_ = _fit(hyperparameters=CHOICE | {"optimiser": "sgd", "learning_rate": 3e38})
    assert fit.weights is None and fit.score == 0


def test_the_same_seed_gives_the_same_weights_and_another_does_not():
    first, second, other = _fit()[0], _fit()[0], _fit(seed=4)[0]
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert not all(torch.equal(first.weights[name], other.weights[name]) for name in first.weights)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize(("name", "theirs"), [
    ("sgd", lambda p, d: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=d)),
    ("adam", lambda p, d: torch.optim.Adam(p, lr=0.05, weight_decay=d)),
])
def test_steps_are_those_of_torch(name, theirs, decay):
    ours, reference = (torch.nn.Parameter(torch.linspace(-1, 1, 6)) for _ in range(2))
    step = make_optimiser(name, [ours], learning_rate=0.05, weight_decay=decay)
    optimiser = theirs([reference], decay)
    for number in range(1, 20):
        for parameter in (ours, reference):
            ((parameter - number / 10) ** 4).sum().backward()
        step()
        optimiser.step()
        optimiser.zero_grad()
        torch.testing.assert_close(ours, reference, rtol=1e-5, atol=1e-6)
        assert ours.grad is None


def test_macro_f1_is_that_of_scikit_learn_over_the_classes_that_occur():
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(-2, 3, size=500), rng.integers(0, 4, size=500)
    kept = truth >= 0
    expected = f1_score(truth[kept], predicted[kept], labels=[0, 1, 2], average="macro")
    assert macro_f1(truth, predicted, 4) == pytest.approx(expected)
    assert np.isnan(macro_f1(np.array([-1, -2]), np.array([0, 1]), 4))


def test_balanced_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    codes = np.array([0] * 70 + [1] * 20 + [2] * 10 + [-1] * 33)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=codes[codes >= 0])
    np.testing.assert_allclose(balanced_weights(codes, 3), expected, rtol=1e-6)
    assert balanced_weights(codes, 4)[3] == 1


def test_every_cell_of_a_network_draws_the_same_candidates():
    space = bilstm.Space(
        window=[25, 50, 400], stride=[25, 50, 400], hidden=[128, 256], learning_rate=[1e-3, 1e-4]
    )
    drawn = draw_candidates(space, 6, seed=5)
    assert drawn == draw_candidates(space.model_copy(), 6, seed=5) != draw_candidates(space, 6, seed=6)
    assert draw_candidates(space, 8, seed=5)[:6] == drawn, "more candidates continue the list"
    everything = draw_candidates(space, 10**6, seed=5)
    # Six of the nine pairs of window and stride lose no frames.
    assert len(everything) == 6 * 2 * 2 == len({str(choice) for choice in everything})
    assert all(choice["stride"] <= choice["window"] for choice in everything)


def test_a_space_in_which_every_stride_loses_frames_is_refused():
    with pytest.raises(DyadflowError, match="longer than every window"):
        draw_candidates(bilstm.Space(window=[25], stride=[50]), 3, seed=0)


def test_the_linear_network_is_the_paper_s():
    choice = draw_candidates(linear.Space(), 1, seed=0)[0]
    network = linear.build(2048, 4, choice)
    shapes = [tuple(part.weight.shape) for part in network if hasattr(part, "weight")]
    assert shapes == [(512, 2048), (256, 512), (128, 256), (4, 128)]
    assert [type(part).__name__ for part in network] == ["Linear", "GELU", "SeededDropout"] * 3 + ["Linear"]


@pytest.mark.parametrize(("model", "values", "words"), [
    (NetworkSettings, {"network": "bilstm", "space": {"windows": [25]}}, "windows"),
    (NetworkSettings, {"network": "linear", "space": {"learning_rate": [-1]}}, "greater than 0"),
    (NetworkSettings, {"network": "lstm"}, "no network is called 'lstm'"),
    (ProtocolSettings, {"train_coders": [], "score_coders": ["A"]}, "train_coders"),
    (ModelSettings, {"streams": {"video": ["infant"]}, "networks": {}}, "is not <view>.<extractor>"),
])
def test_settings_that_make_no_sense_are_refused_with_the_name_of_the_key(model, values, words):
    with pytest.raises(ValidationError, match=words):
        model.model_validate(values)
