"""What a code digest is made of, kept once for each digest, so that it can be said later which module has changed."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from dyadflow.provenance.digest import PACKAGE, CodeMap, syntax_digest, version_of

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
        """Write it as a table, whole or not at all."""
        lines = [f"module\t{name}\t{digest}" for name, digest in self.modules.items()]
        lines += [f"library\t{name}\t{version}" for name, version in self.libraries.items()]
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".part-{os.getpid()}-{path.name}")
        unfinished.write_text("\n".join(["kind\tname\tdigest_or_version", *lines, ""]), encoding="utf-8")
        os.replace(unfinished, path)

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
    digests, imported = {}, set()
    for name, path in [("script", scripts / f"{script}.py"), *((name, _file_of(name, scripts)) for name in modules)]:
        if path.exists():
            digests[name], found = _digest_and_imports(path)
            imported |= found
    libraries = sorted(imported - set(sys.stdlib_module_names) - {PACKAGE})
    return CodeRecord(digests, {name: version_of(name) for name in libraries})


def _file_of(module: str, scripts: Path) -> Path:
    base = scripts.joinpath(*module.split("."))
    return base.with_suffix(".py") if base.with_suffix(".py").exists() else base / "__init__.py"


@cache
def _digest_and_imports(path: Path) -> tuple[str, frozenset[str]]:
    source = path.read_text(encoding="utf-8")
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return syntax_digest(source)[:16], frozenset(found)


def digest_now(rule: str, modules: Iterable[str], scripts: Path = SCRIPTS) -> str | None:
    """The digest that a rule's code has now; ``None`` if its script, or a module that it named, is gone.

    Parameters
    ----------
    rule
        Its script has the same name.
    modules
        What the digest covered when it was taken: among them is what the script loads by name while running.
    scripts
        Folder of the scripts; that of another copy of the project is looked at by a Python of its own.
    """
    script = scripts / f"{rule}.py"
    if not script.exists():
        return None
    if scripts.resolve() == SCRIPTS.resolve():
        try:
            return _code_map(scripts).code_of(script, modules)[0]
        except ValueError:
            return None
    asked = "import sys; from dyadflow.provenance.code_record import digest_now; from pathlib import Path; " \
            "print(digest_now(sys.argv[1], sys.argv[3:], Path(sys.argv[2])) or '')"
    done = subprocess.run(
        [sys.executable, "-c", asked, rule, str(scripts), *modules], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(scripts)},
    )
    return done.stdout.strip() or None


@cache
def _code_map(scripts: Path) -> CodeMap:
    return CodeMap(scripts)
