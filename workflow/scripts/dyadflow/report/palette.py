"""The scheme's colours as style classes, so that a code has one colour in every figure of the page."""

import re
from dataclasses import dataclass

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.behaviour_tables import MISMATCH_COLOUR

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
#: Style classes of frames that carry no class, and what the page calls them.
NO_CLASS = {"unscorable": "not scorable", "uncoded": "not coded", "excluded": "excluded"}


@dataclass(frozen=True)
class Entry:
    """One line of the legend: style class, code, title, meaning, and what the code is merged into."""

    style: str
    code: str
    title: str
    meaning: str = ""
    note: str = ""


class Palette:
    """Style classes for a scheme's codes, merged classes and phases.

    Parameters
    ----------
    scheme
        Its colours must be ``#rrggbb``; anything else is drawn grey, and never reaches the style sheet.
    """

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        labels = [code for tier in scheme.tiers.values() for code in tier.codes]
        labels += [*scheme.merges, *(scheme.phases.codes if scheme.phases else ())]
        self._styles = {label: f"k{number}" for number, label in enumerate(dict.fromkeys(labels))}
        states = scheme.dyadic.states if scheme.dyadic else {}
        self._states = {name: f"s{number}" for number, name in enumerate(states)}

    def style(self, label: str) -> str:
        """The style class of a code, merged class or phase; ``kx`` for what the scheme does not know."""
        return self._styles.get(label, "kx")

    def state_style(self, state: str) -> str:
        """The style class of a state that both partners share; ``sx`` for none."""
        return self._states.get(state, "sx")

    def rules(self) -> list[tuple[str, str, str]]:
        """For the style sheet: class, colour, and the ink that is readable on it."""
        found = [(style, safe_colour(self._scheme.colour_of(label))) for label, style in self._styles.items()]
        states = self._scheme.dyadic.states if self._scheme.dyadic else {}
        found += [(style, safe_colour(states[name].colour)) for name, style in self._states.items()]
        found += [("kx", "#999999"), ("sx", MISMATCH_COLOUR)]
        return [(style, colour, ink_on(colour)) for style, colour in found]

    def legend(self) -> list[tuple[str, list[Entry]]]:
        """Tiers, merged classes and phases, each with its codes."""
        scheme = self._scheme
        merged = {code: name for name, merge in scheme.merges.items() for code in merge.codes}
        blocks = []
        for name, tier in scheme.tiers.items():
            entries = [
                self._entry(code, spec.title, spec.meaning, _status(spec.status, merged.get(code)))
                for code, spec in tier.codes.items()
            ]
            entries += [
                self._entry(label, merge.title or label, "", " + ".join(merge.codes))
                for label, merge in scheme.merges.items()
                if set(merge.codes) <= set(tier.codes)
            ]
            blocks.append((tier.title or name, entries))
        if scheme.phases:
            blocks.append(
                (
                    "Phases",
                    [
                        self._entry(
                            code,
                            spec.title or code,
                            "",
                            "excluded" if spec.excluded else "instructed" if spec.instructed else "",
                        )
                        for code, spec in scheme.phases.codes.items()
                    ],
                )
            )
        return blocks

    def _entry(self, code: str, title: str, meaning: str, note: str) -> Entry:
        return Entry(self.style(code), code, title, meaning, note)


def safe_colour(colour: str) -> str:
    """A colour as it is if it is ``#rrggbb``, else grey."""
    return colour if _COLOUR.fullmatch(colour) else "#999999"


def _status(status: str, merged_into: str | None) -> str:
    if merged_into:
        return f"counted as {merged_into}"
    return {"unscorable": "not scorable", "excluded": "excluded"}.get(status, "")


def ink_on(colour: str) -> str:
    """Black or white, whichever contrasts more with the colour (WCAG relative luminance)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels
    ]
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#ffffff"
