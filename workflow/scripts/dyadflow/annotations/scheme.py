"""The coding scheme, as data: tiers, codes, merges, phases, targets with literal class lists."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dyadflow.errors import DyadflowError

#: What the tier of phases is called in tables of segments.
PHASE_TIER = "phase"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Code(_Strict):
    """One code of a tier."""

    title: str = Field(description="What people call it: Protest.")
    meaning: str = Field("", description="One line for the report's legend.")
    colour: str = Field("#999999", description="The colour of this code in every figure, #rrggbb.")
    status: Literal["scorable", "unscorable", "excluded"] = Field(
        "scorable", description="unscorable: could not be seen. excluded: seen, but not part of any target."
    )


class Tier(_Strict):
    """One stream of codes, such as the infant's engagement phases."""

    title: str
    role: str = Field("", description="Whose behaviour: infant, caregiver; names the view that shows it.")
    names: list[str] = Field(
        default_factory=list,
        description="What coding files call this tier (ELAN tier, Observer subject), besides its own key.",
    )
    exclusive: bool = Field(True, description="Whether two codes of this tier may never overlap.")
    codes: dict[str, Code]
    aliases: dict[str, str] = Field(
        default_factory=dict, description="Other spellings found in files, each with the code it stands for."
    )
    otherwise: str = Field(
        "",
        description="Coding by presence: the code of every moment inside a phase that no segment of this tier covers.",
    )


class Phase(_Strict):
    """A named interval of the session, such as still-face."""

    title: str = ""
    colour: str = "#dddddd"
    excluded: bool = Field(
        False, description="Not part of the paradigm (turn-away): never trained or scored on."
    )
    instructed: bool = Field(
        False,
        description="Behaviour is instructed here (still-face), so results are also reported without it.",
    )


class Phases(_Strict):
    """Where phases are coded and what they are called."""

    names: list[str] = Field(default_factory=list, description="What coding files call the tier of phases.")
    codes: dict[str, Phase]
    aliases: dict[str, str] = Field(default_factory=dict)
    spans: Literal["shared", "each_coder"] = Field(
        "shared",
        description="shared: those of one coder, or of the sheet, hold for all. each_coder: every coder marks them.",
    )


class Target(_Strict):
    """What one model predicts."""

    title: str = ""
    tier: str
    classes: list[str] = Field(
        min_length=2, description="Codes or merged codes, literally, in the order of tables."
    )
    phases: list[str] = Field(
        default_factory=list, description="The only phases that this target is coded in; empty: all of them."
    )
    ordered: bool = Field(
        False,
        description="Whether the order of the classes means more and more of something: then kappa is weighted too.",
    )


class Merge(_Strict):
    """Several codes that one class stands for."""

    title: str = ""
    colour: str = "#999999"
    codes: list[str] = Field(min_length=1)


class DyadicState(_Strict):
    """A state that both share: codes of each tier that match each other."""

    title: str = ""
    colour: str = "#999999"
    codes: dict[str, list[str]] = Field(description="For each of the two tiers its codes in this state.")


class Dyadic(_Strict):
    """What two tiers make together: which of their codes match, and how they are scaled."""

    tiers: list[str] = Field(min_length=2, max_length=2, description="The two tiers, the infant's first.")
    states: dict[str, DyadicState] = Field(
        description="Matched states. Both coded, and in none of them together, is a mismatch."
    )
    levels: dict[str, float] = Field(
        default_factory=dict,
        description="Codes on a scale from negative to positive engagement, for synchrony; others are left out of it.",
    )


class Scheme(_Strict):
    """A coding scheme. See `config/schemes/icep-r.yaml` for one in full."""

    name: str
    title: str = ""
    source: str = Field("", description="Where the scheme is published.")
    rules: list[str] = Field(
        default_factory=list, description="What of the manual's rules matters to labels, a sentence each; on the page."
    )
    tiers: dict[str, Tier]
    phases: Phases | None = None
    merges: dict[str, Merge] = Field(default_factory=dict)
    targets: dict[str, Target] = Field(default_factory=dict)
    dyadic: Dyadic | None = None
    ignored: list[str] = Field(
        default_factory=list, description="Tiers of coding files that are passed over, with a note."
    )

    @model_validator(mode="before")
    @classmethod
    def _has_codes_of_text(cls, data: object) -> object:
        """Say what happened to ``yes`` and ``no``, which YAML takes for true and false."""
        tiers = data.get("tiers") if isinstance(data, Mapping) else None
        for name, tier in tiers.items() if isinstance(tiers, Mapping) else ():
            codes = tier.get("codes") if isinstance(tier, Mapping) else None
            if isinstance(codes, Mapping) and any(isinstance(code, bool) for code in codes):
                raise ValueError(
                    f"tier {name}: a code reads as true or false; write codes such as yes and no in quotes"
                )
        return data

    @model_validator(mode="after")
    def _holds_together(self) -> "Scheme":
        seen: dict[str, str] = {}
        for name, merge in self.merges.items():
            for code in merge.codes:
                if not any(code in tier.codes for tier in self.tiers.values()):
                    raise ValueError(f"merge {name} names {code}, which is a code of no tier")
                if code in seen:
                    raise ValueError(f"code {code} is merged into both {seen[code]} and {name}")
                seen[code] = name
        for name, tier in self.tiers.items():
            for spelling, code in tier.aliases.items():
                if code not in tier.codes:
                    raise ValueError(
                        f"tier {name}: alias {spelling!r} stands for {code}, which is no code of it"
                    )
            if tier.otherwise and tier.otherwise not in tier.codes:
                raise ValueError(f"tier {name}: otherwise names {tier.otherwise}, which is no code of it")
            if tier.otherwise and not self.phases:
                raise ValueError(
                    f"tier {name}: otherwise is the code of what nobody marks inside a phase, and there are no phases"
                )
        if self.phases and PHASE_TIER in self.tiers:
            raise ValueError(f"a tier may not be called {PHASE_TIER} where there are phases")
        for spelling, code in self.phases.aliases.items() if self.phases else ():
            if self.phases and code not in self.phases.codes:
                raise ValueError(f"phases: alias {spelling!r} stands for {code}, which is no phase")
        for name, target in self.targets.items():
            if target.tier not in self.tiers:
                raise ValueError(f"target {name} names tier {target.tier}; there are {', '.join(self.tiers)}")
            known = set(self.tiers[target.tier].codes) | set(self.merges)
            for label in target.classes:
                if label not in known:
                    raise ValueError(
                        f"target {name}: class {label} is neither a code of {target.tier} nor a merge"
                    )
            for phase in target.phases:
                if not self.phases or phase not in self.phases.codes:
                    raise ValueError(f"target {name} names phase {phase}, which the scheme does not have")
                if self.phases.codes[phase].excluded:
                    raise ValueError(f"target {name} names phase {phase}, which is excluded")
        self._check_dyadic()
        wanted = {name.strip().casefold() for key, tier in self.tiers.items() for name in (key, *tier.names)}
        wanted |= {name.strip().casefold() for name in (PHASE_TIER, *self.phases.names)} if self.phases else set()
        for name in self.ignored:
            if name.strip().casefold() in wanted:
                raise ValueError(f"tier {name!r} is both ignored and one of the scheme")
        return self

    def _check_dyadic(self) -> None:
        if self.dyadic is None:
            return
        for name in self.dyadic.tiers:
            if name not in self.tiers:
                raise ValueError(f"dyadic names tier {name}; there are {', '.join(self.tiers)}")
        place: dict[tuple[str, str], str] = {}
        for name, state in self.dyadic.states.items():
            if set(state.codes) != set(self.dyadic.tiers):
                raise ValueError(f"dyadic.states.{name}: give codes of {' and '.join(self.dyadic.tiers)}")
            for tier, codes in state.codes.items():
                for code in codes:
                    if code not in self.tiers[tier].codes:
                        raise ValueError(f"dyadic.states.{name} names {code}, which is no code of {tier}")
                    if (tier, code) in place:
                        raise ValueError(f"dyadic: {code} is in both {place[tier, code]} and {name}")
                    place[tier, code] = name
        known = {code for tier in self.dyadic.tiers for code in self.tiers[tier].codes}
        for code in self.dyadic.levels:
            if code not in known:
                raise ValueError(f"dyadic.levels names {code}, which is a code of neither tier")

    def merges_of(self, tier: str) -> dict[str, Merge]:
        """Merges of codes of this tier: coding files may hold their names too, where predictions were corrected.

        A merge that is called like a code of the tier is left out: the name means that code.
        """
        codes = self.tiers[tier].codes
        return {
            name: merge
            for name, merge in self.merges.items()
            if name not in codes and any(code in codes for code in merge.codes)
        }

    def class_of_code(self, target: str) -> dict[str, int]:
        """For each code of the target's tier, and each merge of such codes, the index of its class.

        Codes and merges in no class are absent.
        """
        spec = self.targets[target]
        index = {label: number for number, label in enumerate(spec.classes)}
        merged = {code: name for name, merge in self.merges.items() for code in merge.codes}
        found = {}
        for code in self.tiers[spec.tier].codes:
            label = code if code in index else merged.get(code)
            if label in index:
                found[code] = index[label]
        found |= {name: index[name] for name in self.merges_of(spec.tier) if name in index}
        return found

    def colour_of(self, label: str) -> str:
        """The colour of a code, merged class or phase."""
        for tier in self.tiers.values():
            if label in tier.codes:
                return tier.codes[label].colour
        if label in self.merges:
            return self.merges[label].colour
        if self.phases and label in self.phases.codes:
            return self.phases.codes[label].colour
        return "#999999"

    def title_of(self, label: str) -> str:
        """What people call a code, merged class or phase; the label itself if it has no title."""
        for tier in self.tiers.values():
            if label in tier.codes:
                return tier.codes[label].title
        if label in self.merges and self.merges[label].title:
            return self.merges[label].title
        if self.phases and label in self.phases.codes and self.phases.codes[label].title:
            return self.phases.codes[label].title
        return label


def read_scheme(source: str | Path | Mapping[str, Any]) -> Scheme:
    """Read a coding scheme from its YAML file, or from the mapping that such a file holds.

    Raises
    ------
    DyadflowError
        If the file is missing, is not YAML, or does not hold together; the sentence names the key.
    """
    if isinstance(source, Mapping):
        return _validate(source, "coding scheme")
    path = Path(source)
    try:
        return _validate(yaml.safe_load(path.read_text(encoding="utf-8-sig")), str(path))
    except FileNotFoundError:
        raise DyadflowError(
            "there is no such coding scheme",
            where=str(path),
            fix="name one of config/schemes",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DyadflowError(
            f"this is not YAML in UTF-8 ({' '.join(str(error).split())})",
            where=str(path),
            fix="correct that line",
        ) from None


def _validate(data: object, where: str) -> Scheme:
    try:
        return Scheme.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DyadflowError(
            f"{key + ': ' if key else ''}{first['msg'].removeprefix('Value error, ')}",
            where=where,
            fix="correct the scheme",
        ) from None
