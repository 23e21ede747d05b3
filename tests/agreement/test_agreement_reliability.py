"""All coders together: which frames are units, of how many coders, and the numbers of the libraries."""

import numpy as np
import pytest

from dyadflow.agreement.intervals import jackknife_interval
from dyadflow.agreement.many import fleiss_kappa
from dyadflow.agreement.reliability import RELIABILITY_COLUMNS, reliability_table
from dyadflow.annotations.labels import EXCLUDED, UNCODED, UNSCORABLE

HUMANS = {("s1", coder): "human" for coder in "ABC"}


@pytest.fixture(scope="module")
def simulated(make_labels):
    """Seven sessions of six dyads, three coders each, of whom one has coded half of every session."""
    rng = np.random.default_rng(7)
    labels, dyads, kinds = {}, {}, {}
    for number in range(7):
        truth = np.repeat(rng.integers(0, 3, 20), 5)
        coders = {name: np.where(rng.random(100) < 0.7, truth, rng.integers(0, 3, 100)) for name in "ABC"}
        coders["C"][50:] = UNCODED
        labels[f"s{number}"] = make_labels(coders, phase=np.repeat([0, 1], [30, 70]))
        dyads[f"s{number}"] = f"d{min(number, 5)}"
        kinds |= {(f"s{number}", name): "human" for name in "ABC"}
    return labels, dyads, kinds


def ratings_of(labels, phase=None):
    """Coders in rows, all sessions' frames in columns."""
    return np.concatenate([
        np.stack(list(found.codes["infant"].values()))[:, slice(None) if phase is None else found.phase == phase]
        for found in labels.values()
    ], axis=1)


def test_every_alpha_is_that_of_krippendorff_over_all_frames_and_in_each_phase(simulated, only):
    import krippendorff

    table = reliability_table(*simulated, ["infant"])
    assert tuple(table.columns) == RELIABILITY_COLUMNS
    for phase, place in (("all", None), ("play", 0), ("reunion", 1)):
        ratings = ratings_of(simulated[0], place)
        data = np.where(ratings < 0, np.nan, ratings.astype(float))
        for metric in ("nominal", "ordinal", "interval"):
            row = only(table, phase=phase, code="all", measure=f"alpha_{metric}")
            theirs = krippendorff.alpha(reliability_data=data, level_of_measurement=metric)
            assert row.value == pytest.approx(theirs), (phase, metric)
            assert (row.coders, row.units, row.sessions, row.dyads) == (3, ratings.shape[1], 7, 6)
            assert row.low < row.value < row.high
        merged = np.where(np.isnan(data), np.nan, (data == 2).astype(float))
        row = only(table, phase=phase, code="high", measure="alpha_nominal")
        assert row.value == pytest.approx(krippendorff.alpha(reliability_data=merged, level_of_measurement="nominal"))
    assert set(table[table.code != "all"].measure) == {"fleiss_kappa", "alpha_nominal"}


def test_fleiss_kappa_is_that_of_statsmodels_on_the_frames_of_the_most_frequent_number_of_coders(simulated, only):
    from statsmodels.stats.inter_rater import aggregate_raters
    from statsmodels.stats.inter_rater import fleiss_kappa as by_statsmodels

    # 50 frames a session were coded by three, 50 by two: of equals the larger.
    labels = simulated[0]
    table = reliability_table(*simulated)
    ratings = ratings_of(labels)
    ratings = ratings[:, (ratings >= 0).all(0)]
    row = only(table, phase="all", code="all", measure="fleiss_kappa")
    assert (row.coders, row.units) == (3, 350)
    assert row.value == pytest.approx(by_statsmodels(aggregate_raters(ratings.T, n_cat=3)[0]))
    row = only(table, phase="all", code="low", measure="fleiss_kappa")
    assert row.value == pytest.approx(by_statsmodels(aggregate_raters((ratings.T == 0).astype(int), n_cat=2)[0]))
    # In the reunion 20 frames a session have three coders, and no less count there, though 50 have two.
    assert only(table, phase="reunion", code="all", measure="fleiss_kappa").units == 140
    assert "alpha_ordinal" not in set(table.measure)


def test_the_interval_leaves_out_one_dyad_at_a_time(simulated, only):
    labels, dyads, _ = simulated
    by_dyad = {}
    for session, found in labels.items():
        ratings = ratings_of({session: found})
        given = np.stack([(ratings[:, (ratings >= 0).all(0)] == place).sum(0) for place in range(3)])
        by_dyad[dyads[session]] = by_dyad.get(dyads[session], 0) + given @ given.T
    expected = jackknife_interval(
        np.stack(list(by_dyad.values())), lambda table: fleiss_kappa(table, 3), bounds=(-1, 1), level=0.9)
    row = only(reliability_table(*simulated, level=0.9), phase="all", code="all", measure="fleiss_kappa")
    assert (row.low, row.high) == pytest.approx(expected)


def test_frames_that_two_gave_a_class_are_units_whatever_the_third_did(make_labels, only):
    labels = {"s1": make_labels({
        "A": [0, 1, 2, UNCODED, EXCLUDED, 1, 0], "B": [0, 1, UNSCORABLE, UNCODED, 1, 2, 0],
        "C": [UNCODED, 1, 2, 0, UNSCORABLE, UNCODED, UNCODED]})}
    table = reliability_table(labels, {"s1": "d1"}, HUMANS)
    assert only(table, phase="all", code="all", measure="alpha_nominal").units == 5
    # Four frames have two coders, one has three.
    row = only(table, phase="all", code="all", measure="fleiss_kappa")
    assert (row.coders, row.units, row.sessions, row.dyads) == (2, 4, 1, 1)
    assert np.isnan(row.low)


def test_only_people_count_and_a_target_that_no_two_of_them_shared_has_no_row(make_labels):
    labels = {"s1": make_labels({"A": [0, 1, 2], "B": [0, 1, 2], "C": [0, 1, 1]})}
    kinds = HUMANS | {("s1", "B"): "assisted", ("s1", "C"): "model"}
    assert reliability_table(labels, {"s1": "d1"}, kinds).empty
    apart = {"s1": make_labels({"A": [0, 1, 2], "B": [UNCODED] * 3}),
             "s2": make_labels({"A": [UNCODED] * 3, "B": [0, 1, 2]})}
    kinds = {(session, coder): "human" for session in apart for coder in "AB"}
    assert tuple(reliability_table(apart, {"s1": "d1", "s2": "d2"}, kinds).columns) == RELIABILITY_COLUMNS
    assert reliability_table(apart, {"s1": "d1", "s2": "d2"}, kinds).empty


def test_the_order_of_coders_does_not_matter(make_labels):
    codes = {"A": [0, 1, 2, 2], "B": [0, 1, 1, 2], "C": [0, 0, 2, 2]}
    tables = [reliability_table({"s1": make_labels(dict(order))}, {"s1": "d1"}, HUMANS, ["infant"])
              for order in (codes.items(), reversed(codes.items()))]
    assert tables[0].equals(tables[1])
