"""Absolute paths in a text: they tell a machine, a user and often a person."""

import re
from collections.abc import Callable

#: A name in a path, without blanks: what follows a blank is rather the next word of a sentence.
_PART = r"[\w.@+~%$-]+"
_PATHS = re.compile(
    r"file:/{1,3}[^\s\"'<>|]+"
    # C:\Users\anna, C:/Users/anna; in JSON every backslash stands twice.
    rf"|(?<![A-Za-z0-9])[A-Za-z]:(?:\\{{1,2}}|/){_PART}(?:[ ]{_PART})*(?:\\{{1,2}}|/)(?:{_PART}(?:\\{{1,2}}|/)?)*"
    # \\server\share
    rf"|(?<![\\\w])(?:\\\\){{1,2}}[A-Za-z0-9][\w.-]+\\{{1,2}}[\w$](?:{_PART}|\\{{1,2}})*"
    # ~/data, ~anna/data
    rf"|(?<![\w/~])~\w*/{_PART}(?:/{_PART})*"
    # /home/anna: two names at least, and no part of an address, a closing tag, a fraction or a pointer (#/a/b)
    rf"|(?<![\w/:.<>*)\]}}\\~#%&?=-])/(?=[\w.@+~])(?!/){_PART}/{_PART}(?:/{_PART})*"
    rf"|(?<==)/(?:home|Users|mnt|media|data|scratch|srv|tmp|var|opt|root|Volumes)/{_PART}(?:/{_PART})*",
)


def find_paths(text: str) -> dict[str, int]:
    """Absolute paths in a text (POSIX, Windows, network shares, home folders, file URLs), each with where it begins."""
    found: dict[str, int] = {}
    for match in _PATHS.finditer(text):
        found.setdefault(match[0], match.start())
    return found


def replace_paths(text: str, by: Callable[[str], str]) -> str:
    """A text in which another word stands for every absolute path."""
    return _PATHS.sub(lambda match: by(match[0]), text)


def shorten_paths(text: str) -> str:
    """A text in which of every absolute path only the last name is left, with `.../` before it."""
    return replace_paths(text, lambda path: ".../" + re.split(r"[\\/]+", path.rstrip("\\/"))[-1])
