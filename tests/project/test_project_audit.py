"""Guards `make audit`: a known weakness fails, a service that cannot be reached is said, and is no all-clear."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / ".github" / "audit.py"
HASH = "--hash=sha256:" + "0" * 64
WEAK = {"id": "PYSEC-2019-217", "affected": [{
    "package": {"name": "jinja2", "ecosystem": "PyPI"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
}]}


@pytest.fixture
def service():
    """An advisory service on this machine, as OSV answers: {(package, version): advisories}, or an HTTP status."""
    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = server.advisories.get((query["package"]["name"], query["version"]))
            body = json.dumps({"vulns": known} if known else {}).encode()
            self.send_response(server.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.status, server.advisories = 200, {("jinja2", "2.10"): [WEAK]}
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def audit(service, tmp_path, *locked):
    lock = tmp_path / "requirements.lock"
    lock.write_text("".join(f"{package} \\\n    {HASH}\n" for package in locked))
    done = subprocess.run(
        [sys.executable, PROGRAM, "--lock", lock, "--vulnerability-service", "osv", "--cache-dir", tmp_path / "cache",
         "--osv-url", f"http://127.0.0.1:{service.server_port}/v1/query"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_nothing_known_of_what_is_locked_passes(service, tmp_path):
    assert audit(service, tmp_path, "jinja2==3.1.6", "numpy==2.4.6") == (
        0, "audited: 2 packages, no weakness known\n")


def test_a_weakness_of_what_is_locked_fails_and_is_named(service, tmp_path):
    assert audit(service, tmp_path, "jinja2==2.10", "numpy==2.4.6") == (
        1, "weak: jinja2 2.10: PYSEC-2019-217, mended in 2.10.1\n")


def test_a_service_that_fails_is_said_and_fails_nothing(service, tmp_path):
    service.status = 503
    assert audit(service, tmp_path, "jinja2==2.10") == (0, "not audited: the advisory service cannot be reached\n")


def test_a_service_that_knows_nothing_of_a_weak_release_is_no_all_clear(service, tmp_path):
    service.advisories = {}
    assert audit(service, tmp_path, "numpy==2.4.6") == (0, "not audited: the advisory service cannot be reached\n")


@pytest.fixture(scope="module")
def program():
    """What the program's parts are called with, by name."""
    names = {"__name__": "audit"}
    exec(compile(PROGRAM.read_text(), PROGRAM, "exec"), names)
    return names


def test_packages_that_an_index_does_not_know_are_not_taken_for_sound(program):
    # What pip-audit 2.10 writes, with "No known vulnerabilities found", where the index has no advisories.
    recorded = {"dependencies": [{"name": "numpy", "skip_reason": "Dependency not found on PyPI and could not be "
                                  "audited: numpy (2.4.6)"}], "fixes": []}
    answer = program["read_answer"](json.dumps(recorded))
    assert (answer.audited, answer.skipped, answer.weak) == (0, ["numpy"], [])
    assert program["judge"](answer, answer) == (0, program["UNREACHABLE"])


def test_what_a_service_skips_among_others_is_named(program):
    known = program["Answer"](1, [], ["jinja2 2.10: one"])
    status, text = program["judge"](known, program["Answer"](5, ["oneoff"], []))
    assert status == 0
    assert text.splitlines() == [
        "audited: 5 packages, no weakness known", "not audited, for the service does not know them: oneoff"]


@pytest.mark.parametrize("text", ["", "Traceback (most recent call last):", "{}"])
def test_no_answer_is_not_an_answer(program, text):
    assert program["read_answer"](text) is None
