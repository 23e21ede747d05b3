"""What stands in a file that must not leave the lab."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One thing in one file.

    Parameters
    ----------
    file
        Its path in the folder that was looked through.
    kind
        ``picture``, ``sound``, ``path``, ``name`` or ``unknown``.
    what
        What is wrong, without a full stop.
    where
        The place in the file: a line, a dataset, an attribute.
    fix
        What to do, as an imperative.
    """

    file: str
    kind: str
    what: str
    where: str = ""
    fix: str = ""

    def sentence(self) -> str:
        """What, where and what to do, in a line."""
        place = f"{self.file}, {self.where}" if self.where else self.file
        return f"{place}: {self.what}. {self.fix[:1].upper()}{self.fix[1:]}."
