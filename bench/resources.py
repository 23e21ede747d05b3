"""What the jobs of a finished run took, beside what their rules ask for: the figures for `mem_mb` and `runtime`.

Reads the benchmark files that Snakemake wrote (`results/<study>/benchmarks/**/*.benchmark.tsv`) and tells, for each
rule: jobs, the longest, the peak memory of any, what follows from these with a margin, and what the rule asks for now.
`raise` marks a rule that asks for less than follows. A rule that asks for more is not marked: a short study takes less
than a long one, so lower a figure only after a study of the size that it has to serve.

    python bench/resources.py [results ...] [--memory-margin 1.5] [--time-margin 3]
"""

import argparse
import csv
import math
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from dyadflow.study.asked import read_requests

ROOT = Path(__file__).parents[1]
#: A job on a cluster starts Snakemake twice before its work begins: so many MB (186 each were seen) and minutes are its
#: own, and in no benchmark file.
START_MB, START_MIN = 400, 2


@dataclass
class Taken:
    """What the jobs of one rule took."""

    seconds: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def memory_that_follows(self, margin: float) -> int | None:
        """Peak memory with a margin, in whole hundreds of MB; None where no job ran long enough to be looked at."""
        if not self.memory_mb:
            return None
        return math.ceil((START_MB + max(self.memory_mb) * margin) / 100) * 100

    def runtime_that_follows(self, margin: float) -> int:
        """The longest job's time with a margin, in whole minutes."""
        return START_MIN + math.ceil(max(self.seconds) * margin / 60)


def read_benchmarks(folders: list[Path]) -> dict[str, Taken]:
    """Read all benchmark files below some folders, by rule."""
    taken: dict[str, Taken] = defaultdict(Taken)
    for folder in folders:
        for file in sorted(folder.rglob("benchmarks/**/*.benchmark.tsv")):
            inner = file.parts[file.parts.index("benchmarks", len(folder.parts)) + 1:]
            rule = taken[inner[0].removesuffix(".benchmark.tsv")]
            with file.open(encoding="utf-8", newline="") as lines:
                for row in csv.DictReader(lines, delimiter="\t"):
                    rule.seconds.append(float(row["s"]))
                    if row["max_rss"] not in ("NA", "-"):
                        rule.memory_mb.append(float(row["max_rss"]))
    return taken


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[Path("results")], help="finished results")
    parser.add_argument("--rules", type=Path, default=ROOT / "rules", help="folder of the rules")
    parser.add_argument("--memory-margin", type=float, default=1.5, help="times the greatest memory that was seen")
    parser.add_argument("--time-margin", type=float, default=3.0, help="times the longest time that was seen")
    options = parser.parse_args()
    taken = read_benchmarks(options.folders)
    print("rule\tjobs\tlongest_s\tpeak_mb\tmem_mb_follows\tmem_mb_now\truntime_follows\truntime_now\t")
    for request in read_requests(options.rules):
        if request.rule not in taken:
            print(f"{request.rule}\t0\t\t\t\t{request.mem_mb}\t\t{request.runtime_min}\t")
            continue
        seen = taken[request.rule]
        memory = seen.memory_that_follows(options.memory_margin)
        runtime = seen.runtime_that_follows(options.time_margin)
        more = (memory or 0) > request.mem_mb or runtime > request.runtime_min
        print(
            f"{request.rule}\t{len(seen.seconds)}\t{max(seen.seconds):.1f}\t"
            f"{f'{max(seen.memory_mb):.0f}' if seen.memory_mb else ''}\t{'' if memory is None else memory}\t"
            f"{request.mem_mb}\t{runtime}\t{request.runtime_min}\t{'raise' if more else ''}")


if __name__ == "__main__":
    main()
