"""Leaking claims, groups that fare worse, and folds dealt again."""

from itertools import combinations

import numpy as np
import pytest

from dyadflow.evaluation.group_gaps import permutation_p, welch_interval
from dyadflow.evaluation.protocols import compare_protocols
from dyadflow.evaluation.repeated import corrected_resampled_t
from dyadflow.tables import read_table

from .conftest import draw_runs


def compared(ward, tmp_path, *, sessions=(), repeats=None, **settings):
    names = ("claims", "group_gaps", "repeated")
    compare_protocols(
        ward.request(), sessions=list(sessions), repeats=repeats or {}, settings=settings, seed=3,
        **{name: tmp_path / f"{name}.tsv" for name in names})
    return [read_table(tmp_path / f"{name}.tsv") for name in names]


def right_in(rng, codes, share):
    """Predictions that are right in about a share of the frames."""
    return np.where(rng.random(len(codes)) < share, codes, (codes + rng.integers(1, 3, len(codes))) % 3)


def test_the_gap_is_what_the_leaking_split_claims_beyond_the_honest_one(ward, tmp_path):
    rng, honest, leaking = np.random.default_rng(0), {}, {}
    for number in range(10):
        codes = draw_runs(rng, 300, 3)
        ward.add(f"s{number}", codes, fold=number % 5)
        honest[f"s{number}"], leaking[f"s{number}"] = right_in(rng, codes, 0.5), right_in(rng, codes, 0.9)
    ward.cell(honest)
    ward.cell(honest, model="other")
    ward.cell(leaking, protocol="frame_split", by_frame=True)
    claims, *_ = compared(ward, tmp_path)
    assert set(claims.model) == {"m"} and set(claims.protocol) == {"corrected"}
    row = claims.set_index("metric").loc["accuracy"]
    assert row.claimed_protocol == "frame_split" and row.gap == pytest.approx(row.claimed - row.value, abs=1e-5)
    assert row.low < 0.4 < row.high and row.value == pytest.approx(0.5, abs=0.03) and row.dyads == 10


def test_the_interval_of_the_gap_is_the_jackknife_of_the_pooled_gap(ward, tmp_path):
    from dyadflow.agreement.intervals import interval_from_left_out

    rng, coded, honest, leaking = np.random.default_rng(6), {}, {}, {}
    for number in range(5):
        name = f"s{number}"
        coded[name] = draw_runs(rng, 60 + 20 * number, 3)
        ward.add(name, coded[name], fold=number % 2)
        honest[name], leaking[name] = (right_in(rng, coded[name], share) for share in (rng.uniform(0.3, 0.7), 0.9))
    ward.cell(honest)
    ward.cell(leaking, protocol="frame_split", by_frame=True)
    claims, *_ = compared(ward, tmp_path, level=0.9)

    def gap(names):
        right = [np.concatenate([said[name] == coded[name] for name in names]).mean() for said in (leaking, honest)]
        return right[0] - right[1]

    left_out = np.array([gap([name for name in coded if name != gone]) for gone in coded])
    expected = interval_from_left_out(gap(list(coded)), left_out, bounds=(-1, 1), level=0.9)
    row = claims.set_index("metric").loc["accuracy"]
    assert (row.low, row.high) == pytest.approx(expected, abs=1e-5)


def test_a_claim_is_held_against_the_same_sessions(ward, tmp_path):
    rng, coded, said = np.random.default_rng(4), {}, {}
    for number in range(6):
        coded[f"s{number}"] = draw_runs(rng, 90, 3)
        ward.add(f"s{number}", coded[f"s{number}"], fold=number % 3)
        said[f"s{number}"] = right_in(rng, coded[f"s{number}"], 0.3 + 0.1 * number)
    ward.cell(said, protocol="published")
    ward.tested["published"] = "last"
    ward.cell(said, protocol="frame_split", by_frame=True)
    claims, *_ = compared(ward, tmp_path)
    row = claims.set_index("metric").loc["accuracy"]
    right = np.mean([(said[name] == coded[name]).mean() for name in ("s2", "s5")])
    assert (row.value, row.claimed, row.gap, row.dyads) == (pytest.approx(right, abs=1e-5), row.value, 0, 2)


def test_without_a_protocol_split_by_frame_nothing_is_claimed(ward, tmp_path):
    for number in range(4):
        ward.add(f"s{number}", np.arange(30) % 3, fold=number % 2)
    for protocol in ("one", "two"):
        ward.cell({f"s{number}": np.arange(30) % 3 for number in range(4)}, protocol=protocol)
    claims, *_ = compared(ward, tmp_path)
    assert claims.empty and list(claims.columns) == [
        "protocol", "target", "stream", "model", "claimed_protocol", "metric", "value", "claimed", "gap", "low", "high",
        "dyads"]


def test_a_model_that_errs_with_the_diagnosis_is_found(ward, tmp_path):
    rng, said, sessions = np.random.default_rng(1), {}, []
    for number in range(12):
        codes, ill = draw_runs(rng, 300, 3), number % 2
        ward.add(f"s{number}", codes)
        said[f"s{number}"] = right_in(rng, codes, 0.5 if ill else 0.8)
        sessions.append({"session": f"s{number}", "group": "ill" if ill else "well", "sex": "fm"[number // 2 % 2]})
    ward.cell(said)
    _, gaps, _ = compared(ward, tmp_path, sessions=sessions, covariates=["group", "sex"])
    accuracy = gaps[gaps.metric == "accuracy"].set_index("covariate")
    row = accuracy.loc["group"]
    assert (row.level_a, row.level_b, row.dyads_a, row.dyads_b) == ("ill", "well", 6, 6)
    assert row.low < -0.3 < row.high < 0
    # Of 924 ways of dealing twelve dyads to two groups only the true one and its mirror are as far apart.
    assert row.p == pytest.approx(2 / 924, abs=1e-6) and row.p_holm < 0.05
    assert accuracy.loc["sex"].p_holm > 0.2
    assert len(gaps) == 2 * 3


def test_dyads_without_a_level_or_with_several_are_in_no_group(ward, tmp_path):
    rng, said, sessions = np.random.default_rng(3), {}, []
    for number in range(8):
        codes = draw_runs(rng, 100, 3)
        # The last two sessions are of one dyad, which is ill in the first and well in the second.
        ward.add(f"s{number}", codes, dyad=f"d{min(number, 6)}", fold=number % 2 if number < 6 else 0)
        said[f"s{number}"] = right_in(rng, codes, 0.6)
        level = "" if number in (0, 1) else "ill" if number % 2 == 0 else "well"
        sessions.append({"session": f"s{number}", "group": level})
    ward.cell(said)
    _, gaps, _ = compared(ward, tmp_path, sessions=sessions, covariates=["group"])
    assert set(zip(gaps.level_a, gaps.level_b, gaps.dyads_a, gaps.dyads_b, strict=True)) == {("ill", "well", 2, 2)}
    assert list(gaps.metric) == ["accuracy", "f1_macro", "kappa"]
    # Of six ways of dealing four dyads, p can be no less than 2 of 6.
    assert gaps.p.min() >= 1 / 3 - 1e-6


def test_permutations_are_all_tried_while_they_are_few():
    one, other = np.array([1.0, 2.0, 4.0]), np.array([3.0, 7.0])
    values, observed = np.r_[one, other], abs(one.mean() - other.mean())
    counted = [
        abs(values[list(own)].mean() - np.delete(values, own).mean()) >= observed - 1e-12
        for own in combinations(range(5), 3)]
    assert permutation_p(one, other, seed=0) == np.mean(counted)
    rng = np.random.default_rng(0)
    assert permutation_p(rng.normal(size=30), rng.normal(size=30) + 5, seed=0) == 1 / 20_001


def test_welch_s_interval_is_scipy_s():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(2)
    one, other = rng.normal(1, 1, 7), rng.normal(0, 3, 5)
    expected = ttest_ind(one, other, equal_var=False).confidence_interval(0.9)
    assert welch_interval(one, other, 0.9) == pytest.approx((expected.low, expected.high))
    assert np.isnan(welch_interval(np.ones(3), np.ones(3), 0.9)).all()


def test_nadeau_and_bengio_by_hand():
    # Four differences of mean 0.1, variance 0.02/3; one dyad tested for four trained on: variance of the mean
    # (1/4 + 1/4) x 0.0066667 = 0.0033333, t = 0.1 / 0.0577350 = 1.7320508, three degrees of freedom.
    mean, low, high, p = corrected_resampled_t([0.0, 0.1, 0.1, 0.2], [0.25] * 4)
    assert mean == pytest.approx(0.1)
    # t(3) at 97.5 % is 3.1824463; p of t = 1.7320508 is 0.1816901.
    assert (low, high) == pytest.approx((0.1 - 3.1824463 * 0.0577350, 0.1 + 3.1824463 * 0.0577350), abs=1e-6)
    assert p == pytest.approx(0.1816901, abs=1e-6)
    assert np.isnan(corrected_resampled_t([0.1, 0.1], [0.5, 0.5])[3])


def test_repeated_folds_are_compared_together_and_a_single_deal_never_is(ward, tmp_path):
    rng, said = np.random.default_rng(5), {"one": {}, "two": {}}
    coded = {}
    for number in range(6):
        codes = coded[f"s{number}"] = draw_runs(rng, 200, 3)
        ward.add(f"s{number}", codes, fold=number % 3)
        for name in said:
            said[name][f"s{number}"] = right_in(rng, codes, 0.8)
    for name, own in said.items():
        ward.cell(own, protocol=name)
    named = [{"target": "infant", "stream": "s", "network": "m"}]
    *_, repeated = compared(ward, tmp_path, comparisons=named, repeats={"one": "one", "two": "one"})
    [row] = repeated.itertuples()
    assert (row.protocol_group, row.against_stream, row.folds, row.deals) == ("one", "none", 6, 2)
    assert row.low < row.difference < row.high and row.difference > 0.2
    # The same numbers from each fold's pooled accuracy: two dyads tested for four trained on.
    apart = []
    for own in said.values():
        for fold in range(3):
            names = [f"s{number}" for number in range(6) if number % 3 == fold]
            truth, model = (np.concatenate([each[name] for name in names]) for each in (coded, own))
            rest = np.concatenate([codes for name, codes in coded.items() if name not in names])
            apart.append((truth == model).mean() - (truth == np.bincount(rest, minlength=3).argmax()).mean())
    error = np.sqrt((1 / 6 + 2 / 4) * np.var(apart, ddof=1))
    # t(5) at 97.5 % is 2.5705818.
    expected = np.mean(apart) + np.array([0, -1, 1]) * 2.5705818 * error
    assert (row.difference, row.low, row.high) == pytest.approx(expected, abs=1e-5)
    *_, single = compared(ward, tmp_path, comparisons=named, repeats={"one": "one", "two": "two"})
    assert single.empty


def test_a_deal_in_which_a_cell_was_not_trained_is_left_out_of_the_repetition(ward, tmp_path):
    import h5py

    rng, said = np.random.default_rng(5), {}
    for number in range(4):
        codes = draw_runs(rng, 200, 3)
        ward.add(f"s{number}", codes, fold=number % 2)
        said[f"s{number}"] = right_in(rng, codes, 0.8)
    for protocol in ("one", "two", "three"):
        ward.cell(said, protocol=protocol)
        ward.cell({name: right_in(rng, own, 0.5) for name, own in said.items()}, protocol=protocol, model="weak")
    failed = next(cell for cell in ward.cells if (cell["protocol"], cell["model"]) == ("one", "weak"))
    with h5py.File(failed["probabilities"], "w") as file:
        file.attrs["failed"] = "it diverged"
    named = [{"target": "infant", "stream": "s", "network": "m", "against": ["s", "weak"]}]
    *_, repeated = compared(
        ward, tmp_path, comparisons=named, repeats={"one": "one", "two": "one", "three": "one"})
    [row] = repeated.itertuples()
    assert (row.against_model, row.folds, row.deals) == ("weak", 4, 2)


def test_where_only_the_last_fold_is_tested_the_others_still_count_as_trained_on(ward, tmp_path):
    rng, coded, right = np.random.default_rng(9), {}, []
    for number in range(8):
        coded[f"s{number}"] = draw_runs(rng, 200, 3)
        ward.add(f"s{number}", coded[f"s{number}"], fold=number % 4)
    for protocol in ("one", "two", "three"):
        said = {name: right_in(rng, own, 0.7) for name, own in coded.items()}
        ward.cell(said, protocol=protocol)
        ward.tested[protocol] = "last"
        right.append(np.mean([(said[name] == coded[name]).mean() for name in ("s3", "s7")]))
    named = [{"target": "infant", "stream": "s", "network": "m"}]
    *_, repeated = compared(
        ward, tmp_path, comparisons=named, repeats={"one": "one", "two": "one", "three": "one"})
    [row] = repeated.itertuples()
    assert (row.folds, row.deals) == (3, 3)
    # Two dyads tested for six trained on; the baseline is the same in every deal. t(2) at 97.5 % is 4.3026527.
    reach = 4.3026527 * np.sqrt((1 / 3 + 2 / 6) * np.var(right, ddof=1))
    assert (row.difference - row.low, row.high - row.difference) == pytest.approx((reach, reach), abs=1e-5)
