"""How dyadflow's tiers are called in an ELAN document, for its writer and its reader.

Every (tier, coder) is one ELAN tier called ``tier@coder`` with ``ANNOTATOR`` = coder, or plain ``tier`` for
segments without a coder. ELAN cannot hold two annotations of one tier at the same time: segments that overlap
others of their tier go to ``tier@coder#2``, ``#3`` and so on. The scheme's own name of the tier stands in the
linguistic type (``dyadflow:tier``), so that reading does not depend on how a tier is called. Confidence and
comment, which EAF has no place for, stand in dependent tiers ``tier@coder confidence`` and ``... comment``.
"""

import re
from urllib.parse import quote, unquote

#: Linguistic types of ours: of a tier of codes, and of the dependent tiers for what EAF has no place for.
TIER_TYPE = "dyadflow:"
NOTE_TYPE = "dyadflow-note:"
NOTES = ("confidence", "comment")


def quote_media(address: str) -> str:
    """An address of a recording without the characters that its type in the schema (anyURI) does not allow.

    Blanks and letters of all scripts stay, as ELAN writes them.
    """
    return re.sub(r"[%\[\]#]", lambda match: quote(match[0]), address)


def unquote_media(address: str) -> str:
    """The name of a recording as people and file systems have it."""
    return unquote(address)
