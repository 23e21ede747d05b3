"""What a user is told when something is wrong: one sentence with what, where and what to do."""


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
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(what, where, fix)

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}. {self.fix[:1].upper()}{self.fix[1:]}." if self.fix else f"{sentence}."
