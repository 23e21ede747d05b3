"""SLURM's job arrays, and what must not be combined with them."""

from typing import Any

from dyadflow.errors import DyadflowError

#: Nobody has as many jobs ready at once.
PLENTY = 100_000


def refuse_hindered_arrays(workflow: Any) -> None:
    """End a run, with a sentence, that would wait for ever.

    Parameters
    ----------
    workflow
        What Snakemake calls so in a Snakefile.
    """
    scheduling = workflow.scheduling_settings
    at_once = scheduling.max_jobs_per_timespan
    try:
        require_unhindered_arrays(
            # Only the SLURM plugin has this setting, and only where jobs are submitted, not inside of them.
            getattr(workflow.executor_settings, "array_jobs", None),
            jobs=workflow.resource_settings.nodes, subsample=scheduling.subsample,
            at_once=at_once.max_jobs if at_once else None)
    except DyadflowError as error:
        raise SystemExit(f"dyadflow: {error}") from None


def require_unhindered_arrays(arrays: str | None, jobs: int | None, subsample: int | None, at_once: int | None) -> None:
    """Refuse what makes a run with job arrays wait for ever.

    The SLURM plugin (2.8.0, its issue 473) drops jobs of an array without a word if Snakemake hands it fewer than are
    ready; so nothing may hold jobs back while arrays are used.

    Parameters
    ----------
    arrays
        Rules whose jobs go into arrays, as the plugin is told; None where there is no such plugin.
    jobs
        How many jobs may be under way.
    subsample
        How many ready jobs the scheduler looks at.
    at_once
        How many jobs may be started in a second or so.

    Raises
    ------
    DyadflowError
        If one of them is less than any study needs.
    """
    if not arrays or arrays.strip().lower() == "none":
        return
    limits = {"--jobs": jobs, "--scheduler-subsample": subsample, "--max-jobs-per-timespan": at_once}
    for option, limit in limits.items():
        if limit is not None and limit < PLENTY:
            raise DyadflowError(
                f"{option} {limit} and job arrays together make a run wait for ever", where="command and profiles",
                fix="leave the limit out (profiles/slurm has none, if named as --workflow-profile), or add "
                "--slurm-array-jobs none",
            )
