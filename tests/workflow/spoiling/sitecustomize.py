"""Spoils jobs on purpose. Python loads this file by itself where its folder is on PYTHONPATH.

What is done, when and to which jobs, the environment says; every job is spoilt once, and a mark is left.

SPOIL           kill (kill -9), wait (leave a mark, sleep, and go on), memory (no more than it has), clock (times of
                outputs a day off, to either side)
SPOIL_POINT     begin, later (at some time within its work), half (all written, nothing renamed), between (one output
                renamed), done (all renamed, the job not yet ended); any: one of them by the job's name
SPOIL_RULES     a pattern of rules
SPOIL_MARKS     folder of the marks
"""

import contextlib
import hashlib
import os
import re
import resource
import signal
import threading
import time
from pathlib import Path

POINTS = ("begin", "later", "half", "between", "done")


def spoil() -> None:
    """Put ourselves between the doorway of every script and the outputs."""
    from dyadflow.provenance import stage
    from dyadflow.provenance.whole import remove, unfinished

    kind, marks = os.environ["SPOIL"], Path(os.environ["SPOIL_MARKS"])
    job = {"name": "", "number": 0, "point": ""}
    learn, prepare, publish = stage.Job.__init__, stage.Outputs.prepare, stage.Outputs.publish

    def reach(point: str) -> None:
        if job["point"] != point or not re.fullmatch(os.environ.get("SPOIL_RULES", ".*"), job["name"].split("@")[0]):
            return
        marks.mkdir(parents=True, exist_ok=True)
        try:
            with open(marks / job["name"].replace("/", "+"), "x") as mark:
                mark.write(f"{point} {os.getpid()}")
        except FileExistsError:
            return
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif kind == "wait":
            time.sleep(float(os.environ.get("SPOIL_WAIT_S", "4")))
        elif kind == "memory":
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + 2**20, used + 2**20))

    def learned(self, snakemake) -> None:
        learn(self, snakemake)
        job["name"] = "@".join([snakemake.rule, *map(str, snakemake.wildcards)])
        job["number"] = int(hashlib.sha256(job["name"].encode()).hexdigest(), 16)
        point = os.environ.get("SPOIL_POINT", "half")
        job["point"] = POINTS[job["number"] % len(POINTS)] if point == "any" else point

    def prepared(self) -> None:
        prepare(self)
        reach("begin")
        if job["point"] == "later":
            timer = threading.Timer(0.05 + job["number"] % 97 / 97, reach, ("later",))
            timer.daemon = True
            timer.start()

    def published(self) -> list[Path]:
        reach("half")
        if job["point"] == "between":
            first = self._places[0]
            remove(first)
            os.replace(unfinished(first), first)
            reach("between")
            os.replace(first, unfinished(first))
        places = publish(self)
        reach("done")
        if kind == "clock":
            off_s = 86_400 * (-1 if job["number"] % 2 else 1)
            for place in places:
                os.utime(place, (time.time() + off_s,) * 2)
        return places

    stage.Job.__init__, stage.Outputs.prepare, stage.Outputs.publish = learned, prepared, published


if "SPOIL" in os.environ:
    # Snakemake itself starts before the library's folder is known to it; jobs are what is spoilt.
    with contextlib.suppress(ImportError):
        spoil()
