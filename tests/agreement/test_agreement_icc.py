"""Intraclass correlations: the published worked example, an analysis of variance by statsmodels, and the edges."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dyadflow.agreement.icc import icc

#: Shrout & Fleiss (1979), table 2: six targets, four judges.
WORKED = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
FORMS = ("icc1", "icc_a1", "icc_c1", "icc_k", "icc_ak", "icc_ck")


def test_the_worked_example_of_shrout_and_fleiss():
    found = icc(WORKED)
    assert [round(getattr(found, form).value, 2) for form in FORMS] == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    assert (found.subjects, found.raters) == (6, 4)


def test_limits_of_the_worked_example_from_its_mean_squares():
    # Mean squares 11.24 between targets, 6.26 within, 1.02 error, 32.49 judges; F quantiles at 97.5 % from a table:
    # F(5, 18) 3.382, F(18, 5) 6.362, F(5, 15) 3.576, F(15, 5) 6.428.
    found = icc(WORKED)
    low, high = 11.2417 / 6.2639 / 3.382, 11.2417 / 6.2639 * 6.362
    assert found.icc1[1:] == pytest.approx([(low - 1) / (low + 3), (high - 1) / (high + 3)], abs=2e-3)
    assert found.icc_k[1:] == pytest.approx([1 - 1 / low, 1 - 1 / high], abs=2e-3)
    low, high = 11.2417 / 1.0194 / 3.576, 11.2417 / 1.0194 * 6.428
    assert found.icc_c1[1:] == pytest.approx([(low - 1) / (low + 3), (high - 1) / (high + 3)], abs=2e-3)
    assert found.icc_ck[1:] == pytest.approx([1 - 1 / low, 1 - 1 / high], abs=2e-3)
    # ICC(A,1): .019 and .761, as R's psych prints them for this table.
    assert found.icc_a1[1:] == pytest.approx([0.019, 0.761], abs=1e-3)
    assert found.icc_ak[1:] == pytest.approx([0.071, 0.927], abs=1e-3)


TABLES = st.tuples(st.integers(3, 8), st.integers(2, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 60).map(lambda tenths: tenths / 10)))


@settings(max_examples=40, deadline=None)
@given(TABLES)
def test_values_follow_from_an_analysis_of_variance_by_statsmodels(table):
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    n, k = table.shape
    rows = pd.DataFrame({"value": table.ravel(), "subject": np.repeat(np.arange(n), k), "rater": np.tile(range(k), n)})
    with np.errstate(all="ignore"):
        means = anova_lm(ols("value ~ C(subject) + C(rater)", rows).fit())
    between, raters, error = (means.sum_sq / means.df)[["C(subject)", "C(rater)", "Residual"]]
    within = (means.sum_sq["C(rater)"] + means.sum_sq.Residual) / (n * (k - 1))
    if error < 1e-9:
        return
    found = icc(table)
    assert found.icc1.value == pytest.approx((between - within) / (between + (k - 1) * within), abs=1e-9)
    assert found.icc_c1.value == pytest.approx((between - error) / (between + (k - 1) * error), abs=1e-9)
    below = between + (k - 1) * error + k * (raters - error) / n
    if abs(below) > 1e-9:
        assert found.icc_a1.value == pytest.approx((between - error) / below, rel=1e-6, abs=1e-9)
    if between > 1e-9:
        assert found.icc_k.value == pytest.approx((between - within) / between, rel=1e-6, abs=1e-9)
        assert found.icc_ck.value == pytest.approx((between - error) / between, rel=1e-6, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(TABLES)
@example(np.array([[0.7, 2.9, 4.5], [1.7, 2.3, 4.1], [0.0, 3.2, 4.9]]))  # every subject has the mean 2.7
def test_limits_lie_round_the_value_and_the_order_of_subjects_and_raters_does_not_matter(table):
    found, turned = icc(table), icc(table[::-1, ::-1])
    for form in FORMS:
        assert getattr(found, form) == pytest.approx(getattr(turned, form), rel=1e-6, abs=1e-9, nan_ok=True)
    for form in ("icc1", "icc_c1"):
        value, low, high = getattr(found, form)
        assert np.isnan(value) or low - 1e-9 <= value <= high + 1e-9


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_limits_hold_the_true_value_as_often_as_they_say(level):
    # Subjects and raters with variance 1 and 0.25, error 0.75: ICC(A,1) 0.5, ICC(C,1) 1 / 1.75.
    rng, held = np.random.default_rng(12), {"icc_a1": 0, "icc_c1": 0}
    for _ in range(600):
        table = rng.normal(0, 1, (20, 1)) + rng.normal(0, 0.5, (1, 3)) + rng.normal(0, np.sqrt(0.75), (20, 3))
        found = icc(table, level=level)
        for form, truth in (("icc_a1", 0.5), ("icc_c1", 1 / 1.75)):
            held[form] += getattr(found, form).low <= truth <= getattr(found, form).high
    assert all(abs(count / 600 - level) < 0.045 for count in held.values()), held


def test_what_a_rater_always_adds_lowers_absolute_agreement_alone():
    table = np.array([[1.0, 1.5], [2.0, 2.2], [4.0, 3.9], [6.0, 6.4]])
    plain, shifted = icc(table), icc(table + np.array([0, 3]))
    assert shifted.icc_c1.value == pytest.approx(plain.icc_c1.value)
    assert shifted.icc_a1.value < plain.icc_a1.value and shifted.icc1.value < plain.icc1.value


def test_subjects_with_a_missing_value_are_left_out():
    with_gap = [*WORKED, [5, np.nan, 3, 4]]
    assert icc(with_gap) == icc(WORKED)


def test_where_nothing_can_be_said_nothing_is():
    for table in ([[1, 2]], [[1], [2]], [[3, 3], [3, 3]], np.empty((0, 2))):
        assert all(np.isnan(getattr(icc(table), form)).all() for form in FORMS)
    with pytest.raises(ValueError, match="subjects, raters"):
        icc([1, 2, 3])


def test_raters_without_any_error_agree_perfectly():
    found = icc([[1, 1], [2, 2], [5, 5]])
    assert all(getattr(found, form) == (1, 1, 1) for form in FORMS)
    # One who always says 1 more is consistent to the last, but does not agree.
    found = icc([[1, 2], [2, 3], [5, 6]])
    assert found.icc_c1 == (1, 1, 1) and 0 < found.icc_a1.value < 1
