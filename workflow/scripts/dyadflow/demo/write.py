"""The synthetic study's files: recording, coding files and, apart from them, the truth.

What a file holds depends on the settings and the session's name only, so that the sessions can be made in any
order, alone or side by side.
"""

from collections.abc import Sequence
from pathlib import Path

from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.demo.behaviour import Session, simulate_session
from dyadflow.demo.coders import CODERS, code_session
from dyadflow.demo.dyads import SESSIONS, coding_sheet, session_sheet
from dyadflow.demo.settings import DemoSettings
from dyadflow.errors import DyadflowError
from dyadflow.tables import write_table

#: What the second coder's ELAN template calls its tiers.
ELAN_TIERS = {"infant": "Infant", "caregiver": "Caregiver", PHASE_TIER: "Phase"}


def make_recording(session: str, *, settings: DemoSettings, path: str | Path) -> None:
    """Make one session's recording: split-screen H.264 and AAC in an mp4.

    Parameters
    ----------
    session
        Its name.
    settings
        Of the study.
    path
        The file to write.
    """
    from dyadflow.demo.render import write_recording

    write_recording(simulate_session(session, settings), settings, Path(path))


def make_coding(session: str, coder: str, *, settings: DemoSettings, path: str | Path) -> None:
    """Make one coder's file of one session, in the format of that coder's software.

    Parameters
    ----------
    session
        Its name.
    coder
        A key of `CODERS`: anna writes an Observer export, ben an ELAN document.
    settings
        Of the study.
    path
        The file to write.

    Raises
    ------
    DyadflowError
        If nobody of that name codes.
    """
    if coder not in CODERS:
        raise DyadflowError(f"no coder is called {coder!r}", fix=f"name one of {', '.join(CODERS)}")
    segments = code_session(simulate_session(session, settings), coder, seed=settings.seed)
    if CODERS[coder].format == "observer":
        from dyadflow.demo.observer_export import write_observer_export

        write_observer_export(segments, Path(path), session=session, coder=coder)
    else:
        from dyadflow.annotations.formats.writers.eaf import write_eaf

        named = segments.table.assign(tier=segments.table.tier.map(ELAN_TIERS), coder="")
        write_eaf(Segments(named), path, media=f"{session}.mp4")


def true_segments(session: Session) -> Segments:
    """What really happens in a session, coder ``truth``; tiers infant, caregiver and phase."""
    tiers = {"infant": session.infant, "caregiver": session.caregiver, PHASE_TIER: session.phases}
    return Segments.from_rows(
        {
            "session": session.name,
            "coder": "truth",
            "tier": tier,
            "code": bout.code,
            "onset_s": bout.onset_s,
            "offset_s": bout.offset_s,
        }
        for tier, bouts in tiers.items()
        for bout in bouts
    )


def write_truth(session: str, *, settings: DemoSettings, path: str | Path) -> None:
    """Write what really happens in a session, as a segment table."""
    true_segments(simulate_session(session, settings)).write(path)


def write_sheets(folder: str | Path, sessions: Sequence[str] = SESSIONS) -> None:
    """Write the study's sessions.tsv and coding.tsv; file names in them are relative to the data's folder."""
    write_table(session_sheet(sessions), Path(folder) / "sessions.tsv", digits=1)
    write_table(coding_sheet(sessions), Path(folder) / "coding.tsv")
