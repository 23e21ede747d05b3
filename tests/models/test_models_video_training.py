"""Pixel statistics, batches, heads, fine-tuning: each on numbers that can be worked out."""

import numpy as np
import pandas as pd
import pytest
import torch

from dyadflow.models.splits import Splits
from dyadflow.models.state import State
from dyadflow.models.video.embedding import Passes, embed, recall_array
from dyadflow.models.video.fine_tuning import fine_tune
from dyadflow.models.video.fixed import FixedClips, FixedSnippets, is_flipped
from dyadflow.models.video.head import train_head
from dyadflow.models.video.loading import SnippetLoader
from dyadflow.models.video.predict import probability_of_yes
from dyadflow.models.video.preset import PRESETS
from dyadflow.models.video.scoring import BestEpoch
from dyadflow.models.video.settings import AugmentationSettings, HandValues, VideoTraining
from dyadflow.models.video.snippets import Snippet
from dyadflow.models.video.statistics import pixel_statistics, statistics_by_session
from dyadflow.models.video.weights import start_network

CPU = torch.device("cpu")
SETTINGS = AugmentationSettings(crop_px=16, test_crop_px=16)


@pytest.fixture
def clips(make_clips):
    rng = np.random.default_rng(0)
    pictures = {
        f"s{number}": rng.integers(0, 40 * (number + 1), (30, 18, 22, 3)).astype(np.uint8) for number in range(4)
    }
    return pictures, {name: make_clips(name, frames) for name, frames in pictures.items()}


def test_pixel_statistics_are_those_of_all_pixels_of_the_sessions_named(clips):
    pictures, files = clips
    found = pixel_statistics(files, ["s2", "s0"])
    values = np.concatenate([pictures["s0"].reshape(-1, 3), pictures["s2"].reshape(-1, 3)]) / 255
    np.testing.assert_allclose(found.mean, values.mean(0))
    np.testing.assert_allclose(found.deviation, values.std(0))


def test_the_presets_differ_in_whose_statistics_a_session_gets(clips):
    _, files = clips
    splits = Splits(pd.DataFrame({"session": list(files), "dyad": list(files), "outer": [0, 1, 0, 1]}))
    training = ["s0", "s2"]
    corrected, published = (
        statistics_by_session(files, splits, list(files), training=training, preset=PRESETS[name])
        for name in ("corrected", "as_published")
    )
    assert set(corrected.values()) == {pixel_statistics(files, training)}
    assert published["s0"] == published["s2"] == pixel_statistics(files, ["s0", "s2"])
    assert published["s1"] == published["s3"] == pixel_statistics(files, ["s1", "s3"])


def snippets_of(*places):
    return [Snippet(session, "ann", start, 1.0, label) for session, start, label in places]


def loader_of(files, *, workers=0, batch=2, sessions=("s0", "s1", "s2", "s3")):
    statistics = {name: pixel_statistics(files, [name]) for name in sessions}
    return SnippetLoader(files, statistics, 5, SETTINGS, batch, workers, CPU)


def test_every_snippet_is_normalised_by_its_own_sessions_statistics_and_keeps_its_label_and_place(clips):
    pictures, files = clips
    listed = snippets_of(("s0", 3, 1), ("s0", 8, 0), ("s3", 0, 1), ("s0", 25, 0), ("s1", 7, 1))
    order, flips = [4, 0, 2, 1, 3], [False, True, False, False, True]
    loader = loader_of(files)
    batches = list(loader.central(listed, flips, order))
    assert [len(labels) for _, labels in batches] == [2, 2, 1] and loader.loaded == 5
    loaded, labels = (torch.cat(part) for part in zip(*batches, strict=True))
    assert labels.tolist() == [listed[place].label for place in order]
    for clip, place in zip(loaded, order, strict=True):
        snippet, statistics = listed[place], pixel_statistics(files, [listed[place].session])
        expected = pictures[snippet.session][snippet.start:snippet.start + 5, 1:17, 3:19] / 255
        expected = (expected - statistics.mean) / statistics.deviation
        expected = expected[:, :, ::-1] if flips[place] else expected
        np.testing.assert_allclose(clip.permute(1, 2, 3, 0), expected, atol=1e-5)


def test_altered_snippets_follow_their_seeds_whatever_the_workers_and_their_neighbours(clips):
    _, files = clips
    listed = snippets_of(("s0", 3, 1), ("s1", 8, 0), ("s1", 0, 1), ("s2", 20, 0))
    torch.manual_seed(0)
    before = torch.get_rng_state()
    alone, helped = (
        torch.cat([clip for clip, _ in loader_of(files, workers=workers).altered(listed, [5, 6, 7, 8], range(4))])
        for workers in (0, 2)
    )
    assert torch.equal(alone, helped)
    assert torch.equal(torch.get_rng_state(), before), "loading leaves torch's own random numbers alone"
    ((one, _),) = loader_of(files).altered(listed[2:3], [7], [0])
    assert torch.equal(one[0], alone[2])
    ((other, _),) = loader_of(files).altered(listed[2:3], [9], [0])
    assert not torch.equal(other[0], alone[2])


@pytest.mark.parametrize("kept", [True, False])
def test_fixed_clips_are_the_same_whether_they_are_kept_or_loaded_anew(clips, monkeypatch, kept):
    _, files = clips
    if not kept:
        monkeypatch.setattr("dyadflow.models.video.fixed._KEPT_BYTES", 0)
    listed = snippets_of(("s0", 3, 1), ("s1", 8, 0), ("s1", 0, 1))
    loader = loader_of(files)
    expected = torch.cat([clip for clip, _ in loader.central(listed, [False] * 3, range(3))])
    loaded = loader.loaded
    fixed = FixedClips(loader, listed, [False] * 3)
    for places in ([2, 0], [1], np.array([0, 1, 2])):
        assert torch.equal(torch.cat(list(fixed.batches(places))), expected[list(places)])
    assert loader.loaded - loaded == (3 if kept else 6)


def test_a_snippet_with_two_coders_is_shown_once():
    rows = [Snippet(session, coder, start, 0.0, label) for session, start, coder, label in (
        ("a", 0, "ann", 0), ("a", 0, "bea", 1), ("a", 5, "ann", 1), ("b", 0, "bea", 0))]
    fixed = FixedSnippets("tiled", tuple(rows))
    assert [(one.session, one.start) for one in fixed.shown] == [("a", 0), ("a", 5), ("b", 0)]
    assert fixed.which.tolist() == [0, 0, 1, 2] and fixed.labels.tolist() == [0, 1, 1, 0]
    assert fixed.rows_of(["b"]).tolist() == [3]


def test_flips_are_drawn_for_each_snippet_by_itself():
    drawn = [is_flipped("a", start, probability=0.5, seed=1) for start in range(1000)]
    assert abs(np.mean(drawn) - 0.5) < 0.05
    assert drawn[3] == is_flipped("a", 3, probability=0.5, seed=1)
    assert drawn != [is_flipped("b", start, probability=0.5, seed=1) for start in range(1000)]
    assert not any(is_flipped("a", start, probability=0.0, seed=1) for start in range(100))


def blobs(snippets, *, passes=3, seed=0, shift=2.0):
    """Embeddings of two classes, `shift` deviations apart in the first dimension."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, (passes, snippets))
    values = rng.normal(size=(passes, snippets, 4)).astype(np.float32)
    values[..., 0] += shift * labels
    return Passes(values, labels, np.array(["a", "b"] * (snippets // 2)))


def fit_head(values=None, training=None, **changes):
    training = training or blobs(40)
    held = blobs(200, passes=1, seed=1)
    return train_head(
        training, held.values[0], held.labels[0], values or HandValues(learning_rate=0.05),
        **{"class_weights": None, "max_epochs": 20, "smoothing": 1, "batch": 8, "seed": 3, "device": CPU} | changes,
    )


def test_a_head_learns_what_separates_the_classes_and_its_seed_decides_everything():
    kept = fit_head()
    # The best that can be done at 2 deviations is an accuracy of 0.84.
    assert kept.score > 0.8
    difference = kept.weights["weight"][1] - kept.weights["weight"][0]
    assert difference[0] > 3 * difference[1:].abs().max()
    again, other = fit_head(), fit_head(seed=4)
    assert torch.equal(kept.weights["weight"], again.weights["weight"])
    assert not torch.equal(kept.weights["weight"], other.weights["weight"])


def test_a_head_goes_through_the_passes_in_turn(monkeypatch):
    epochs = []

    class Recorder(BestEpoch):
        def add(self, f1, weights):
            epochs.append(weights["weight"].clone())
            super().add(f1, weights)

    monkeypatch.setattr("dyadflow.models.video.head.BestEpoch", Recorder)
    two = blobs(16, passes=2)
    for order in ([0, 1], [0, 1, 0], [0, 0], [1, 0]):
        training = Passes(two.values[order], two.labels[order], two.sessions)
        fit_head(training=training, max_epochs=3)
    turns, thrice, same, swapped = (epochs[first:first + 3] for first in (0, 3, 6, 9))
    assert all(torch.equal(one, other) for one, other in zip(turns, thrice, strict=True))
    assert torch.equal(turns[0], same[0]) and not torch.equal(turns[1], same[1])
    assert not torch.equal(turns[0], swapped[0])


def test_decay_and_the_l2_penalty_do_what_they_say():
    free = fit_head(max_epochs=1, smoothing=0).weights["weight"]
    # In the first epoch nothing has decayed yet.
    assert torch.equal(free, fit_head(HandValues(learning_rate=0.05, decay=0.9), max_epochs=1).weights["weight"])
    tied = fit_head(HandValues(learning_rate=0.05, l2=10.0)).weights["weight"]
    assert tied.abs().max() < 0.1 < free.abs().max()


def test_balanced_weights_make_the_rare_class_count():
    rng = np.random.default_rng(0)
    labels = (rng.random((1, 400)) < 0.1).astype(np.int64)
    values = rng.normal(size=(1, 400, 4)).astype(np.float32)
    values[..., 0] += labels
    training = Passes(values, labels, np.array(["a"] * 400))

    def share_of_yes(weights):
        kept = fit_head(training=training, class_weights=weights, smoothing=0, max_epochs=30)
        logits = values[0] @ kept.weights["weight"].numpy().T + kept.weights["bias"].numpy()
        return (logits.argmax(1) == 1).mean()

    assert share_of_yes(torch.tensor([1.0, 9.0])) > share_of_yes(None) + 0.1


def test_training_that_leaves_the_finite_numbers_keeps_what_was_before():
    training = blobs(40)
    training.values[2] = np.inf
    assert fit_head(training=Passes(training.values[2:], training.labels[2:], training.sessions)).weights is None
    kept = fit_head(training=training, max_epochs=9, smoothing=0)
    assert kept.weights is not None and kept.epoch in (1, 2)
    assert torch.isfinite(kept.weights["weight"]).all()


class Scripted(torch.nn.Module):
    """One weight that training moves; what it predicts is told by the test."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, clips):
        return torch.stack([self.weight.expand(len(clips)), -self.weight.expand(len(clips))], dim=1)


def tune(scores, *, before, smoothing=0, values=None):
    """Fine-tune a network whose F1 in each epoch is given; weights after epoch e are those after e steps."""
    labels, told = np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 1]), iter(scores)

    def predict(network):
        # 2 * hits / (10 + predicted): with n of 10 right and nothing else, 2n / (10 + n).
        hits = next(told)
        return np.where(np.arange(10) < hits, 0.9, 0.1) if np.isfinite(hits) else np.full(10, np.nan)

    network = Scripted()
    kept = fine_tune(
        network, lambda epoch: iter([(torch.zeros(2, 1), torch.tensor([0, 1 - (epoch < 9)]))]), predict, labels,
        values or HandValues(learning_rate=0.1), before=before, class_weights=None, max_epochs=len(scores),
        smoothing=smoothing, device=CPU,
    )
    return kept


def test_fine_tuning_keeps_the_head_alone_where_it_only_harms():
    kept = tune([2, 1, 3], before=0.9)
    assert (kept.epoch, kept.score, float(kept.weights["weight"])) == (0, 0.9, 0.0)


def test_fine_tuning_keeps_the_best_epochs_own_weights():
    kept = tune([2, 9, 3], before=0.1)
    assert kept.epoch == 2 and kept.score == pytest.approx(18 / 19)
    # Adam's first steps are the learning rate each.
    assert float(kept.weights["weight"]) == pytest.approx(0.2, abs=1e-3)


def test_the_learning_rate_shrinks_by_the_decay_after_every_epoch():
    kept = tune([1, 2, 9], before=0.1, values=HandValues(learning_rate=0.1, decay=0.5))
    assert float(kept.weights["weight"]) == pytest.approx(0.1 + 0.05 + 0.025, abs=1e-3)


def test_epoch_0_is_not_averaged_with_the_epochs_of_fine_tuning():
    scores = [2 * hits / (10 + hits) for hits in (2, 9, 3)]
    assert tune([2, 9, 3], before=0.0, smoothing=1).score == pytest.approx(max(
        np.mean(scores[:2]), np.mean(scores), np.mean(scores[1:])))
    assert tune([2, 9, 3], before=0.8, smoothing=1).epoch == 0


def test_fine_tuning_stops_where_predictions_are_no_numbers():
    kept = tune([9, np.nan, 10], before=0.1)
    assert kept.epoch == 1


def test_fine_tuning_moves_every_weight_and_leaves_the_given_clips_alone():
    settings = VideoTraining(weights="untrained", options={"widths": [2, 2, 4, 4]})
    network = start_network(settings, seed=0)
    rng = torch.Generator().manual_seed(1)
    clips, labels = torch.randn(6, 3, 5, 16, 16, generator=rng), torch.tensor([0, 1, 0, 1, 0, 1])
    copy, before = clips.clone(), {name: value.clone() for name, value in network.named_parameters()}
    kept = fine_tune(
        network, lambda epoch: iter([(clips, labels)]), lambda network: probability_of_yes(network, [clips]),
        labels.numpy(), HandValues(learning_rate=0.01), before=-1.0, class_weights=None, max_epochs=1, smoothing=0,
        device=CPU,
    )
    assert kept.epoch == 1 and torch.equal(clips, copy)
    assert [name for name, value in before.items() if torch.equal(kept.weights[name], value)] == []
    assert int(kept.weights["stem.1.num_batches_tracked"]) == 1


def test_probabilities_and_embeddings_do_not_depend_on_the_cut_into_batches():
    settings = VideoTraining(weights="untrained", options={"widths": [2, 2, 4, 4]})
    network = start_network(settings, seed=0).train()
    clips = torch.randn(5, 3, 5, 16, 16, generator=torch.Generator().manual_seed(1))
    for run in (probability_of_yes, embed):
        np.testing.assert_allclose(run(network, [clips]), run(network, [clips[:2], clips[2:]]), rtol=1e-4, atol=1e-6)
    assert not network.training
    expected = torch.softmax(network.fc(torch.from_numpy(embed(network, [clips]))), dim=1)[:, 1].detach()
    np.testing.assert_allclose(probability_of_yes(network, [clips]), expected, rtol=1e-4)


def test_an_array_is_worked_out_once(tmp_path):
    state, made = State(tmp_path), []

    def work_out():
        made.append(1)
        return np.arange(6, dtype=np.float32).reshape(2, 3)

    for _ in range(2):
        np.testing.assert_array_equal(recall_array(state, "key", work_out), [[0, 1, 2], [3, 4, 5]])
    assert len(made) == 1
