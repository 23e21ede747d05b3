"""What a study may say of a video network, what is drawn from it, and which epoch stands for a training."""

import copy

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.metrics import f1_score

from dyadflow.models.settings import ModelSettings
from dyadflow.models.video.scoring import BestEpoch, f1_of_yes
from dyadflow.models.video.search import ZERO, draw_candidates, pick_best
from dyadflow.models.video.settings import FineTuningPhase, HeadPhase, LogRange, VideoSettings


def test_draws_are_even_on_a_logarithmic_scale_and_one_in_five_is_zero_where_it_may_be():
    phase = HeadPhase(candidates=3000)
    drawn = draw_candidates(phase, name="head", seed=1)
    rates = np.log10([values.learning_rate for values in drawn])
    assert rates.min() >= -5 and rates.max() <= 0
    # 3000 draws: each fifth of the range holds 600 with a deviation of 22.
    assert np.abs(np.histogram(rates, 5, (-5, 0))[0] - 600).max() < 100
    for name, low, high in (("decay", 1e-3, 1e-1), ("l2", 1e-4, 10)):
        numbers = np.array([getattr(values, name) for values in drawn])
        assert abs((numbers == 0).mean() - ZERO) < 0.03
        assert numbers[numbers > 0].min() >= low and numbers.max() <= high
    assert abs(np.mean([values.class_weights == "balanced" for values in drawn]) - 0.5) < 0.04


def test_more_candidates_continue_the_list_and_the_phases_differ():
    few, many = (
        draw_candidates(FineTuningPhase(candidates=count), name="fine_tuning", seed=1) for count in (3, 8)
    )
    assert many[:3] == few and len(set(many)) == 8
    assert draw_candidates(FineTuningPhase(candidates=3), name="fine_tuning", seed=2) != few
    shares = [
        [values.l2 for values in draw_candidates(phase(candidates=8), name=name, seed=1)]
        for phase, name in ((HeadPhase, "head"), (FineTuningPhase, "fine_tuning"))
    ]
    assert shares[0] != shares[1]


def test_a_range_of_one_number_gives_that_number():
    phase = HeadPhase(candidates=5, learning_rate=LogRange(low=0.3, high=0.3))
    assert [values.learning_rate for values in draw_candidates(phase, name="head", seed=1)] == [0.3] * 5


def test_the_best_mean_wins_and_of_equals_the_first():
    assert pick_best([[0.5, 0.7], [0.9, 0.5], [0.4, 1.0]]) == 1


def test_f1_of_yes_is_scikit_learns_and_0_where_nobody_says_yes():
    rng = np.random.default_rng(0)
    for _ in range(20):
        truth, predicted = rng.integers(0, 2, (2, 30))
        assert f1_of_yes(truth, predicted) == pytest.approx(f1_score(truth, predicted))
    # 2 hits; 3 yes in truth, 4 predicted.
    assert f1_of_yes([1, 1, 1, 0, 0], [1, 1, 0, 1, 1]) == pytest.approx(4 / 7)
    assert f1_of_yes([0, 0], [0, 0]) == f1_of_yes([0, 0], [0, 1]) == f1_of_yes([1], [0]) == 0


@pytest.mark.parametrize("width", [0, 1, 2, 5])
def test_the_smoothed_value_belongs_to_the_middle_epoch_and_so_do_the_weights(width):
    rng = np.random.default_rng(width)
    for epochs in (1, 2, 3, 7, 12):
        scores = np.round(rng.random(epochs), 1)
        best, network = BestEpoch(width, first=1), torch.zeros(1)
        for epoch, score in enumerate(scores, start=1):
            # The same tensor every time: the network trains on under the kept weights.
            network.fill_(epoch)
            best.add(float(score), {"weight": network})
        smoothed = [scores[max(0, at - width):at + width + 1].mean() for at in range(epochs)]
        kept = best.finish()
        assert kept.epoch == 1 + int(np.argmax(smoothed)) == int(kept.weights["weight"])
        assert kept.score == pytest.approx(max(smoothed))


def test_an_outlier_does_not_win_over_a_plateau():
    best = BestEpoch(1, first=1)
    for epoch, score in enumerate([0.2, 0.9, 0.2, 0.6, 0.7, 0.6], start=1):
        best.add(score, {"weight": torch.tensor(epoch)})
    # Smoothed: 0.55, 0.43, 0.57, 0.5, 0.63, 0.65; the last one has one neighbour only.
    assert best.finish().epoch == 6


def test_no_epoch_is_no_weights():
    kept = BestEpoch(2, first=1).finish()
    assert (kept.weights, kept.score, kept.epoch) == (None, 0.0, 0)


STUDY = {
    "views": ["scene"], "network": "mc3_18", "weights": "untrained", "options": {"widths": [2, 2, 4, 4]},
    "head": {"candidates": 3}, "by_hand": {"drum-task_engagement": {"fine_tuning": {"learning_rate": 1e-5}}},
}


def test_what_a_study_leaves_out_has_the_papers_values():
    model = ModelSettings(video={"mc3": STUDY}).video["mc3"]
    assert model.head.candidates == 3 and model.head.max_epochs == HeadPhase().max_epochs
    assert (model.head.learning_rate.low, model.head.learning_rate.high) == (1e-5, 1)
    assert (model.fine_tuning.learning_rate.low, model.fine_tuning.learning_rate.high) == (1e-8, 1e-2)
    assert (model.frames, model.strata, model.passes, model.augmentation.crop_px) == (15, 10, 100, 112)
    assert model.augmentation.test_crop_px == 160 and model.augmentation.blur_sigma == 5
    assert model.by_hand["drum-task_engagement"].head is None
    assert VideoSettings(views=["scene"]).weights == "kinetics400"
    # Plain values, as they travel to a job and back.
    assert VideoSettings.model_validate(model.model_dump()) == model


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"network": "c3d"}, "no video network is called 'c3d'"),
        ({"options": {"width": [2, 2, 4, 4]}}, "did you mean 'widths'"),
        ({"options": {"widths": [2, 2, 4]}}, "option 'widths.3' of mc3_18"),
        ({"weights": "imagenet"}, "'imagenet' is neither untrained nor kinetics400"),
        ({"head": {"learning_rate": {"low": 1, "high": 0.1}}}, r"low \(1\) is above high"),
        ({"augmentation": {"scale": [1.5, 0.6]}}, "scale: 1.5 to 0.6 is not a range"),
        ({"by_hand": {"drum": {"head": {"learning_rate": 0}}}}, "learning_rate"),
        ({"views": []}, "views"),
        ({"device": "tpu"}, "device"),
    ],
)
def test_mistakes_are_told(change, said):
    with pytest.raises(ValidationError, match=said):
        VideoSettings.model_validate(copy.deepcopy(STUDY) | change)
