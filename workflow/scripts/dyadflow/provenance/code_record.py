"""What a code digest is made of, kept once for each digest, so that it can be said later which module has changed."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from dyadflow.provenance.digest import PACKAGE, CodeMap, syntax_digest, version_of
from dyadflow.provenance.whole import whole

SCRIPTS = Path(__file__).parents[2]


@dataclass(frozen=True)
class CodeRecord:
    """The parts of one code digest.

    Attributes
    ----------
    modules
        Digest of each module of the library that the code reaches, and of its script under the name ``script``.
    libraries
        Version of each library that those modules import, by the name of the import.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write it as a table, whole or not at all; all jobs of a rule write the same one."""
        lines = [f"module\t{name}\t{digest}" for name, digest in self.modules.items()]
        lines += [f"library\t{name}\t{version}" for name, version in self.libraries.items()]
        with whole(path, shared=True) as beside:
            beside.write_text("\n".join(["kind\tname\tdigest_or_version", *lines, ""]), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "CodeRecord":
        """Read what `write` wrote; of a file that is not there, nothing."""
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]] if path.exists() else []
        return cls({name: what for kind, name, what in rows if kind == "module"},
                   {name: what for kind, name, what in rows if kind == "library"})

    def differences(self, other: "CodeRecord") -> list[str]:
        """Names of modules that differ from another record's, and libraries with both versions."""
        modules = [
            name for name in sorted(self.modules.keys() | other.modules.keys())
            if self.modules.get(name) != other.modules.get(name)
        ]
        libraries = [
            name for name in sorted(self.libraries.keys() | other.libraries.keys())
            if self.libraries.get(name) != other.libraries.get(name)
        ]
        return [name.removeprefix(f"{PACKAGE}.") for name in modules] + [
            f"{name} {self.libraries.get(name, 'absent')} → {other.libraries.get(name, 'absent')}"
            for name in libraries
        ]


def record_code(script: str, modules: Sequence[str], scripts: Path = SCRIPTS) -> CodeRecord:
    """The parts of a digest from the files as they are now.

    Parameters
    ----------
    script
        Name of the rule, and with it of its script.
    modules
        What its digest covers. One that is no longer there is left out.
    scripts
        Folder of the scripts.
    """
    code_map, digests, imported = CodeMap(scripts), {}, set()
    place = scripts / f"{script}.py"
    if place.exists():
        digests["script"] = syntax_digest(place.read_text(encoding="utf-8"))[:16]
        imported |= _imports_of(place)
    for name in modules:
        if (place := code_map.file_of(name)).exists():
            digests[name] = code_map.digest_of(name)[:16]
            imported |= _imports_of(place)
    libraries = sorted(imported - set(sys.stdlib_module_names) - {PACKAGE})
    return CodeRecord(digests, {name: version_of(name) for name in libraries})


def _imports_of(path: Path) -> set[str]:
    """Packages that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def digests_now(covered: Mapping[str, Sequence[str]], scripts: Path = SCRIPTS) -> dict[str, str | None]:
    """The digests that some code has now; ``None`` for one whose script, or a module that it named, is gone.

    Parameters
    ----------
    covered
        By any name: the rule, and with it the script, and then the modules that the digest covered when it was taken.
        Among them is what the script loads by name while running.
    scripts
        Folder of the scripts; that of another copy of the project is looked at by a Python of its own, because only
        one copy of a package can be loaded.
    """
    if scripts.resolve() == SCRIPTS.resolve():
        return _digests_now(covered, _own_code_map())
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, str(scripts)],
        input=json.dumps({name: list(parts) for name, parts in covered.items()}), capture_output=True, text=True,
        check=False, env={**os.environ, "PYTHONPATH": str(scripts)},
    )
    return json.loads(done.stdout) if done.returncode == 0 else dict.fromkeys(covered)


@cache
def _own_code_map() -> CodeMap:
    # Of a process that has loaded the code, the code does not change any more.
    return CodeMap(SCRIPTS)


def _digests_now(covered: Mapping[str, Sequence[str]], code_map: CodeMap) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, (rule, *modules) in covered.items():
        try:
            found[name] = code_map.code_of(code_map.scripts / f"{rule}.py", modules)[0]
        except (OSError, ValueError):
            found[name] = None
    return found


#: The same for a copy of the project that may be older than this file: it needs no more of it than `CodeMap`.
_ELSEWHERE = """
import json, sys
from dyadflow.provenance.digest import CodeMap
code_map, found = CodeMap(sys.argv[1]), {}
for name, (rule, *modules) in json.load(sys.stdin).items():
    try:
        found[name] = code_map.code_of(code_map.scripts / f"{rule}.py", modules)[0]
    except (OSError, ValueError):
        found[name] = None
print(json.dumps(found))
"""
