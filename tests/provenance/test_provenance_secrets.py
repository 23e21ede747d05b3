"""Guards that tokens and passwords reach no log, manifest or console: who prints them and how makes no difference."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dyadflow.provenance import secrets
from dyadflow.provenance.secrets import scrub, scrub_values, secret_values

TOKEN = "hf_aBcD1234EfGh5678IjKl"
PASSWORD = "blue-Heron/42%"

JOB = """
import os, subprocess, sys, time
from types import SimpleNamespace
from dyadflow.provenance.stage import stage
from dyadflow.errors import DyadflowError

class Named(list):
    def __init__(self, **items):
        super().__init__(items.values()); self.__dict__.update(d=items)
    def __getattr__(self, name): return self.d[name]
    def items(self): return self.d.items()

names = [n for n in sys.modules if n.startswith('dyadflow')]
snakemake = SimpleNamespace(
    input=Named(), output=Named(one='results/s/room/one.tsv'), wildcards=Named(), rule='some_rule',
    params=Named(code=['', *names], weights='https://anna:' + os.environ['LAB_PASSWORD'].replace('/', '%2F') + '@hub/w',
                 options={'token': os.environ['HF_TOKEN']}),
    log=Named(log='results/s/logs/some_rule.log'))
with stage(snakemake) as job:
    job.output.one.write_text('x')
    print('printed', os.environ['HF_TOKEN'])
    subprocess.run(['sh', '-c', 'echo from a child $LAB_PASSWORD; echo and its errors $HF_TOKEN >&2'], check=True)
    WHAT
"""


def run_job(folder: Path, what: str = "pass", **environment: str) -> subprocess.CompletedProcess:
    (folder / "job.py").write_text(JOB.replace("WHAT", what))
    return subprocess.run(
        [sys.executable, "job.py"], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "HF_TOKEN": TOKEN, "LAB_PASSWORD": PASSWORD, **environment})


def all_that_was_written(folder: Path) -> dict[str, str]:
    """Everything a run leaves, but for the script of the test itself."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*") if path.is_file() and path.name != "job.py"}


def hold_no_secret(*texts: str) -> bool:
    return not any(secret in text for text in texts for secret in (TOKEN, PASSWORD, PASSWORD.replace("/", "%2F")))


def test_what_a_job_and_its_children_print_is_in_the_log_without_secrets(tmp_path):
    done = run_job(tmp_path)
    assert done.returncode == 0, done.stderr
    found = all_that_was_written(tmp_path)
    assert set(found["results/s/logs/some_rule.log"].splitlines()) == {
        "printed ***", "from a child ***", "and its errors ***"}
    assert hold_no_secret(*found.values(), done.stdout, done.stderr)


def test_the_manifest_hides_a_password_in_a_url_and_a_token_among_the_options(tmp_path):
    assert run_job(tmp_path).returncode == 0
    manifest = json.loads((tmp_path / "results/s/provenance/room/one.tsv.json").read_text())
    assert manifest["params"] == {"weights": "https://***@hub/w", "options": {"token": "***"}}


def test_a_traceback_is_scrubbed_in_the_log_and_on_the_console(tmp_path):
    done = run_job(tmp_path, "raise ValueError('cannot log in with ' + os.environ['LAB_PASSWORD'])")
    assert done.returncode == 1
    log = (tmp_path / "results/s/logs/some_rule.log").read_text()
    for text in (log, done.stderr):
        assert "ValueError: cannot log in with ***" in text and "Traceback" in text
        assert hold_no_secret(text)


def test_a_users_mistake_is_told_without_the_secret_it_quotes(tmp_path):
    done = run_job(tmp_path, "raise DyadflowError('the hub refused ' + os.environ['HF_TOKEN'])")
    assert done.stderr == "dyadflow, some_rule: the hub refused ***.\n"
    found = all_that_was_written(tmp_path)
    assert found["results/s/logs/some_rule.log.fault"] == "dyadflow, some_rule: the hub refused ***.\n"
    assert hold_no_secret(*found.values())


def test_a_killed_job_leaves_what_it_had_printed_and_no_secret(tmp_path):
    (tmp_path / "job.py").write_text(JOB.replace(
        "WHAT", "print('last words', os.environ['HF_TOKEN'], end='', flush=True); open('ready', 'w'); time.sleep(60)"))
    process = subprocess.Popen(
        [sys.executable, "job.py"], cwd=tmp_path, env={**os.environ, "HF_TOKEN": TOKEN, "LAB_PASSWORD": PASSWORD})
    deadline = time.monotonic() + 30
    while not (tmp_path / "ready").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    log = tmp_path / "results/s/logs/some_rule.log"
    while "last words ***" not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert hold_no_secret(log.read_text())


def test_a_child_that_outlives_the_job_does_not_hold_it_up(tmp_path):
    began = time.monotonic()
    done = run_job(tmp_path, "child = subprocess.Popen(['sleep', '20']); open('child', 'w').write(str(child.pid))")
    assert done.returncode == 0 and time.monotonic() - began < 15
    os.kill(int((tmp_path / "child").read_text()), signal.SIGTERM)
    assert "printed ***" in (tmp_path / "results/s/logs/some_rule.log").read_text()


@pytest.mark.parametrize("before", [65530, 126970, 130000])
def test_a_secret_is_found_wherever_a_very_long_line_is_cut(tmp_path, before):
    # Read in pieces of 65536 bytes; the line is first passed on after two, but for 4096 bytes.
    (tmp_path / "line").write_text("x" * before + PASSWORD + "y" * 140000)
    with open(tmp_path / "line") as line:
        done = subprocess.run([sys.executable, secrets.__file__, "no-such-end"], stdin=line, capture_output=True,
                              text=True, check=True, env={"LAB_PASSWORD": PASSWORD})
    assert done.stdout == "x" * before + "***" + "y" * 140000


@pytest.mark.parametrize(("text", "shown"), [
    ("https://anna:s3cret@hub.example/w?x=1", "https://***@hub.example/w?x=1"),
    ("GET https://hub.example/w?token=abcdef&rev=2", "GET https://hub.example/w?token=***&rev=2"),
    ("{'Authorization': 'Bearer abc.def'}", "{'Authorization': 'Bearer ***'}"),
    ("key AKIAIOSFODNN7EXAMPLE of the bucket", "key *** of the bucket"),
    ("a token hf_abcdefghijklmnop in passing", "a token *** in passing"),
    ("hf_hub_download(repo) at 12:30:05, see https://hub.example:8080/a@b",) * 2,
    ("anna@lab.example wrote to ben@lab.example",) * 2,
])
def test_what_looks_like_a_secret_goes_and_all_else_stays(text, shown):
    assert scrub(text, {}) == shown


def test_variables_are_told_by_their_names_and_files_are_no_secrets(tmp_path):
    key = tmp_path / "key.pem"
    key.write_text("")
    environment = {
        "HF_TOKEN": "value-one", "AWS_SECRET_ACCESS_KEY": "value-two", "PGPASSWORD": "value-three",
        "TOKENIZERS_PARALLELISM": "false-or-true", "SOME_KEY": "1", "SSL_KEY": str(key), "HOME": "/home/anna",
        "DEPLOY_KEY": "-----BEGIN-----\nline-of-the-key-one\n",
    }
    values = secret_values(environment)
    assert {"value-one", "value-two", "value-three", "line-of-the-key-one"} <= set(values)
    assert not {"false-or-true", "1", str(key), "/home/anna"} & set(values)
    assert scrub("x line-of-the-key-one", environment) == "x ***"


def test_plain_values_are_scrubbed_all_the_way_down():
    assert scrub_values({"a": ["u://a:b@c", 3, {"hf_keys": None}]}) == {"a": ["u://***@c", 3, {"hf_keys": None}]}
