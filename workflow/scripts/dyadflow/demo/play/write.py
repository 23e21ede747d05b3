"""The files of synthetic guided play: recording, coding files, sheets and, apart from them, the truth.

What a file holds depends on the settings and the session's name only, so that the sessions can be made in any
order, alone or side by side.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.demo.bouts import Bout, within
from dyadflow.demo.play.behaviour import YES, PlaySession, simulate_play
from dyadflow.demo.play.coders import CODERS, code_play, coders_of, segments_of
from dyadflow.demo.play.dyads import SESSIONS, describe_dyad
from dyadflow.demo.play.handwriting import write_by_hand
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.settings import draw_for
from dyadflow.tables import write_table

__all__ = [
    "CODERS",
    "SESSIONS",
    "coders_of",
    "coding_file_name",
    "make_play_coding",
    "make_play_recording",
    "write_play_sheets",
    "write_play_truth",
]

#: Coding began on this day and took so many.
FIRST_DAY, DAYS = date(2021, 3, 1), 90


def make_play_recording(session: str, *, settings: PlaySettings, path: str | Path) -> None:
    """Make one session's recording: H.264 in an mp4, with pixels that are not square and without sound.

    Parameters
    ----------
    session
        Its name.
    settings
        Of the study.
    path
        The file to write.

    Raises
    ------
    DyadflowError
        If ffmpeg cannot write the file.
    """
    from dyadflow.demo.play.recording import write_play_recording

    write_play_recording(simulate_play(session, settings), settings, Path(path))


def make_play_coding(session: str, coder: str, *, settings: PlaySettings, path: str | Path) -> None:
    """Make one coder's ELAN document of one session.

    Parameters
    ----------
    session
        Its name.
    coder
        A key of `CODERS`.
    settings
        Of the study.
    path
        The file to write; in the study it is called as `coding_file_name` says.

    Raises
    ------
    DyadflowError
        If nobody of that name codes.
    """
    from dyadflow.annotations.formats.writers.eaf import write_eaf

    truth = simulate_play(session, settings)
    coded = code_play(truth, coder, seed=settings.seed)
    write_eaf(write_by_hand(coded, truth, coder, seed=settings.seed), path, media=f"{session}.mp4")


def coding_file_name(session: str, coder: str) -> str:
    """What a coder's file is called: session, coder and day of coding, as in ``p01_A_20210412.eaf``.

    The day depends on the names alone, not on the seed, so that a sheet written once stays true.
    """
    day = FIRST_DAY + timedelta(days=int(draw_for(session, f"{coder}/day").integers(DAYS)))
    return f"{session}_{coder}_{day:%Y%m%d}.eaf"


def true_play(session: PlaySession) -> Segments:
    """What really happens in a session, coder ``truth``.

    Returns
    -------
    Segments
        Tiers ``phase``, the tasks; ``task_engagement`` and ``social_engagement``, the ``yes`` inside them;
        ``arm`` and ``head``, likewise when these move in rhythm, which is all that the picture shows.
    """
    tiers: dict[str, Sequence[Bout]] = {PHASE_TIER: session.tasks}
    for tier, bouts in {**session.engaged, **session.moving}.items():
        tiers[tier] = [
            bout for task in session.tasks for bout in within(bouts, task.onset_s, task.offset_s) if bout.code == YES
        ]
    return segments_of(session.name, "truth", tiers)


def write_play_truth(session: str, *, settings: PlaySettings, path: str | Path) -> None:
    """Write what really happens in a session, as a segment table; see `true_play`."""
    true_play(simulate_play(session, settings)).write(path)


def write_play_sheets(folder: str | Path, sessions: Sequence[str] = SESSIONS) -> None:
    """Write the study's sessions.tsv and coding.tsv; file names in them are relative to the data's folder."""
    dyads = [describe_dyad(name) for name in sessions]
    sheet = pd.DataFrame(
        {
            "session": list(sessions),
            "dyad": [dyad.name for dyad in dyads],
            "media": [f"{name}.mp4" for name in sessions],
            "experimenter": [dyad.experimenter for dyad in dyads],
            "block": [dyad.block for dyad in dyads],
            "infant_age_months": [dyad.infant_age_months for dyad in dyads],
            "infant_sex": [dyad.infant_sex for dyad in dyads],
        }
    )
    write_table(sheet, Path(folder) / "sessions.tsv", digits=1)
    coding = pd.DataFrame(
        [
            {
                "session": name, "coder": coder, "kind": "human", "format": "eaf",
                "path": coding_file_name(name, coder),
            }
            for name in sessions
            for coder in coders_of(name)
        ]
    )
    write_table(coding, Path(folder) / "coding.tsv")
