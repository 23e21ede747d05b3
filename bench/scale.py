"""What a study of a thousand sessions costs before any work is done: planning, and starting jobs that do nothing.

    python bench/scale.py --sessions 1000 --folds 20          # dry runs, fresh and complete
    python bench/scale.py --sessions 1400 --folds 20 --run    # and a whole run of jobs that only touch their outputs

The first paper's study is blown up to that many sessions. Its rules are kept, with all that they ask the plan for; just
their scripts are replaced by a `touch`. Beside it runs a bare workflow: the same rules, jobs, files and edges, out of
a table, with nothing else: no settings, digests, logs, run times, environments. Both run by turns on the same machine,
with the same profile; what counts is the ratio.
"""

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
TOUCH = (
    "for file in {output}; do case $file in */folds|*/private/media/*) mkdir -p $file;; *) touch $file;; esac; done"
)


def blow_up(folder: Path, sessions: int, folds: int) -> None:
    """The project with the first paper's study of that many sessions, jobs that touch, and empty recordings."""
    for part in ("Snakefile", "rules", "workflow", "config", "envs", "profiles"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, folder / part)
    for file in folder.glob("rules/*.smk"):
        text = re.sub(r'    message:\n +".+"\n', "", file.read_text())
        file.write_text(re.sub(r'    script:\n +".+"\n', f'    shell:\n        "{TOUCH}"\n', text))
    snakefile = folder / "Snakefile"
    snakefile.write_text(snakefile.read_text().split("# What stopped a job")[0])
    study = yaml.safe_load((ROOT / "config/studies/icep-r.yaml").read_text())
    study |= {"sessions": "big/sessions.tsv", "coding": "big/coding.tsv", "data_folder": "../../data", "name": "big"}
    study["folds"]["outer"] = folds
    sheets = folder / "config" / "studies" / "big"
    sheets.mkdir()
    (sheets.parent / "big.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    names = [f"s{number:05d}" for number in range(sessions)]
    coders = sorted({coder for item in study["protocols"].values() for coder in item["train_coders"]})
    (sheets / "sessions.tsv").write_text(
        "session\tdyad\tmedia\n" + "".join(f"{name}\t{name}\t{name}.mp4\n" for name in names))
    (sheets / "coding.tsv").write_text("session\tcoder\tpath\n" + "".join(
        f"{name}\t{coder}\t{name}_{coder}.txt\n" for name in names for coder in coders))
    (folder / "config/config.yaml").write_text("studies: [config/studies/big.yaml]\n")
    (folder / "data").mkdir()
    for name in names:
        for end in (".mp4", *(f"_{coder}.txt" for coder in coders)):
            (folder / "data" / f"{name}{end}").touch()


def bare(folder: Path, listing: str, like: Path) -> int:
    """A workflow of the same jobs with nothing but their files; gives the number of jobs."""
    jobs: dict[str, dict[str, list[str]]] = {}
    outputs: dict[str, list[str]] = {}
    rules = "\n".join(path.read_text() for path in sorted(like.glob("rules/*.smk")))
    final: list[str] = []
    for block in re.split(r"\n(?=(?:local)?rule )", listing):
        name = re.match(r"(?:local)?rule (\w+):", block)
        if not name:
            continue
        part = {key: value.split(", ") for key, value in re.findall(r"^    (\w+): (.+)$", block, flags=re.MULTILINE)}
        if name[1] == "all":
            final = part["input"]
            continue
        key = "|".join(part["output"])
        jobs.setdefault(name[1], {})[key] = part.get("input", [])
        outputs[name[1]] = part["output"]
    (folder / "edges.json").write_text(json.dumps(jobs))
    (folder / "final.json").write_text(json.dumps(final))
    lines = ["import json", "EDGES = json.load(open('edges.json'))", "FINAL = json.load(open('final.json'))",
             "def edges(rule, patterns, wildcards):",
             "    return EDGES[rule]['|'.join(each.format(**dict(wildcards.items())) for each in patterns)]",
             "rule all:", "    input: FINAL"]
    for name in jobs:
        body = re.search(rf"^rule {name}:\n(.*?)(?=^rule |\Z)", rules, flags=re.DOTALL | re.MULTILINE)[1]
        block = re.search(r"    output:\n(.*?)(?=^    \w+:)", body, flags=re.DOTALL | re.MULTILINE)[1]
        patterns = []
        for found in re.finditer(r'(directory\(\s*)?(multiext\(\s*)?"(results/[^"]+)"((?:,\s*"\.\w+")*)', block):
            ends = re.findall(r'"(\.\w+)"', found[4] or "") if found[2] else [""]
            patterns += [f"directory('{found[3]}')" if found[1] else f"'{found[3]}{end}'" for end in ends]
        if not patterns:  # the page that links all studies has no wildcard
            patterns = [repr(path) for path in outputs[name]]
        plain = [re.sub(r"directory\('(.+)'\)|'(.+)'", r"\1\2", pattern) for pattern in patterns]
        lines += [
            f"rule {name}:", f"    input: lambda wildcards: edges('{name}', {plain}, wildcards)",
            f"    output: {', '.join(patterns)}", "    wildcard_constraints:",
            r"        session=r'[\w-]+', extractor=r'[\w-]+', batch=r'\d+', protocol=r'[\w-]+', target=r'[\w-]+',",
            r"        stream=r'[\w-]+', model=r'[\w-]+', view=r'[\w-]+'", f'    shell: "{TOUCH}"']
    (folder / "Snakefile").write_text("\n".join(lines) + "\n")
    shutil.copytree(like / "profiles", folder / "profiles")
    shutil.copytree(like / "data", folder / "data")
    for link in like.glob("results/big/private/linked/*"):
        place = folder / link.relative_to(like)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return sum(map(len, jobs.values()))


def snakemake(folder: Path, *words: str) -> tuple[float, str]:
    """Seconds of a processor that a run took, its jobs included, and what it said.

    A processor's, because planning is done by one thread alone: other programs beside it do not change the figure.
    """
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *words], cwd=folder, capture_output=True, text=True,
        check=False)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    if done.returncode:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])
    return seconds, done.stdout + done.stderr


def by_turns(what: str, ours: Path, plain: Path, *words: str, rounds: int) -> str:
    """Run both by turns, and say the best of each and their ratio."""
    times = {"ours": [], "bare": []}
    for _ in range(rounds):
        for name, folder in (("ours", ours), ("bare", plain)):
            times[name].append(snakemake(folder, *words)[0])
    best = {name: min(found) for name, found in times.items()}
    return f"{what}: {best['ours']:.1f} s, bare {best['bare']:.1f} s, ratio {best['ours'] / best['bare']:.2f}"


def main() -> None:
    """Measure, and print a line for each measure."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--sessions", type=int, default=1000)
    asked.add_argument("--folds", type=int, default=20)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--run", action="store_true", help="a whole run of jobs that touch their outputs, too")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = Path(folder) / "ours", Path(folder) / "bare"
        ours.mkdir()
        plain.mkdir()
        blow_up(ours, given.sessions, given.folds)
        _, listing = snakemake(ours, "--dry-run")
        jobs = bare(plain, listing, ours)
        trained = [len(inputs) for inputs in json.loads((plain / "edges.json").read_text())["train_cell"].values()]
        print(f"{given.sessions} sessions, {given.folds} folds: {jobs} jobs; a training job has at most "
              f"{max(trained)} inputs", flush=True)
        print(by_turns("dry run, nothing there", ours, plain, "--dry-run", "--quiet", rounds=given.rounds), flush=True)
        if given.run:
            print(by_turns("whole run of empty jobs", ours, plain, "--quiet", rounds=1), flush=True)
        else:
            for one in (ours, plain):
                snakemake(one, "--quiet")
        print(by_turns("dry run, all there", ours, plain, "--dry-run", "--quiet", rounds=given.rounds), flush=True)
        results = [path.parent for path in (ours / "results").rglob("*")]
        fullest = Counter(results).most_common(3)
        print(f"{len(results)} entries under results/; the fullest folders: " + ", ".join(
            f"{place.relative_to(ours).as_posix()} {count}" for place, count in fullest))


if __name__ == "__main__":
    main()
