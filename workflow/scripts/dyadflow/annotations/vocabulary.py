"""What an import needs of a scheme, and no more: a merge with other members imports nothing again."""

import difflib
from dataclasses import dataclass
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field

from dyadflow.annotations.scheme import PHASE_TIER, Scheme

__all__ = ["PHASE_TIER", "Place", "Terms", "Vocabulary"]


def _fold(text: str) -> str:
    """Without capitals, and with blanks only between words: nobody means a difference by these."""
    return " ".join(text.split()).casefold()


class Terms(BaseModel):
    """Names of one tier and its codes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: list[str] = Field(description="What coding files call the tier.")
    exclusive: bool = Field(True, description="Whether two of its codes may never overlap.")
    codes: list[str] = Field(description="The scheme's codes, and what merges of them are called.")
    aliases: dict[str, str] = Field(default_factory=dict, description="Other spellings, each with its code.")
    otherwise: str = Field("", description="Coding by presence: the code of what no segment covers in a phase.")

    @cached_property
    def _folded(self) -> dict[str, str]:
        found: dict[str, set[str]] = {}
        for written, code in [*((code, code) for code in self.codes), *self.aliases.items()]:
            found.setdefault(_fold(written), set()).add(code)
        return {written: next(iter(codes)) for written, codes in found.items() if len(codes) == 1}

    def code_of(self, written: str) -> str | None:
        """The code that something written stands for; capitals and outer blanks do not matter.

        Where two codes differ by these alone, they do matter.
        """
        stripped = written.strip()
        if stripped in self.codes:
            return stripped
        return self.aliases.get(stripped) or self._folded.get(_fold(written))

    def nearest(self, written: str) -> str | None:
        """The code that something unknown looks most like, if any."""
        known = {
            _fold(name): code
            for name, code in [*self.aliases.items(), *((code, code) for code in self.codes)]
        }
        close = difflib.get_close_matches(_fold(written), list(known), n=1, cutoff=0.6)
        return known[close[0]] if close else None


@dataclass(frozen=True)
class Place:
    """Where an annotation belongs.

    Parameters
    ----------
    tier
        The scheme's tier, or None if the file's tier is not in the scheme.
    code
        The scheme's code, or None if the tier has no such code.
    coder
        The coder that the tier's name gives after an ``@``, or empty.
    """

    tier: str | None
    code: str | None = None
    coder: str = ""


class Vocabulary(BaseModel):
    """The part of a scheme that an import needs: not members of merges, targets, titles or colours.

    A merge's name counts as a code of the tier whose codes it merges, because predicted codes are merged
    ones, and so are those of a person who corrects them. The tier of phases, if the scheme has phases, is
    called `PHASE_TIER`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tiers: dict[str, Terms]
    phases: Terms | None = None
    ignored: list[str] = Field(default_factory=list, description="Tiers of coding files that are passed over.")

    @classmethod
    def of(cls, scheme: Scheme) -> "Vocabulary":
        """The vocabulary of a scheme."""
        return cls(
            tiers={
                name: Terms(
                    names=[name, *(other for other in tier.names if other != name)],
                    exclusive=tier.exclusive,
                    codes=[*tier.codes, *scheme.merges_of(name)],
                    aliases=tier.aliases,
                    otherwise=tier.otherwise,
                )
                for name, tier in scheme.tiers.items()
            },
            phases=None if scheme.phases is None else Terms(
                names=[PHASE_TIER, *(name for name in scheme.phases.names if name != PHASE_TIER)],
                codes=list(scheme.phases.codes),
                aliases=scheme.phases.aliases,
            ),
            ignored=scheme.ignored,
        )

    def terms(self, tier: str) -> Terms:
        """The names of one tier, phases included."""
        return self.phases if self.phases and tier == PHASE_TIER else self.tiers[tier]

    @cached_property
    def exclusive_tiers(self) -> tuple[str, ...]:
        """Tiers whose codes may not overlap, phases included."""
        return tuple(name for name in self._all if self.terms(name).exclusive)

    def ignores(self, tier: str) -> bool:
        """Whether a file's tier, with or without ``@coder`` behind its name, is one to pass over."""
        folded = _fold(tier)
        return any(folded == name or folded.startswith(f"{name}@") for name in map(_fold, self.ignored))

    @cached_property
    def _all(self) -> tuple[str, ...]:
        return (*self.tiers, *([PHASE_TIER] if self.phases else []))

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for tier in self._all:
            for name in self.terms(tier).names:
                if tier not in found.setdefault(_fold(name), []):
                    found[_fold(name)].append(tier)
        return found

    def place(self, tier: str, code: str) -> Place:
        """Find the scheme's tier and code for what a file says.

        A tier counts under any of its names, with or without ``@coder`` behind it. Where two tiers share a
        name (phases coded on the caregiver's row, say), or the file has no tiers at all, the one that knows
        the code is meant, if it is the only one.
        """
        candidates, coder = self._candidates(tier)
        knowing = [name for name in candidates if self.terms(name).code_of(code) is not None]
        if not _fold(tier) and len(knowing) != 1:
            return Place(None)
        chosen = knowing[0] if len(knowing) == 1 else candidates[0] if candidates else None
        return Place(
            chosen, self.terms(chosen).code_of(code) if chosen and len(knowing) <= 1 else None, coder
        )

    def _candidates(self, tier: str) -> tuple[list[str], str]:
        folded = _fold(tier)
        if not folded:
            return list(self._all), ""
        if folded in self._by_name:
            return self._by_name[folded], ""
        named = [name for name in self._by_name if folded.startswith(f"{name}@")]
        if not named:
            return [], ""
        name = max(named, key=len)
        return self._by_name[name], tier.split("@", name.count("@") + 1)[-1].strip()
