"""Gamma: that of pygamma-agreement for one session, pooled over several, and a sentence where it is missing."""

import logging

import numpy as np
import pytest

from dyadflow.agreement import gamma
from dyadflow.agreement.gamma import disorders, gamma_of, require_gamma
from dyadflow.agreement.intervals import jackknife_interval
from dyadflow.agreement.runs import Runs
from dyadflow.errors import DyadflowError


def coded(seed, jitter_s=0.4, swap=0.2, runs=14):
    """Two coders' runs of one session."""
    rng = np.random.default_rng(seed)
    edges, truth = 5 + np.cumsum(rng.exponential(4, runs + 1) + 1), rng.integers(0, 3, runs)
    found = []
    for _ in range(2):
        own = np.sort(edges + rng.normal(0, jitter_s, runs + 1))
        said = np.where(rng.random(runs) < swap, rng.integers(0, 3, runs), truth)
        found.append(Runs(np.column_stack([own[:-1], own[1:]]), said))
    return found


def test_without_the_library_a_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setattr(gamma, "find_spec", lambda name: None)
    with pytest.raises(DyadflowError, match=r"pygamma-agreement is not installed.*gamma: false"):
        require_gamma()


def test_sums_of_sessions_are_pooled_and_without_runs_there_is_no_gamma():
    assert gamma_of([[1.0, 4.0], [0.0, 2.0]]) == pytest.approx([0.75, 1.0])
    assert gamma_of(np.sum([[1.0, 4.0], [0.0, 2.0]], axis=0)) == pytest.approx(1 - 1 / 6)
    assert np.isnan(gamma_of([0.0, 0.0]))
    low, high = jackknife_interval([[1, 4], [1, 5], [2, 4]], gamma_of, bounds=(-1, 1), at_once=True)
    assert low < gamma_of([4, 13]) < high


class TestWithTheLibrary:
    """What needs pygamma-agreement."""

    @pytest.fixture(autouse=True)
    def _library(self):
        pytest.importorskip("pygamma_agreement")

    @pytest.fixture(params=[1, 2])
    def pair(self, request):
        return coded(request.param)

    def by_library(self, a, b, shift_s, seed_of):
        from pyannote.core import Segment
        from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum

        continuum = Continuum()
        for coder, runs in (("Anna", a), ("Ben", b)):
            for (onset_s, offset_s), place in zip(runs.spans, runs.classes, strict=True):
                continuum.add(coder, Segment(onset_s - shift_s, offset_s - shift_s), "xyz"[place])
        np.random.seed(seed_of)
        return continuum.compute_gamma(CombinedCategoricalDissimilarity(), n_samples=30)

    def test_of_one_session_it_is_what_the_library_gives(self, pair):
        a, b = pair
        observed, expected = disorders(a, b, samples=30, seed=1, name="infant")
        theirs = self.by_library(a, b, min(a.spans[0, 0], b.spans[0, 0]), 5)
        # What is observed depends on no random number; what chance gives is another sample of 30.
        runs = len(a.spans)
        assert observed == pytest.approx(theirs.observed_disorder * runs, rel=1e-4)
        assert expected == pytest.approx(theirs.expected_disorder * runs, rel=0.15)
        assert gamma_of([observed, expected]) == pytest.approx(theirs.gamma, abs=0.06)

    def test_with_the_same_random_numbers_it_is_the_librarys_to_the_last_digit(self, monkeypatch, pair):
        from contextlib import nullcontext

        a, b = pair
        monkeypatch.setattr(gamma, "_random_numbers", lambda seed: nullcontext())
        np.random.seed(5)
        found = gamma_of(disorders(a, b, samples=30, seed=1, name="infant"))
        assert found == pytest.approx(self.by_library(a, b, min(a.spans[0, 0], b.spans[0, 0]), 5).gamma, abs=1e-5)

    def test_the_same_seed_gives_the_same_numbers_and_leaves_the_generator_alone(self, pair):
        np.random.seed(3)
        state = np.random.get_state()[1].copy()
        first = disorders(*pair, samples=10, seed=1, name="infant")
        assert (np.random.get_state()[1] == state).all()
        assert disorders(*pair, samples=10, seed=1, name="infant") == first
        assert disorders(*pair, samples=10, seed=2, name="infant")[1] != first[1]
        assert disorders(*pair, samples=10, seed=1, name="caregiver")[1] != first[1]

    def test_the_log_is_not_filled_with_remarks_on_a_solver(self, pair, caplog):
        with caplog.at_level(logging.WARNING):
            disorders(*pair, samples=5, seed=1, name="infant")
        assert not [record for record in caplog.records if "CBC" in record.getMessage()]

    def test_identical_coding_has_gamma_one_and_one_run_each_is_enough(self):
        a, _ = coded(4)
        assert gamma_of(disorders(a, a, samples=5, seed=1, name="x")) == pytest.approx(1, abs=1e-6)
        single = Runs(np.array([[3.0, 5.0]]), np.array([0])), Runs(np.array([[3.5, 5.0]]), np.array([0]))
        assert np.isfinite(disorders(*single, samples=5, seed=1, name="x")).all()
        assert disorders(single[0], Runs(np.empty((0, 2)), np.empty(0, int)), samples=5, seed=1, name="x") == (0, 0)
