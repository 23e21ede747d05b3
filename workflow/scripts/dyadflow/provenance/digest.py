"""A digest of the code that a rule's result depends on.

Snakemake reruns a job when its script changes, but not when a module changes that the script imports. So
every rule carries, as a parameter, a digest of all the code that its script reaches.
"""

import ast
import hashlib
import importlib.metadata
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grimp

from dyadflow.provenance.kept_digests import KeptDigests

PACKAGE = "dyadflow"
#: How a result was recorded, and how an error is worded, is not part of what a result is.
LEFT_OUT = (f"{PACKAGE}.provenance", f"{PACKAGE}.errors")
#: Import names that differ from the name of the distribution that brings them.
DISTRIBUTIONS = {
    "ffmpeg": "ffmpeg-python", "imageio_ffmpeg": "imageio-ffmpeg", "pyannote": "pyannote-core",
    "pygamma_agreement": "pygamma-agreement", "pympi": "pympi-ling", "sklearn": "scikit-learn", "yaml": "PyYAML",
}


def syntax_digest(source: str) -> str:
    """Digest of what a module does: its syntax tree without comments, docstrings and layout.

    Parameters
    ----------
    source
        Python source text.

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            value = first.value if isinstance(first, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


class CodeMap:
    """The import graph of the library, and the digests that follow from it.

    Parameters
    ----------
    scripts
        Folder that holds the scripts and, beside them, the package.
    kept
        A file in which digests are kept from run to run, under a digest of every byte that they rest on: reading all
        files is fast, taking them apart is not. It may be deleted at any time. None: nothing is kept.
    """

    def __init__(self, scripts: str | Path, kept: str | Path | None = None) -> None:
        self.scripts = Path(scripts)
        self._digests: dict[str, str] = {}
        self._kept = KeptDigests(kept, self.scripts) if kept is not None else None

    @cached_property
    def _graph(self) -> "grimp.ImportGraph":
        import grimp

        return grimp.build_graph(
            PACKAGE, include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
        )

    @cached_property
    def _modules(self) -> set[str]:
        return {name for name in self._graph.modules if name.split(".")[0] == PACKAGE}

    def reached(self, script: str | Path, entries: Iterable[str] = ()) -> list[str]:
        """Every module of the library that a script can load, parents included, sorted.

        Parameters
        ----------
        script
            Path of the script.
        entries
            Modules that it loads by name while running: the backbone or network that the study asks for.
        """
        waiting = [*self._imports_of(Path(script).read_text(encoding="utf-8")), *entries]
        found: set[str] = set()
        while waiting:
            module = waiting.pop()
            if module in found or module.startswith(LEFT_OUT):
                continue
            if module not in self._modules:
                raise ValueError(f"{script} reaches {module}, which is no module of {PACKAGE}")
            found.add(module)
            waiting += [name for name in self._graph.find_modules_directly_imported_by(module) if name in self._modules]
            if "." in module:
                waiting.append(module.rpartition(".")[0])
        return sorted(found)

    def code_of(self, script: str | Path, entries: Iterable[str] = ()) -> list[str]:
        """The digest of a script and all that it reaches, and behind it the names of the modules reached.

        Covers the syntax trees of the script and the modules, files other than Python that lie in the
        modules' folders (templates), and the versions of the libraries that the modules import.
        """
        if self._kept is None:
            return self._code_of(script, entries)
        name = "|".join([Path(script).name, *entries])
        found = self._kept.recall(name)
        if found is None:
            found = self._code_of(script, entries)
            self._kept.remember(name, found)
        return found

    def _code_of(self, script: str | Path, entries: Iterable[str]) -> list[str]:
        modules = self.reached(script, entries)
        parts = [syntax_digest(Path(script).read_text(encoding="utf-8"))]
        parts += [f"{module} {self.digest_of(module)}" for module in modules]
        parts += self._versions(modules)
        return [hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16], *modules]

    def _imports_of(self, source: str) -> list[str]:
        found = []
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    found.append(inner if inner in self._modules else str(node.module))
        return found

    def file_of(self, module: str) -> Path:
        """Where a module lies, or would lie as a package."""
        base = self.scripts.joinpath(*module.split("."))
        return base.with_suffix(".py") if base.with_suffix(".py").exists() else base / "__init__.py"

    def digest_of(self, module: str) -> str:
        """The digest of one module, of a package with the files other than Python in its folder."""
        if module not in self._digests:
            path = self.file_of(module)
            digest = hashlib.sha256(syntax_digest(path.read_text(encoding="utf-8")).encode())
            if path.name == "__init__.py" and module != PACKAGE:
                for extra in _files_besides_python(path.parent):
                    digest.update(extra.relative_to(path.parent).as_posix().encode() + extra.read_bytes())
            self._digests[module] = digest.hexdigest()
        return self._digests[module]

    def _versions(self, modules: Sequence[str]) -> list[str]:
        names = {
            name.split(".")[0]
            for module in modules
            for name in self._graph.find_modules_directly_imported_by(module)
            if name not in self._modules
        }
        return [f"{name} {version_of(name)}" for name in sorted(names - set(sys.stdlib_module_names))]


def _files_besides_python(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and "__pycache__" not in path.parts
    )


def version_of(name: str) -> str:
    """Version of the distribution that brings the import `name`; ``absent`` where it is not installed."""
    try:
        return importlib.metadata.version(DISTRIBUTIONS.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return "absent"
