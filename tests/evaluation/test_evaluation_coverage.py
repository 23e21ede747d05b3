"""Intervals cover what they say, in every table that has them, as `bench/interval_coverage.py` simulates it."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).parents[2] / "bench" / "interval_coverage.py"
UNWEIGHTED = {"precision_macro", "recall_macro", "f1_macro"}
#: 95 % nominal, 90 % promised; of 300 intervals the share itself is uncertain by 2 points.
LEAST = 0.88


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("interval_coverage", BENCH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def populations(coverage):
    return {kind: coverage.simulate_population(kind, dyads=1500, frames=900, seed=11) for kind in coverage.POPULATIONS}


@pytest.mark.parametrize("dyads", [12, 30, 92])
def test_with_ordinary_classes_every_metric_has_an_interval_that_covers_and_is_not_absurdly_wide(
    coverage, populations, dyads
):
    found = coverage.measure_coverage(populations["ordinary"], dyads=dyads, studies=300, seed=12)
    assert set(found) >= {"accuracy", "f1_macro", "kappa", "mcc", "rarest class f1", "rarest class average_precision",
                          "rarest class roc_auc", "ece", "brier", "nll", "bouts edit", "bouts f1_25", "bin 10 of 15"}
    low = {name: share for name, (share, _, _) in found.items() if share < LEAST}
    assert not low
    assert all(given > 0.9 for _, _, given in found.values())
    confusion = populations["ordinary"].confusion
    of_dyads = np.trace(confusion, axis1=1, axis2=2) / confusion.sum((1, 2))
    # Were every dyad as long, a normal interval of their mean would have this width.
    assert found["accuracy"][1] < 1.4 * 2 * 1.96 * of_dyads.std() / np.sqrt(dyads)


@pytest.mark.parametrize("dyads", [12, 30, 92])
def test_with_a_rare_class_intervals_cover_where_they_are_given_and_are_withheld_where_they_would_not(
    coverage, populations, dyads
):
    found = coverage.measure_coverage(populations["rare"], dyads=dyads, studies=300, seed=14)
    of_class = {name for name in found if name.startswith("rarest class")}
    assert len(of_class) == 5
    # Those of which a study may have no interval are uncertain by more.
    low = {name: share for name, (share, _, given) in found.items() if share < LEAST - (0.02 if given < 0.9 else 0)}
    assert not low
    withheld = {name for name, (_, _, given) in found.items() if given < 0.9}
    assert withheld == (UNWEIGHTED | of_class if dyads == 12 else set())


def test_a_class_that_two_dyads_show_has_values_without_intervals_and_so_have_unweighted_means(coverage, populations):
    population = populations["seldom"]
    shows = population.histogram[:, 1].any(1)
    for showing, given in ((2, False), (3, True)):
        others = np.flatnonzero(~shows)[:9]
        rows = coverage.score_study(population.of(np.r_[others, np.flatnonzero(shows)[:showing]]), 0.95)
        for name in (*UNWEIGHTED, "rarest class f1", "rarest class roc_auc"):
            assert np.isfinite(rows[name]["value"])
            assert np.isfinite(rows[name]["low"]) == given
        assert np.isfinite(rows["f1_weighted"]["low"])


def test_taking_frames_as_independent_would_cover_far_less(coverage, populations):
    assert coverage.measure_naive_coverage(populations["ordinary"], dyads=12, studies=500, seed=12) < 0.6
