"""Guards architecture rule 5: writes are whole or absent, and a user's mistake is one sentence."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from dyadflow.errors import DyadflowError
from dyadflow.provenance.faults import take_faults
from dyadflow.provenance.stage import stage


class Named(list):
    """Stands for Snakemake's named lists: a list whose items also have names."""

    def __init__(self, **items):
        super().__init__(items.values())
        self._items = items

    def __getattr__(self, name):
        return self.__dict__["_items"][name]

    def items(self):
        return self._items.items()


@pytest.fixture
def snakemake(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in.tsv").write_text("a\tb\n")
    loaded = [name for name in sys.modules if name.split(".")[0] == "dyadflow"]
    return SimpleNamespace(
        input=Named(table="in.tsv"),
        output=Named(one="results/demo/room/one.tsv", folder="results/demo/room/folder"),
        params=Named(code=["digest", *loaded], level=3),
        wildcards=Named(study="demo"), log=Named(log="results/demo/logs/x.log"), rule="some_rule",
    )


def test_outputs_appear_only_when_the_block_ends_well(snakemake):
    with stage(snakemake) as job:
        job.output.one.write_text("x")
        job.output.folder.mkdir()
        (job.output.folder / "inner").write_text("y")
        assert not Path("results/demo/room/one.tsv").exists()
        assert job.output.one.suffix == ".tsv"
    assert Path("results/demo/room/one.tsv").read_text() == "x"
    assert Path("results/demo/room/folder/inner").read_text() == "y"
    assert sorted(path.name for path in Path("results/demo/room").iterdir()) == ["folder", "one.tsv"]


def test_a_users_mistake_ends_the_job_with_its_sentence_and_without_a_traceback(snakemake, capfd):
    with pytest.raises(SystemExit) as ended, stage(snakemake) as job:
        job.output.one.write_text("half")
        raise DyadflowError("the recording has no picture", where="d01.mp4", fix="name a video file")
    assert ended.value.code == 1
    assert capfd.readouterr().err == (
        "dyadflow, some_rule: d01.mp4: the recording has no picture. Name a video file.\n")
    log = Path("results/demo/logs/x.log").read_text()
    assert log == "d01.mp4: the recording has no picture. Name a video file.\n"
    assert list(Path("results/demo/room").iterdir()) == []


def test_an_output_that_was_not_written_fails_the_job_and_nothing_appears(snakemake):
    with pytest.raises(RuntimeError, match="did not write results/demo/room/folder"), stage(snakemake) as job:
        job.output.one.write_text("x")
    assert list(Path("results/demo/room").iterdir()) == []


def test_what_is_printed_goes_to_the_log_also_from_child_processes(snakemake):
    with stage(snakemake) as job:
        print("from here")
        subprocess.run(["sh", "-c", "echo from a child; echo and its errors >&2"], check=True)
        job.output.one.write_text("x")
        job.output.folder.mkdir()
    assert set(Path("results/demo/logs/x.log").read_text().splitlines()) == {
        "from here", "from a child", "and its errors"}


def test_a_module_that_the_digest_does_not_cover_fails_the_job(snakemake):
    import dyadflow.tables  # noqa: F401

    snakemake.params._items["code"][:] = [name for name in snakemake.params.code if name != "dyadflow.tables"]
    with pytest.raises(RuntimeError, match=r"loaded dyadflow\.tables, which its code digest does not cover"), \
            stage(snakemake) as job:
        job.output.one.write_text("x")
        job.output.folder.mkdir()
    assert list(Path("results/demo/room").iterdir()) == []


def test_the_manifest_names_inputs_parameters_code_and_versions(snakemake):
    with stage(snakemake) as job:
        job.output.one.write_text("x")
        job.output.folder.mkdir()
    manifest = json.loads(Path("results/demo/provenance/room/one.tsv.json").read_text())
    # sha256 of "a\tb\n" and of "x", from coreutils' sha256sum.
    assert manifest["inputs"] == {
        "in.tsv": "5dd1197866f479824d9b483e1b7ae9ad3e518f3b4fd447c6b92d127dda6178c5"}
    assert manifest["content"] == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert manifest["code"] == "digest" and manifest["params"] == {"level": 3}
    assert manifest["versions"]["python"] == sys.version.split()[0]
    assert str(Path.cwd()) not in Path("results/demo/provenance/room/one.tsv.json").read_text()


def test_a_job_killed_while_writing_leaves_nothing_that_counts_and_the_next_one_clears_it(tmp_path):
    script = tmp_path / "job.py"
    script.write_text(
        "import sys, time\nfrom types import SimpleNamespace\n"
        "from dyadflow.provenance.stage import stage\n"
        "class Named(list):\n"
        "    def __init__(self, **items):\n        super().__init__(items.values()); self.__dict__.update(d=items)\n"
        "    def __getattr__(self, name): return self.d[name]\n"
        "    def items(self): return self.d.items()\n"
        "names = [n for n in sys.modules if n.startswith('dyadflow')]\n"
        "s = SimpleNamespace(input=Named(), output=Named(one='results/s/one.tsv'), params=Named(code=['', *names]),"
        " wildcards=Named(), log=Named(), rule='r')\n"
        "with stage(s) as job:\n"
        "    job.output.one.write_text('half')\n    open('writing', 'w').close()\n    time.sleep(float(sys.argv[1]))\n"
    )
    process = subprocess.Popen([sys.executable, str(script), "60"], cwd=tmp_path)
    deadline = time.monotonic() + 30
    while not (tmp_path / "writing").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "results/s/one.tsv").exists()
    subprocess.run([sys.executable, str(script), "0"], cwd=tmp_path, check=True)
    assert [path.name for path in (tmp_path / "results/s").glob("*one*")] == ["one.tsv"]


def test_what_stopped_jobs_is_kept_until_it_is_taken_once(snakemake):
    assert take_faults() == ""
    for rule, session in (("rule_b", "d02"), ("rule_a", "d01")):
        snakemake.rule, snakemake.log[0] = rule, f"results/demo/logs/{rule}/{session}.log"
        with pytest.raises(SystemExit), stage(snakemake):
            raise DyadflowError("2 errors", where="issues.tsv", findings=[f"{session}: one.", f"{session}: two."])
    assert take_faults() == (
        "error: d01: one.\nerror: d01: two.\ndyadflow, rule_a: issues.tsv: 2 errors.\n"
        "error: d02: one.\nerror: d02: two.\ndyadflow, rule_b: issues.tsv: 2 errors.\n")
    assert take_faults() == ""
