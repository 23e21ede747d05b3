"""Ask whether weaknesses are known of what requirements.lock pins: ``make audit``, a line of ``make lint``.

pip-audit asks. Where a package index has no advisories, it skips every package and says that nothing is known. So it is
first asked about a release of which a weakness is known. Where that brings none, nothing can be told, which is said in
a line and fails nothing; a weakness that is found fails.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

#: A release with a weakness that every advisory service knows (CVE-2019-10906).
KNOWN = "jinja2==2.10"
UNREACHABLE = "not audited: the advisory service cannot be reached"


class Answer(NamedTuple):
    """What pip-audit brought back of a list of packages."""

    audited: int
    skipped: list[str]
    #: One line a weakness: the package, what it is called, and where it is mended.
    weak: list[str]


def read_answer(text: str) -> Answer | None:
    """Read pip-audit's JSON; None where it wrote none, because it could not ask."""
    try:
        packages = json.loads(text)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return None
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    weak = []
    for package in packages:
        for found in package.get("vulns", ()):
            mended = ", ".join(found["fix_versions"]) or "no release yet"
            weak.append(f"{package['name']} {package['version']}: {found['id']}, mended in {mended}")
    return Answer(len(packages) - len(skipped), skipped, weak)


def judge(known: Answer | None, locked: Answer | None) -> tuple[int, str]:
    """The exit status and what to say, from the answers about `KNOWN` and about the lock."""
    if known is None or not known.weak or locked is None or not locked.audited:
        return 0, UNREACHABLE
    lines = [f"weak: {line}" for line in locked.weak] or [f"audited: {locked.audited} packages, no weakness known"]
    if locked.skipped:
        lines.append(f"not audited, for the service does not know them: {', '.join(locked.skipped)}")
    return int(bool(locked.weak)), "\n".join(lines)


def ask(requirements: Path, *words: str) -> Answer | None:
    """Have pip-audit ask about every package of a file that pins them all."""
    command = [
        sys.executable, "-m", "pip_audit", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--desc",
        "off", "--timeout", "10", "--requirement", str(requirements), *words,
    ]
    return read_answer(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


def main() -> int:
    """Audit the lock; words that are not our own go to pip-audit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lock", type=Path, default=Path("requirements.lock"))
    asked, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "known.txt"
        one.write_text(KNOWN + "\n")
        known = ask(one, "--no-deps", *words)
    locked = ask(asked.lock, "--require-hashes", *words) if known is not None and known.weak else None
    status, text = judge(known, locked)
    print(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
