"""What a rule asks of the machine, and what each further attempt of a job asks."""

from collections.abc import Callable
from typing import Any

#: The shortest time limit that is usual among clusters' partitions; a request above the limit is refused.
DAY_MIN = 1440

Request = Callable[[Any, int], int]


def growing_memory(mem_mb: int) -> Request:
    """Memory of a job: as much again for each further attempt, because running out of it ends a job.

    Parameters
    ----------
    mem_mb
        What the first attempt asks for, in MB.

    Returns
    -------
    callable
        For `resources:` of a rule; called with the job's wildcards and the attempt, which counts from 1.
    """
    def memory(wildcards: Any, attempt: int) -> int:
        return mem_mb * attempt
    return memory


def growing_runtime(minutes: int) -> Request:
    """Time of a job: as much again for each further attempt, but no more than a day unless the first asks for more.

    A training that ran out of time goes on where it stopped, so that the same time again is enough for it.

    Parameters
    ----------
    minutes
        What the first attempt asks for.

    Returns
    -------
    callable
        As of `growing_memory`.
    """
    def runtime(wildcards: Any, attempt: int) -> int:
        return min(minutes * attempt, max(minutes, DAY_MIN))
    return runtime
