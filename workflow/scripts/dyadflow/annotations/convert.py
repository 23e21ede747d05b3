"""A coding file of any format into another, in the file's own words: no scheme needed."""

from pathlib import Path

from dyadflow.annotations.formats.eaf import write_eaf
from dyadflow.annotations.formats.registry import read_coding
from dyadflow.annotations.formats.tsv import write_tsv
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.open_states import close_open_states
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

#: Formats that can be written, by ending.
WRITERS = (".tsv", ".eaf")


def convert(source: str | Path, destination: str | Path, *, format: str = "auto") -> Issues:
    """Read a coding file and write its segments in another format.

    Tiers and codes stay as written. Where the file does not name the session, its own name without ending
    is taken; the coder is empty unless the file names one. A state without a stop ends where the next of its
    tier starts. Times are those of the file's recording: TIME_ORIGIN of an ELAN file's first medium is added.

    Parameters
    ----------
    source
        Any file that `read_coding` reads.
    destination
        Ends in ``.tsv`` (columns session, coder, tier, code, onset_s, offset_s, confidence, comment) or
        ``.eaf``.
    format
        Name of the source's format, or ``auto``.

    Returns
    -------
    Issues
        Every line or annotation of the source that is not in the destination, and what else was odd.

    Raises
    ------
    CodingFileError
        If the source cannot be read.
    DyadflowError
        If the destination's ending is not known, or it cannot hold the segments.
    """
    source, destination = Path(source), Path(destination)
    ending = destination.suffix.lower()
    if ending not in WRITERS:
        raise DyadflowError(
            f"there is no writing files that end in {destination.suffix!r}",
            where=str(destination),
            fix=f"choose a name that ends in {' or '.join(WRITERS)}",
        )
    segments, issues = read_segments(source, format)
    if ending == ".eaf":
        write_eaf(segments, destination)
    else:
        write_tsv(segments, destination)
    return issues


def read_segments(source: str | Path, format: str = "auto") -> tuple[Segments, Issues]:
    """Segments of a coding file as written there, and what was wrong with it.

    Parameters
    ----------
    source, format
        As for `convert`.
    """
    source = Path(source)
    reading = read_coding(source, format)
    rows, issues = close_open_states(reading.rows, None)
    origin_s = reading.origins_s[reading.media[0]] if reading.media else 0.0
    if origin_s:
        rows = rows.assign(
            onset_s=(rows.onset_s + origin_s).round(6), offset_s=(rows.offset_s + origin_s).round(6)
        )
    rows = rows.assign(session=rows.session.where(rows.session != "", source.stem))
    reversed_ = rows.offset_s < rows.onset_s
    issues = (
        reading.issues
        + issues
        + Issues.of(
            Issue(
                "reversed_segment",
                f"{row['code']!r} of tier {row['tier']!r} ends ({row['offset_s']:.3f} s) before it "
                f"begins ({row['onset_s']:.3f} s); it is left out",
                fix="correct its times",
                file=source.name,
                where=row["where"],
            )
            for row in rows[reversed_].to_dict("records")
        )
    )
    return Segments(rows[~reversed_]), issues
