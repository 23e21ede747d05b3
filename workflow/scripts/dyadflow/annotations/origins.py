"""Recordings that a coding file names, and where on the recording's clock its zero lies."""

from pathlib import PurePosixPath

from dyadflow.annotations.formats.reading import Reading
from dyadflow.annotations.issues import Issue


def media_name(medium: str) -> str:
    """The file name in a path or address of any system."""
    return PurePosixPath(medium.replace("\\", "/")).name


def media_stem(medium: str) -> str:
    """The file name without its ending and without capitals."""
    return PurePosixPath(media_name(medium)).stem.casefold()


def find_origin_s(reading: Reading, recording: str, issues: list[Issue]) -> float:
    """Where on the recording's clock the file's zero lies, by the file's own account.

    Parameters
    ----------
    reading
        What the file holds.
    recording
        File name of the session's recording; only needed if the file links recordings that begin at
        different times.
    issues
        Gets an issue if the recording is not certain to be one of those.

    Returns
    -------
    float
        Seconds; 0 if the file says nothing.
    """
    origins = set(reading.origins_s.values())
    if len(origins) <= 1:
        return next(iter(origins), 0.0)
    named = [
        origin
        for medium, origin in reading.origins_s.items()
        if recording and media_stem(medium) == media_stem(recording)
    ]
    if len(set(named)) == 1:
        return named[0]
    first = reading.media[0]
    listed = ", ".join(f"{media_name(medium)} {origin:g} s" for medium, origin in reading.origins_s.items())
    issues.append(
        Issue(
            "media_origins",
            f"the file links recordings that begin at different times ({listed}), and none is certain to be "
            f"this session's; the first, {media_name(first)}, is taken for it",
            fix="give the recording its linked name",
        )
    )
    return reading.origins_s[first]
