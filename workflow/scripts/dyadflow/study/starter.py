"""The files that a new study starts from, and empty ones to try a dry run with."""

from pathlib import Path

from dyadflow.errors import DyadflowError
from dyadflow.study.study import load_study

TEMPLATES = Path(__file__).parent / "templates"
#: The scheme to start from is copied, so that it can be changed for this study alone.
SCHEME = Path(__file__).parents[4] / "config" / "schemes" / "icep-r.yaml"
#: What `dyadflow init` writes.
STARTER = {name: TEMPLATES / name for name in ("study.yaml", "config.yaml", "sessions.tsv", "coding.tsv")}
STARTER["scheme.yaml"] = SCHEME


def write_starter(folder: str | Path) -> list[Path]:
    """Write a commented configuration, two sheets and a scheme into a new study's folder.

    Parameters
    ----------
    folder
        Made if it is not there. Its name becomes the study's.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DyadflowError
        If one of them is there already, or the folder's name cannot name a study.

    Notes
    -----
    The sheets hold their header lines only: `dyadflow check` asks for the first recording.
    """
    folder = Path(folder)
    name = folder.resolve().name
    if not name.replace("-", "").replace("_", "").isalnum() or not name[0].isalnum() or not name.isascii():
        raise DyadflowError(
            f"{name!r} cannot name a study", where=str(folder), fix="use letters, digits, - and _ for the folder"
        )
    there = [file for file in STARTER if (folder / file).exists()]
    if there:
        raise DyadflowError(
            f"there is a study already ({', '.join(there)})", where=str(folder), fix="choose another folder"
        )
    (folder / "human").mkdir(parents=True, exist_ok=True)
    for file, template in STARTER.items():
        text = template.read_text(encoding="utf-8")
        text = text.replace("{{name}}", name).replace("{{folder}}", folder.as_posix())
        (folder / file).write_text(text, encoding="utf-8")
    return [folder / file for file in STARTER]


def write_placeholders(study: str | Path) -> list[Path]:
    """Make an empty file for each recording and coding file that a study names and that is not there.

    So that a dry run can show the plan of a study before its recordings are at hand. `dyadflow check` calls
    every one of them empty.

    Returns
    -------
    list of Path
        The files made.
    """
    loaded = load_study(study)
    wanted = [Path(session.media) for session in loaded.sessions] + [Path(coding.path) for coding in loaded.coding]
    made = [path for path in wanted if not path.exists()]
    for path in made:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return made
