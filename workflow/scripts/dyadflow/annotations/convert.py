"""A coding file of any format into another, in the file's own words: no scheme needed."""

from dataclasses import replace
from pathlib import Path

from dyadflow.annotations.formats.reading import Reading, ReadOptions
from dyadflow.annotations.formats.registry import choose_writer, read_coding
from dyadflow.annotations.formats.writing import WriteOptions, Writing
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.open_states import close_open_states
from dyadflow.annotations.scheme import Scheme
from dyadflow.annotations.segments import Segments


def convert(
    source: str | Path,
    destination: str | Path,
    *,
    format: str = "auto",
    to: str = "auto",
    options: ReadOptions | None = None,
    scheme: Scheme | None = None,
    media: str | None = None,
) -> Writing:
    """Read a coding file and write its segments in another format.

    Tiers and codes stay as written. Where the file does not name the session, its own name without ending
    is taken; the coder is empty unless the file names one. A state without a stop ends where the next of its
    tier starts. Times are those of the file's recording: TIME_ORIGIN of an ELAN file's first medium is added.

    Parameters
    ----------
    source
        Any file that `read_coding` reads.
    destination
        File to write.
    format
        Name of the source's format, or ``auto``.
    to
        Name of the format to write, or ``auto``: by the destination's ending.
    options
        What the user says of the source.
    scheme
        Codes, titles and colours for formats that hold them; otherwise what the source says of its codes.
    media
        The recording as the new file should name it; the one that the source names if not given.

    Returns
    -------
    Writing
        The files, and as issues every line or annotation of the source that is not in them, what the format
        cannot hold, and what else was odd.

    Raises
    ------
    CodingFileError
        If the source cannot be read.
    DyadflowError
        If the format to write is not known, or it cannot hold the segments.
    """
    source, destination = Path(source), Path(destination)
    writer = choose_writer(destination, to)
    reading = read_coding(source, format, options)
    segments, issues = own_segments(reading, source)
    named = media or (reading.media[0] if reading.media else None)
    written = writer.write(segments, destination, WriteOptions(
        scheme=scheme, vocabularies=reading.vocabularies, media=named,
        media_length_s=reading.lengths_s.get(reading.media[0]) if reading.media else None,
    ))
    return Writing(written.files, issues + written.issues)


def read_segments(
    source: str | Path, format: str = "auto", options: ReadOptions | None = None
) -> tuple[Segments, Issues]:
    """Segments of a coding file as written there, and what was wrong with it.

    Parameters
    ----------
    source, format, options
        As for `convert`.
    """
    source = Path(source)
    return own_segments(read_coding(source, format, options), source)


def own_segments(reading: Reading, source: Path) -> tuple[Segments, Issues]:
    """Segments of a reading in the file's own words: states closed, reversed ones left out with an issue.

    Parameters
    ----------
    reading
        What the file holds.
    source
        The file, for the session's name and the issues.
    """
    rows, issues = close_open_states(reading.rows, None)
    origin_s = reading.origins_s.get(reading.media[0], 0.0) if reading.media else 0.0
    if origin_s:
        rows = rows.assign(
            onset_s=(rows.onset_s + origin_s).round(6), offset_s=(rows.offset_s + origin_s).round(6)
        )
    rows = rows.assign(session=rows.session.where(rows.session != "", source.stem))
    reversed_ = rows.offset_s < rows.onset_s
    found = [*reading.issues, *issues]
    found += [
        Issue(
            "reversed_segment",
            f"{row['code']!r} of tier {row['tier']!r} ends ({row['offset_s']:.3f} s) before it "
            f"begins ({row['onset_s']:.3f} s); it is left out",
            fix="correct its times",
            where=row["where"],
        )
        for row in rows[reversed_].to_dict("records")
    ]
    return Segments(rows[~reversed_]), Issues.of(replace(issue, file=issue.file or source.name) for issue in found)
