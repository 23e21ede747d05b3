"""The doorway that every script walks through.

`stage` is handed the object that Snakemake puts into a script. It opens the log, gives the script names to
write to that lie beside the outputs' places, and renames them only when everything went well: a job killed
at any moment leaves nothing that the next run takes for finished. It also records what made each output.
"""

import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dyadflow.errors import DyadflowError
from dyadflow.provenance.digest import LEFT_OUT, PACKAGE
from dyadflow.provenance.faults import keep_fault
from dyadflow.provenance.kept import begin_counting
from dyadflow.provenance.manifest import write_manifests
from dyadflow.provenance.secrets import print_scrubbed, scrub, scrubbed_log
from dyadflow.provenance.whole import as_mistake, clear, put, remove, unfinished


class Outputs:
    """Where a script writes: the outputs' names, each beside its final place."""

    def __init__(self, declared: Any) -> None:
        self._places = [Path(str(path)) for path in declared]
        self._declared = declared

    def __getattr__(self, name: str) -> Path | list[Path]:
        value = getattr(self._declared, name)
        return unfinished(Path(value)) if isinstance(value, str) else [unfinished(Path(path)) for path in value]

    def prepare(self) -> None:
        """Make the folders and clear what a killed job may have left."""
        for place in self._places:
            place.parent.mkdir(parents=True, exist_ok=True)
            clear(place)

    def discard(self) -> None:
        """Remove what a failed job has written so far."""
        for place in self._places:
            remove(unfinished(place))

    def publish(self) -> list[Path]:
        """Rename everything into place."""
        missing = [place for place in self._places if not unfinished(place).exists()]
        if missing:
            raise RuntimeError(f"the script did not write {', '.join(map(str, missing))}")
        put(*self._places)
        return self._places


class Job:
    """What a script may use: inputs, outputs, parameters and wildcards of its job."""

    def __init__(self, snakemake: Any) -> None:
        self.input = snakemake.input
        self.output = Outputs(snakemake.output)
        self.params = snakemake.params
        self.wildcards = snakemake.wildcards
        self.rule: str = snakemake.rule
        self.log = Path(str(snakemake.log[0])) if len(snakemake.log) else None
        self.threads: int | None = getattr(snakemake, "threads", None)
        self.config: Mapping[str, Any] = getattr(snakemake, "config", None) or {}


@contextmanager
def stage(snakemake: Any) -> Iterator[Job]:
    """Run one job: log, whole writes, manifest.

    Parameters
    ----------
    snakemake
        The object that Snakemake injects into a script. Its `params.code` is the list that
        `CodeMap.code_of` gave.

    Yields
    ------
    Job
        With `output` names that are renamed into place when the block ends without an exception.

    Raises
    ------
    SystemExit
        After a user's mistake (`DyadflowError`), or where the machine has no room or memory left: a sentence is
        printed, kept to be said again when the run ends, and no traceback.
    RuntimeError
        If the job loaded a module that its code digest does not cover.
    """
    job, began = Job(snakemake), datetime.now(UTC)
    begin_counting()
    job.output.prepare()
    with _logged(job.log) as console:
        try:
            yield job
            _refuse_uncovered_modules(list(job.params.code)[1:])
            write_manifests(job, job.output.publish(), began)
        except BaseException as error:
            job.output.discard()
            mistake = error if isinstance(error, DyadflowError) else as_mistake(error)
            if mistake is not None:
                print(scrub(f"dyadflow, {job.rule}: {mistake}"), file=console, flush=True)
                # On a full disk there may be no room for these words either; they have been said.
                with suppress(OSError):
                    print(mistake.in_full(), file=sys.stderr)
                    if job.log is not None:
                        keep_fault(job.log, scrub(mistake.in_full(f"dyadflow, {job.rule}: ")))
                raise SystemExit(1) from None
            sys.excepthook = print_scrubbed
            if not isinstance(error, SystemExit):
                traceback.print_exc()
            raise


def _refuse_uncovered_modules(covered: list[str]) -> None:
    loaded = {name for name in sys.modules if name.startswith(PACKAGE + ".")}
    missed = sorted(name for name in loaded - set(covered) if not name.startswith(LEFT_OUT))
    if missed:
        raise RuntimeError(
            f"this job loaded {', '.join(missed)}, which its code digest does not cover: "
            "name it in the rule's code_of, or import it where static analysis sees it"
        )


@contextmanager
def _logged(log: Path | None) -> Iterator[Any]:
    """Send all that is printed, by child processes too, to the log; yields the console for last words."""
    with ExitStack() as stack:
        console = stack.enter_context(os.fdopen(os.dup(2), "w", encoding="utf-8"))
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(scrubbed_log(log))
            for descriptor in (1, 2):
                stack.callback(os.close, kept := os.dup(descriptor))
                stack.callback(os.dup2, kept, descriptor)
                os.dup2(file.fileno(), descriptor)
            stack.enter_context(redirect_stdout(file))
            stack.enter_context(redirect_stderr(file))
        yield console
