"""Sign flips, Holm's correction and the settings that name comparisons."""

from itertools import product

import numpy as np
import pytest
from pydantic import ValidationError

from dyadflow.evaluation.settings import EvaluationSettings
from dyadflow.evaluation.signflip import correct_by_holm, sign_flip_p


def test_five_dyads_that_all_gain_have_the_least_p_that_five_dyads_can_have():
    assert sign_flip_p([0.1, 0.2, 0.05, 0.3, 0.1]) == 2 / 32


def test_exact_flips_are_those_of_a_plain_enumeration():
    values = np.random.default_rng(3).normal(0.3, 1, 9)
    sums = [abs(np.dot(signs, values)) for signs in product((1, -1), repeat=9)]
    expected = np.mean([each >= abs(values.sum()) - 1e-12 for each in sums])
    assert sign_flip_p(values) == pytest.approx(expected, abs=1e-15)


def test_the_exact_test_is_that_of_scipy():
    from scipy.stats import permutation_test

    values = np.random.default_rng(4).normal(0.4, 1, 12)
    expected = permutation_test((values,), lambda x, axis: x.mean(axis), permutation_type="samples",
                                n_resamples=np.inf, vectorized=True).pvalue
    assert sign_flip_p(values) == pytest.approx(expected)


def test_random_flips_come_close_to_the_exact_p_and_repeat_with_their_seed():
    # 17 dyads, one of which does not differ: its sign changes nothing, so the exact p is that of 16.
    values = np.random.default_rng(5).normal(0.35, 1, 16)
    random = sign_flip_p([*values, 0.0], seed=1)
    assert random == pytest.approx(sign_flip_p(values), abs=0.012)
    assert random == sign_flip_p([*values, 0.0], seed=1)
    assert random != sign_flip_p([*values, 0.0], seed=2)


def test_p_from_random_flips_is_never_zero():
    assert sign_flip_p(np.ones(60)) == 1 / 20001


def test_dyads_that_do_not_differ_give_p_one_and_no_dyads_give_none():
    assert sign_flip_p(np.zeros(6)) == 1
    assert np.isnan(sign_flip_p([]))


def test_under_the_null_the_test_rejects_as_often_as_it_says():
    rng = np.random.default_rng(6)
    rejected = np.mean([sign_flip_p(rng.standard_t(3, 8)) <= 0.05 for _ in range(1500)])
    assert 0.025 < rejected < 0.065


def test_holm_worked_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.04: times 4, 3, 2, 1, never falling.
    assert correct_by_holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_rejects_what_the_step_down_procedure_rejects_and_leaves_out_what_was_not_compared():
    p = np.random.default_rng(7).random(9) ** 3
    found = correct_by_holm([*p[:4], float("nan"), *p[4:]])
    assert np.isnan(found[4])
    for alpha in (0.01, 0.05, 0.2, 0.5):
        # Holm's own procedure: go up from the least p, stop at the first above alpha / (number left).
        rejected = set()
        for rank, index in enumerate(np.argsort(p)):
            if p[index] > alpha / (9 - rank):
                break
            rejected.add(int(index))
        corrected = [*found[:4], *found[5:]]
        assert {index for index, value in enumerate(corrected) if value <= alpha} == rejected


def test_a_comparison_is_against_the_better_baseline_unless_it_names_a_cell():
    settings = EvaluationSettings.model_validate({"comparisons": [
        {"target": "infant", "stream": "multimodal", "network": "bilstm"},
        {"target": "infant", "stream": "multimodal", "network": "bilstm", "against": ["audio", "linear"]},
    ]})
    assert [each.against for each in settings.comparisons] == ["better_baseline", ["audio", "linear"]]
    assert settings.level == 0.95


@pytest.mark.parametrize("wrong", [{"against": "best_cell"}, {"against": ["audio"]}, {"metric": "acuracy"}])
def test_a_comparison_that_cannot_be_meant_is_refused(wrong):
    comparison = {"target": "infant", "stream": "multimodal", "network": "bilstm"} | wrong
    with pytest.raises(ValidationError):
        EvaluationSettings.model_validate({"comparisons": [comparison]})
