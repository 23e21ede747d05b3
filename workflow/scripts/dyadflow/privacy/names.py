"""Names that stand for persons: of recordings, coding files, coders; found in a text, and replaced by codes."""

import html
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote


@dataclass(frozen=True)
class Name:
    """A word that must not be shared.

    Parameters
    ----------
    word
        As it is written in a sheet.
    what
        What it is, for a sentence: ``a recording's name``.
    code
        What stands for it in a copy; empty if nothing can (then the copy is refused).
    """

    word: str
    what: str
    code: str = ""


class Names:
    """All such words of a study.

    Parameters
    ----------
    names
        The words. Of one that is given twice the first counts.
    """

    def __init__(self, names: Iterable[Name] = ()) -> None:
        self.names = tuple(names)

    @cached_property
    def _by_spelling(self) -> dict[str, Name]:
        return {spelling.casefold(): name for name in reversed(self.names) for spelling in _spellings(name.word)}

    def find(self, text: str) -> dict[Name, int]:
        """The words that stand in a text, each with where it first begins."""
        found: dict[Name, int] = {}
        for match in self._matches(text):
            name = self._named(match[0])
            if name is not None:
                found.setdefault(name, match.start())
        return found

    def replace(self, text: str) -> str:
        """A text with codes in the place of the words that have one."""
        parts, end = [], 0
        for match in self._matches(text):
            name = self._named(match[0])
            if name is not None and name.code:
                parts += [text[end:match.start()], name.code]
                end = match.end()
        return "".join([*parts, text[end:]])

    def _matches(self, text: str) -> Iterable[re.Match[str]]:
        # Looking for each word by itself is fast; a pattern of a thousand words is not.
        low = text.casefold()
        there = sorted((spelling for spelling in self._by_spelling if spelling in low), key=len, reverse=True)
        if not there:
            return ()
        # Part of a longer word is another word; an underscore or a dot ends one.
        pattern = "(?<![^\\W_])(?:" + "|".join(map(re.escape, there)) + ")(?![^\\W_])"
        return re.finditer(pattern, text, re.IGNORECASE)

    def _named(self, written: str) -> Name | None:
        # What already is its own code (files that are named by it) gives nothing away.
        name = self._by_spelling.get(written.casefold())
        return None if name is None or name.code == written else name


def _spellings(word: str) -> set[str]:
    """How a word may be written: in URLs, HTML and JSON, and with accents as one sign or as two (as macOS does)."""
    found = set()
    for form in ("NFC", "NFD"):
        plain = unicodedata.normalize(form, word)
        found |= {plain, quote(plain), quote(plain, safe=""), html.escape(plain), json.dumps(plain)[1:-1]}
    return found


def tells_more_than(name: str, codes: Iterable[str]) -> bool:
    """Whether a file's name holds anything beyond codes: ``d01_anna`` does not where d01 and anna are codes."""
    rest = unicodedata.normalize("NFC", name).casefold()
    for code in sorted(codes, key=len, reverse=True):
        rest = re.sub(rf"(?<![^\W_]){re.escape(code.casefold())}(?![^\W_])", "", rest)
    return bool(re.search(r"[^\W_]", rest))
