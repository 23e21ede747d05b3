"""What reading ELAN documents costs, beside what their parser (pympi) alone costs.

Documents of three tiers and two coders are made in a temporary folder. Both ways read all of them, each in a
process of its own with the same modules loaded, turn about; medians over the runs. `nothing` kept is how a study
reads (a document, then the next); with `all` kept at once, memory is that of the readings and not of the imports.

    python bench/read_eaf.py [--files 1000] [--annotations 500] [--runs 5]
"""

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from pathlib import Path

WAYS = ("pympi", "read_coding")
COLUMNS = ("kept", "way", "cpu_s", "peak_mib", "above_imports_mib")


def make_documents(folder: str, files: int, annotations: int) -> None:
    """Write documents with touching annotations of seeded lengths and codes."""
    import numpy as np

    from dyadflow.annotations.formats.writers.eaf import write_eaf
    from dyadflow.annotations.segments import Segments

    tiers = (("infant", "anna"), ("caregiver", "anna"), ("infant", "ben"))
    for number in range(files):
        rng = np.random.default_rng(number)
        rows = []
        for place, (tier, coder) in enumerate(tiers):
            count = annotations // len(tiers) + (place < annotations % len(tiers))
            edges_s = np.cumsum(rng.integers(1, 8000, count + 1)) / 1000
            codes = rng.choice(["positive", "neutral", "negative", "away"], count)
            rows += [
                {"session": "s", "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
                for code, onset_s, offset_s in zip(codes, edges_s, edges_s[1:], strict=False)
            ]
        write_eaf(Segments.from_rows(rows), Path(folder) / f"{number:05}.eaf", media=f"{number:05}.mp4")


def measure(way: str, folder: str, keep: bool) -> tuple[float, float, float, int]:
    """Processor seconds, peak memory and its part above the imports in MiB, and how many annotations were read."""
    from pympi.Elan import Eaf

    from dyadflow.annotations.formats.registry import read_coding

    def parse(path: Path) -> tuple[object, int]:
        document = Eaf(str(path), suppress_version_warning=True)
        return document, len(document.annotations)

    def read(path: Path) -> tuple[object, int]:
        reading = read_coding(path)
        return reading, len(reading.rows)

    work = {"pympi": parse, "read_coding": read}[way]
    paths = sorted(Path(folder).glob("*.eaf"))
    work(paths[0])  # what is imported late is imported now
    imports_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept, total = [], 0
    began = time.process_time()
    for path in paths:
        result, count = work(path)
        total += count
        if keep:
            kept.append(result)
    seconds = time.process_time() - began
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, peak_kib / 1024, (peak_kib - imports_kib) / 1024, total


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=1000, help="documents")
    parser.add_argument("--annotations", type=int, default=500, help="annotations of each")
    parser.add_argument("--runs", type=int, default=5, help="times that each way reads them all")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool,
    ):
        pool.apply(make_documents, (folder, options.files, options.annotations))
        print("\t".join(COLUMNS))
        for keep in (False, True):
            found: dict[str, list] = {way: [] for way in WAYS}
            for _ in range(options.runs):
                for way in WAYS:
                    found[way].append(pool.apply(measure, (way, folder, keep)))
                    assert found[way][-1][-1] == options.files * options.annotations
            medians = {way: [statistics.median(column) for column in zip(*found[way], strict=True)] for way in WAYS}
            kept = "all" if keep else "nothing"
            for way in WAYS:
                print(f"{kept}\t{way}\t" + "\t".join(f"{value:.4g}" for value in medians[way][:3]), flush=True)
            ratios = [ours / max(theirs, 0.1) for theirs, ours in zip(*(medians[way][:3] for way in WAYS), strict=True)]
            print(f"{kept}\tratio\t" + "\t".join(f"{ratio:.3g}" for ratio in ratios), flush=True)


if __name__ == "__main__":
    main()
