"""Tokens and passwords never reach a log, a manifest or a sentence on the console.

What a job prints goes through a small process of its own (this file, run as a program) before it reaches the log, so
that a secret is never on disk, whoever printed it (a child process, a library's traceback) and however the job ends:
one that is killed closes its pipe, and what it had printed until then is written.
"""

import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

HIDDEN = "***"
#: Shorter values of variables that sound secret ("1", "true", "none") are none, and would blot out half a log.
LEAST_LENGTH = 6
#: A line without an end is passed on once it is this long, but for what may be the beginning of a secret.
LONGEST_LINE, KEPT_BACK = 1 << 16, 1 << 12

#: Names of variables that hold a secret: HF_TOKEN, AWS_SECRET_ACCESS_KEY, PGPASSWORD. TOKENIZERS_PARALLELISM is none.
_NAMES = re.compile(
    r"(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|APIKEY|CREDENTIAL)S?(_|$)|(^|_)(KEY|PASS|PAT)S?(_|$)", re.IGNORECASE)
#: What looks like a secret wherever it comes from. The groups are what stands before it and may stay.
_LOOKS = re.compile(
    r"(\b[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/@:'\"<>]*:[^\s/@'\"<>]+(?=@)"  # user:password@ in a URL
    r"|((?i:[?&](?:access_token|token|api_?key|key|signature|sig|password|x-amz-[a-z-]+)=))[^\s&'\"<>#]+"
    r"|((?i:\bauthorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic|token)\s+))[^\s'\"]+"
    r"|\bhf_[A-Za-z0-9]{8,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")


def scrub(text: str, environment: Mapping[str, str] | None = None) -> str:
    """A text without the secrets in it: values of variables that hold one, and what looks like a token.

    Parameters
    ----------
    text
        Anything that is about to be shown or written.
    environment
        Where to look for secrets; this process's own if left out.
    """
    return _without(text, secret_values(os.environ if environment is None else environment))


def scrub_values(content: Any) -> Any:
    """Plain values (dictionaries, lists, texts), scrubbed all the way down; keys stay as they are."""
    if isinstance(content, dict):
        return {key: scrub_values(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [scrub_values(value) for value in content]
    return scrub(content) if isinstance(content, str) else content


def secret_values(environment: Mapping[str, str]) -> list[str]:
    """What must not be shown, longest first: values of variables that sound secret, and how they look when quoted.

    Of a value of several lines (a private key) each long line counts, because logs are read line by line. A value
    that names a file is where a secret lies and none itself.
    """
    found: set[str] = set()
    for name, value in environment.items():
        if not _NAMES.search(name) or os.path.exists(value):
            continue
        lines = [value, *(line for line in value.splitlines() if len(line) >= 16)]
        for line in map(str.strip, lines):
            found |= {line, quote(line, safe=""), quote(line), repr(line)[1:-1]}
    return sorted((value for value in found if len(value) >= LEAST_LENGTH), key=lambda value: (-len(value), value))


def _without(text: str, values: Sequence[str]) -> str:
    for value in values:
        text = text.replace(value, HIDDEN)
    return _LOOKS.sub(lambda found: next((part for part in found.groups() if part), "") + HIDDEN, text)


def _outside_secrets(text: str, cut: int, values: Sequence[str]) -> int:
    """Where to cut a text, at `cut` or before it, so that no secret is cut in two."""
    found = [match.span() for value in values for match in re.finditer(re.escape(value), text)]
    found += [match.span() for match in _LOOKS.finditer(text)]
    return min((start for start, end in found if start < cut < end), default=cut)


@contextmanager
def scrubbed_log(log: Path) -> Iterator[Any]:
    """A text file to print to, whose descriptor can be handed to child processes; what arrives is scrubbed.

    When the block ends, all that was printed in it is in the log.
    """
    end = os.urandom(16).hex()
    with open(log, "wb") as file:
        # Out of reach of what stops the job (Ctrl-C goes to the whole group), so that the last lines are kept.
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, end], stdin=subprocess.PIPE, stdout=file, text=True, bufsize=1,
            encoding="utf-8", start_new_session=True)
    assert process.stdin is not None
    try:
        yield process.stdin
    finally:
        # A process that outlives the job (Python's own resource tracker does) keeps the pipe open: so its end is told.
        # Where the disk has no room for the log, the process has ended already.
        with suppress(OSError):
            process.stdin.write(end)
        with suppress(OSError):
            process.stdin.close()
        process.wait()


def print_scrubbed(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Stands for `sys.excepthook`: the traceback on the console without secrets."""
    print(scrub("".join(traceback.format_exception(kind, error, trace))), end="", file=sys.stderr, flush=True)


def _pass_on(end: bytes, source: int = 0, destination: int = 1) -> None:
    """Copy what arrives, scrubbed, line by line, until it ends or `end` is told."""
    # Latin-1 gives every byte back as it came; a secret is looked for in the bytes that it is printed in.
    environment = {
        name: value.encode("utf-8", "surrogateescape").decode("latin-1") for name, value in os.environ.items()}
    values = secret_values(environment)

    def write(data: bytes) -> None:
        data = _without(data.decode("latin-1"), values).encode("latin-1")
        while data:
            data = data[os.write(destination, data):]

    held = b""
    while data := os.read(source, 1 << 16):
        held += data
        if end in held:
            held = held[:held.index(end)]
            break
        cut = max(held.rfind(b"\n"), held.rfind(b"\r")) + 1
        if not cut and len(held) > LONGEST_LINE:
            cut = _outside_secrets(held.decode("latin-1"), len(held) - KEPT_BACK, values)
        write(held[:cut])
        held = held[cut:]
    write(held)


if __name__ == "__main__":
    _pass_on(sys.argv[1].encode())
