"""Published numbers from human and from predicted codes."""

import numpy as np
import pytest

from dyadflow.evaluation.summaries import compare_summaries, measure
from dyadflow.tables import read_table

from .conftest import draw_runs


def compared(ward, tmp_path):
    compare_summaries(ward.request(), level=0.95, summaries=tmp_path / "summaries.tsv")
    return read_table(tmp_path / "summaries.tsv").set_index(["phase", "class", "measure"])


def test_measures_of_a_few_frames_by_hand():
    codes, known = np.array([0, 0, 1, 1, 1, 0, 2, 2]), np.array([1, 1, 1, 1, 1, 1, 0, 0], bool)
    found = measure(codes, known, 3, rate_hz=2.0)
    # Three seconds: two bouts of class 0 of 1 and 0.5 s, one of class 1 of 1.5 s.
    np.testing.assert_allclose(found[0], [0.5, 40, 0.75])
    np.testing.assert_allclose(found[1], [0.5, 20, 1.5])
    assert found[2, 0] == found[2, 1] == 0 and np.isnan(found[2, 2])


def test_a_perfect_model_agrees_fully_and_is_not_biased(ward, tmp_path):
    rng, said = np.random.default_rng(0), {}
    for number in range(8):
        codes = draw_runs(rng, 300, 3, weights=rng.dirichlet(np.ones(3)) + 0.05)
        ward.add(f"s{number}", codes)
        said[f"s{number}"] = codes
    ward.cell(said)
    found = compared(ward, tmp_path)
    own = found.loc["all"]
    np.testing.assert_allclose(own.icc, 1)
    np.testing.assert_allclose(own.bias, 0, atol=1e-12)
    assert set(found.index.get_level_values("phase")) == {"all", "play"}


def test_a_planted_bias_is_found_with_its_size_and_sign(ward, tmp_path):
    rng, said = np.random.default_rng(1), {}
    for number in range(14):
        codes = draw_runs(rng, 600, 3)
        ward.add(f"s{number}", codes)
        # A fifth of what is neu is called neg, in whole stretches of the session.
        stretch = np.arange(600) // 30 % 5 == 0
        said[f"s{number}"] = np.where(stretch & (codes == 1), 0, codes)
    ward.cell(said)
    own = compared(ward, tmp_path).loc["all"]
    share = own.loc[("neu", "proportion")]
    assert share.bias == pytest.approx(-0.2 * share.coded_mean, rel=0.2)
    assert share.bias_high < 0 < own.loc[("neg", "proportion")].bias_low
    assert own.loc[("pos", "proportion")].bias == 0
    assert share.predicted_mean == pytest.approx(share.coded_mean + share.bias, abs=1e-5)
    assert share.dyads == 14


def test_bias_and_icc_are_those_of_scipy_and_of_an_analysis_of_variance(ward, tmp_path):
    from scipy.stats import ttest_1samp

    rng, said, shares = np.random.default_rng(7), {}, []
    for number in range(9):
        codes, model = draw_runs(rng, 200, 3), draw_runs(rng, 200, 3)
        model = np.where(rng.random(200) < 0.5, codes, model)
        ward.add(f"s{number}", codes)
        said[f"s{number}"] = model
        shares.append([(codes == 2).mean(), (model == 2).mean()])
    ward.cell(said)
    row = compared(ward, tmp_path).loc[("all", "pos", "proportion")]
    table = np.array(shares)
    apart = table[:, 1] - table[:, 0]
    interval = ttest_1samp(apart, 0).confidence_interval(0.95)
    assert (row.bias, row.bias_low, row.bias_high) == pytest.approx((apart.mean(), *interval), abs=1e-5)
    # Shrout & Fleiss (1979), ICC(2,1), from sums of squares.
    n, grand = len(table), table.mean()
    dyads = 2 * ((table.mean(1) - grand) ** 2).sum() / (n - 1)
    coders = n * ((table.mean(0) - grand) ** 2).sum()
    rest = ((table - table.mean(1)[:, None] - table.mean(0) + grand) ** 2).sum() / (n - 1)
    assert row.icc == pytest.approx((dyads - rest) / (dyads + rest + 2 / n * (coders - rest)), abs=1e-5)
    assert row.icc_low < row.icc < row.icc_high


def test_predicted_codes_are_smoothed_as_the_model_smooths_and_phases_are_summed_up_apart(ward, tmp_path):
    # 10 Hz; neg with a flicker of pos of 0.3 s in each phase. In the second phase the coder is silent for its length.
    said = np.zeros(60, int)
    said[10:13] = said[40:43] = 2
    codes = np.zeros(60, int)
    codes[40:43] = -1
    for name in "ab":
        ward.add(name, codes, phase=np.repeat([0, 1], 30))
    ward.cell({name: said for name in "ab"}, model="raw")
    ward.cell({name: said for name in "ab"}, model="smooth", minimum_bout_frames=5)
    compare_summaries(ward.request(), level=0.95, summaries=tmp_path / "summaries.tsv")
    found = read_table(tmp_path / "summaries.tsv").set_index(["model", "phase", "class", "measure"])
    rates = found.predicted_mean.xs("rate_per_min", level="measure")
    # Play: 3 s, of which neg before and after the flicker. Still-face: 2.7 s coded, in two stretches.
    assert rates["raw", "play", "neg"] == pytest.approx(2 * 60 / 3) and rates["smooth", "play", "neg"] == 20
    for model in ("raw", "smooth"):
        assert rates[model, "still-face", "neg"] == pytest.approx(120 / 2.7, abs=1e-4)
    assert ("raw", "still-face", "pos", "proportion") not in found.index
    assert found.predicted_mean["raw", "play", "pos", "proportion"] == pytest.approx(0.1)
    # Nobody coded pos: there is no bout whose length could be compared.
    row = found.loc[("raw", "play", "pos", "mean_bout_s")]
    assert row.dyads == row.sessions == 0 and np.isnan(row.bias)


def test_sessions_of_a_dyad_are_one_value_and_only_coded_frames_count(ward, tmp_path):
    for name, dyad, zeros in (("a1", "a", 2), ("a2", "a", 6), ("b", "b", 8)):
        codes = np.r_[np.zeros(zeros, int), np.ones(10 - zeros, int), np.full(5, -1)]
        ward.add(name, codes, dyad=dyad)
        ward.said = getattr(ward, "said", {}) | {name: np.zeros(15, int)}
    ward.cell(ward.said)
    row = compared(ward, tmp_path).loc[("all", "neg", "proportion")]
    assert (row.sessions, row.dyads) == (3, 2)
    assert row.coded_mean == pytest.approx((0.4 + 0.8) / 2) and row.predicted_mean == 1
