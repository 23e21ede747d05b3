"""How coders write: the words of the coding manual, with stray blanks, capitals and typing errors."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.demo.bouts import Bout
from dyadflow.demo.play.behaviour import SOCIAL_ENGAGEMENT, TASK_ENGAGEMENT, PlaySession
from dyadflow.demo.play.coders import segments_of
from dyadflow.demo.settings import draw_for

#: What the ELAN template calls the tiers.
FILE_TIERS: Mapping[str, str] = MappingProxyType(
    {PHASE_TIER: "task", TASK_ENGAGEMENT: "participating", SOCIAL_ENGAGEMENT: "attending"}
)
#: The tier of remarks.
REMARK_TIER = "ignore"
#: What is written for a task, and for the two ways of being engaged: the first with this probability.
TASK_WORDS: Mapping[str, str] = MappingProxyType({"dolls": "people", "shaker": "eggs", "drum": "drums"})
ENGAGED_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {TASK_ENGAGEMENT: ("self", "joint"), SOCIAL_ENGAGEMENT: ("attending", "excited")}
)
FIRST_WORD_SHARE = 0.6
#: A long bout is sometimes written as two that touch, one word each.
SPLIT_SHARE, SPLIT_FROM_S = 0.3, 5.0
#: Typing errors; the scheme knows every one of them.
TYPOS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "people": ("poeple",),
        "eggs": ("egg", "shakers"),
        "drums": ("durms",),
        "joint": ("jont", "jiont"),
        "attending": ("atending", "attendig"),
        "excited": ("exited",),
    }
)
TYPO_SHARE, CAPITAL_SHARE, BLANK_SHARE = 0.05, 0.08, 0.07
REMARKS = ("parent talks", "toy on the floor", "check again", "looks into the camera", "somebody at the door")


def write_by_hand(segments: Segments, session: PlaySession, coder: str, *, seed: int) -> Segments:
    """What a coder's ELAN file holds: its tiers, its words, and a few remarks.

    Parameters
    ----------
    segments
        From `code_play`, of this coder.
    session
        The truth; only its length counts.
    coder
        Whose file it is.
    seed
        The study's.
    """
    rng = draw_for(session.name, f"{coder}/writing", seed=seed)
    tiers: dict[str, list[Bout]] = {}
    for row in segments.table.itertuples():
        for word, onset_s, offset_s in _word(rng, row.tier, row.code, row.onset_s, row.offset_s):
            tiers.setdefault(FILE_TIERS[row.tier], []).append(Bout(_type(rng, word), onset_s, offset_s))
    tiers[REMARK_TIER] = []
    for place in range(int(rng.integers(1, 4))):
        onset_s = round(session.duration_s * (place + rng.uniform(0.1, 0.6)) / 4, 3)
        remark = REMARKS[rng.integers(len(REMARKS))]
        tiers[REMARK_TIER].append(Bout(remark, onset_s, round(onset_s + rng.uniform(0.8, 3.0), 3)))
    return segments_of(session.name, "", tiers)


def _word(
    rng: np.random.Generator, tier: str, code: str, onset_s: float, offset_s: float
) -> list[tuple[str, float, float]]:
    """The manual's words for one segment: one, or two that touch."""
    if tier == PHASE_TIER:
        return [(TASK_WORDS[code], onset_s, offset_s)]
    first, second = ENGAGED_WORDS[tier]
    if rng.random() >= FIRST_WORD_SHARE:
        first, second = second, first
    if offset_s - onset_s > SPLIT_FROM_S and rng.random() < SPLIT_SHARE:
        middle_s = round(onset_s + rng.uniform(0.3, 0.7) * (offset_s - onset_s), 3)
        return [(first, onset_s, middle_s), (second, middle_s, offset_s)]
    return [(first, onset_s, offset_s)]


def _type(rng: np.random.Generator, word: str) -> str:
    """A word as it comes out of the keyboard."""
    if word in TYPOS and rng.random() < TYPO_SHARE:
        word = TYPOS[word][rng.integers(len(TYPOS[word]))]
    if rng.random() < CAPITAL_SHARE:
        word = word.upper() if rng.random() < 0.3 else word.capitalize()
    if rng.random() < BLANK_SHARE:
        word = f" {word}" if rng.random() < 0.3 else f"{word} "
    return word
