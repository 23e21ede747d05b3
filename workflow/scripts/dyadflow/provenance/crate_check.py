"""Whether an RO-Crate holds what it names: every file there, with the size and the SHA-256 that stand in it."""

from pathlib import Path
from urllib.parse import unquote

from rocrate.rocrate import ROCrate

from dyadflow.errors import DyadflowError
from dyadflow.provenance.fingerprint import sha256_of

#: What a crate says of itself is not listed in it with a digest.
OF_ITSELF = ("ro-crate-metadata.json", "ro-crate-preview.html")


def check_crate(folder: str | Path) -> int:
    """Read a crate back and compare each file with what is said of it.

    Returns
    -------
    int
        How many files it names.

    Raises
    ------
    DyadflowError
        With a sentence for each file that is not there, is another, or is not named.
    """
    folder = Path(folder)
    named, findings = set(), []
    for entity in ROCrate(folder).data_entities:
        if "File" not in ([entity.type] if isinstance(entity.type, str) else entity.type):
            continue
        name = unquote(entity.id)
        path = folder / name
        named.add(name)
        if not path.is_file():
            findings.append(f"{name} is named and not there")
        elif str(path.stat().st_size) != entity.get("contentSize") or sha256_of(path) != entity.get("sha256"):
            findings.append(f"{name} is not the file that is named")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    findings += [f"{name} is there and not named" for name in sorted(there - named - set(OF_ITSELF))]
    if findings:
        raise DyadflowError(
            "the crate does not hold what it names", where=str(folder), fix="write it again", findings=findings)
    return len(named)
