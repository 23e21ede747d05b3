"""What of a study must not be shared: its names, and the codes that stand for them; check and copy of its results."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.errors import DyadflowError
from dyadflow.media.layout import AUDIO, view_file
from dyadflow.media.settings import REGIONS
from dyadflow.privacy.check import BLURRED, check_folder
from dyadflow.privacy.faces.exporting import blur_film, blur_picture
from dyadflow.privacy.faces.registry import Detector, load_detector
from dyadflow.privacy.findings import Finding
from dyadflow.privacy.names import Name, Names, tells_more_than
from dyadflow.privacy.share import Shared, share_results
from dyadflow.provenance.fingerprint import sha256_of
from dyadflow.study.sheets import Session
from dyadflow.study.study import Study, load_study
from dyadflow.tables import write_table

#: Columns of the table of what was blurred.
BLURRED_COLUMNS = ("file", "parts", "blurred_whole", "share_blurred_whole", "sound", "sha256")

#: A file called so is called after what it is, not after whom it shows.
ORDINARY = (
    "infant", "caregiver", "mother", "father", "parent", "child", "baby", "scene", "session", "dyad", "video", "audio",
    "sound", "camera", "cam", "recording", "coding", "codes", "annotations", "segments", "export", "data", "raw",
    "final", "whole", "left", "right", "top", "bottom", "phase", "phases", "table", "coder", "model", "human", "events",
)
#: Shorter words, and numbers, stand in a page by chance.
LEAST_WORD = 4


def find_unshareable(target: str | Path, results: str | Path = "results") -> list[Finding]:
    """What must not be shared, in the results of a study or in a folder.

    Parameters
    ----------
    target
        The study's YAML file; or a folder, a copy for example, of which everything is looked at, but no study's names
        are known.
    results
        Where results lie.

    Raises
    ------
    DyadflowError
        If there is no such study or folder.
    """
    target = Path(target)
    if target.is_dir():
        return check_folder(target, kept_in=())
    study = load_study(target)
    folder = Path(results) / study.name
    if not folder.is_dir():
        raise DyadflowError("there are no results", where=str(folder), fix="run the workflow first")
    return check_folder(folder, names_of(study), private_columns=private_columns(study))


def share_study(
    file: str | Path, into: str | Path, *, results: str | Path = "results", features: bool = False,
    models: bool = False, pictures: bool = False, films: bool = False, sound: bool = False, faces: str = "haar",
    faces_file: str | Path | None = None,
) -> Shared:
    """Copy what may be shared of a study's results, with codes for names; pictures of persons only with faces blurred.

    Parameters
    ----------
    file
        The study's YAML file.
    into, results
        Folder to make; folder of all results.
    features, models
        As for `privacy.share.share_results`.
    pictures, films
        Whether the pictures of `private/streams`, and the views, are exported with faces blurred.
    sound
        Whether films keep their sound. A voice is not made unknown by anything here.
    faces, faces_file
        The detector of faces, and its weights where it has none of its own.

    Raises
    ------
    DyadflowError
        If something must not be shared, or cannot be done.
    """
    study = load_study(file)
    folder = Path(results) / study.name
    if sound and not films:
        raise DyadflowError("sound is shared with films only", where="--sound", fix="add --films, or leave it out")
    detector = load_detector(faces, faces_file) if pictures or films else None

    def export(copy: Path) -> None:
        assert detector is not None
        rows = list(_blurred(study, folder, copy, detector, pictures=pictures, films=films, sound=sound))
        write_table(pd.DataFrame(rows, columns=list(BLURRED_COLUMNS)), copy / BLURRED)

    return share_results(
        folder, into, names_of(study), features=features, models=models, comments=study.settings.privacy.comments,
        private_columns=private_columns(study), export=export if detector else None)


def persons_in(study: Study, session: Session, view: str) -> int:
    """How many persons a view shows, as the study says; else one, and two in more than half the picture."""
    region = session.views.get(view, study.settings.media.views[view].region)
    _, _, width, height = REGIONS[region] if isinstance(region, str) else region
    return study.settings.privacy.persons.get(view, 2 if width * height > 0.5 else 1)


def _blurred(
    study: Study, folder: Path, copy: Path, detector: Detector, *, pictures: bool, films: bool, sound: bool
) -> Iterator[dict[str, Any]]:
    """Exports what shows persons, and tells of each file how much of it is blurred from edge to edge."""
    views = list(study.settings.media.views)
    for session in study.sessions:
        jobs = []
        picture = folder / "private" / "streams" / f"{session.name}.png"
        if pictures and picture.is_file():
            persons = max(persons_in(study, session, view) for view in views)
            place = copy / "pictures" / picture.name
            jobs.append((place, partial(blur_picture, picture, place, detector, persons=persons), "no"))
        media = folder / "private" / "media" / session.name
        for view in views if films else ():
            if view_file(media, view).is_file():
                place = copy / "films" / session.name / f"{view}.mp4"
                jobs.append((place, partial(
                    blur_film, view_file(media, view), place, detector, persons=persons_in(study, session, view),
                    rate_hz=study.settings.media.rate_hz, sound=view_file(media, AUDIO) if sound else None,
                ), "yes" if sound else "no"))
        for place, blur, heard in jobs:
            place.parent.mkdir(parents=True, exist_ok=True)
            made = blur()
            print(f"{place.relative_to(copy)}: {made.whole_share:.0%} of {made.parts} blurred whole", flush=True)
            yield {"file": place.relative_to(copy).as_posix(), "parts": made.parts, "blurred_whole": made.whole,
                   "share_blurred_whole": made.whole_share, "sound": heard, "sha256": sha256_of(place)}


def private_columns(study: Study) -> tuple[str, ...]:
    """Columns of the sheet of sessions that no result may hold."""
    return tuple(study.settings.privacy.private_covariates)


def names_of(study: Study) -> Names:
    """Words that must not be shared: of recordings, coding files and their folders, and what the study adds.

    A name that holds nothing but codes of session, dyad and coder, or ordinary words, is none.
    """
    return Names([
        *_files(study), *_folders(study), *_withheld(study),
        *(Name(word, "a word that the study keeps private") for word in study.settings.privacy.names),
        *(Name(coder, "a coder's name") for coder in dict.fromkeys(coding.coder for coding in study.coding)
          if study.settings.privacy.coders_are_names),
    ])


def _codes(study: Study) -> list[str]:
    scheme = study.scheme
    return [
        *(session.name for session in study.sessions), *(session.dyad for session in study.sessions),
        *(coding.coder for coding in study.coding), *scheme.targets, *scheme.tiers, *study.settings.media.views,
        study.name, *ORDINARY,
    ]


def _files(study: Study) -> Iterator[Name]:
    codes = _codes(study)
    named = [(Path(session.media), session.name, "the name of a recording") for session in study.sessions]
    named += [(Path(coding.path), f"{coding.session}_{coding.coder}", "the name of a coding file")
              for coding in study.coding]
    telling = [one for one in named if tells_more_than(one[0].stem, codes)]
    yield from (Name(path.name, what, code + path.suffix) for path, code, what in telling)
    # Of a recording first: coding files are often called the same, and the session's code then stands for both.
    yield from (Name(path.stem, what, code) for path, code, what in telling if _is_word(path.stem))


def _folders(study: Study) -> Iterator[Name]:
    """A folder that holds one dyad's files alone may be called after persons."""
    dyads: dict[str, set[str]] = defaultdict(set)
    of = {session.name: session.dyad for session in study.sessions}
    for session, path in _paths(study):
        for part in Path(path).parts[:-1]:
            dyads[part].add(of[session])
    several, codes = len(set(of.values())) > 1, _codes(study)
    for part, holds in dyads.items():
        if several and len(holds) == 1 and _is_word(part) and tells_more_than(part, codes):
            yield Name(part, "the name of a folder with one dyad's files", next(iter(holds)))


def _paths(study: Study) -> Iterable[tuple[str, str]]:
    yield from ((session.name, session.media) for session in study.sessions)
    yield from ((coding.session, coding.path) for coding in study.coding)


def _withheld(study: Study) -> Iterator[Name]:
    """Values of private covariates that tell one session from others: dates, names, notes."""
    values: dict[tuple[str, str], int] = defaultdict(int)
    for session in study.sessions:
        for column, value in session.withheld.items():
            values[column, value] += 1
    for (column, value), count in values.items():
        if len(value) >= 6 and count <= len(study.sessions) / 2:
            yield Name(value, f"a value of {column}, which the study keeps private")


def _is_word(word: str) -> bool:
    return len(word) >= LEAST_WORD and not word.isdigit()
