"""Guards what jobs ask a cluster for: more at each attempt, and never what would make a run wait for ever."""

import pytest

from dyadflow.errors import DyadflowError
from dyadflow.study.arrays import require_unhindered_arrays
from dyadflow.study.resources import growing_memory, growing_runtime


def test_each_attempt_asks_for_as_much_memory_again():
    assert [growing_memory(6000)(None, attempt=attempt) for attempt in (1, 2, 3)] == [6000, 12000, 18000]


@pytest.mark.parametrize(("minutes", "asked"), [(60, [60, 120, 180]), (1000, [1000, 1440, 1440]), (2880, [2880] * 3)])
def test_each_attempt_asks_for_more_time_but_not_beyond_a_day_that_partitions_may_refuse(minutes, asked):
    assert [growing_runtime(minutes)(None, attempt=attempt) for attempt in (1, 2, 3)] == asked


FREE = {"jobs": 2**63 - 1, "subsample": None, "at_once": 1_000_000}


@pytest.mark.parametrize(("limit", "option"), [
    ({"jobs": 50}, "--jobs 50"), ({"subsample": 100}, "--scheduler-subsample 100"),
    ({"at_once": 100}, "--max-jobs-per-timespan 100"),
])
def test_a_limit_on_jobs_with_arrays_is_refused_in_a_sentence(limit, option):
    require_unhindered_arrays("decode_session", **FREE)
    with pytest.raises(DyadflowError, match=f"{option} and job arrays") as refused:
        require_unhindered_arrays("decode_session", **FREE | limit)
    assert "--slurm-array-jobs none" in str(refused.value)


@pytest.mark.parametrize("arrays", [None, "", "none"])
def test_limits_without_arrays_are_nobodys_business(arrays):
    require_unhindered_arrays(arrays, jobs=50, subsample=100, at_once=10)
