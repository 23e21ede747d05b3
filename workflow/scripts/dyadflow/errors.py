"""What a user is told when something is wrong: one sentence with what, where and what to do."""

from collections.abc import Sequence


class DyadflowError(Exception):
    """A mistake that the user can repair.

    Parameters
    ----------
    what
        What is wrong, without a full stop: ``"the recording has no picture"``.
    where
        The file, with the line, row or annotation if known: ``"sessions.tsv, line 4"``.
    fix
        What to do, as an imperative: ``"name a video file"``.
    findings
        Where the sentence sums up several mistakes: each of them, in a sentence of its own.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "", findings: Sequence[str] = ()) -> None:
        self.what, self.where, self.fix, self.findings = what, where, fix, tuple(findings)
        super().__init__(what, where, fix)

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}. {self.fix[:1].upper()}{self.fix[1:]}." if self.fix else f"{sentence}."

    def in_full(self, speaker: str = "") -> str:
        """The findings, a line each, and then the sentence with who says it before it."""
        return "\n".join([*(f"error: {finding}" for finding in self.findings), f"{speaker}{self}"])
