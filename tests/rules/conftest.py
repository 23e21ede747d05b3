"""What the rules say, for tests that hold them against the library and the environments."""

import re
from pathlib import Path

import pytest

from dyadflow.provenance.digest import CodeMap

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"


@pytest.fixture(scope="session")
def code() -> CodeMap:
    """The import graph of the library, built once."""
    return CodeMap(SCRIPTS)


@pytest.fixture(scope="session")
def rules() -> dict[str, str]:
    """Each rule's body, by name."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))
    return dict(re.findall(r"^rule (\w+):\n(.*?)(?=^rule |^# |\Z)", text, flags=re.DOTALL | re.MULTILINE))
