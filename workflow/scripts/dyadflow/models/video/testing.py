"""A trained network on the snippets that it is judged by: those of its validation fold, and the held-out ones."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.spans import maximal_interval
from dyadflow.models.video.checkpoint import VideoCheckpoint
from dyadflow.models.video.fixed import FixedSnippets
from dyadflow.models.video.fold import OuterFold
from dyadflow.models.video.predict import Predictor

#: Of `snippets.tsv`.
SNIPPET_COLUMNS = (
    "set", "units", "outer", "session", "dyad", "start", "onset_s", "offset_s", "coder", "share", "label",
    "probability", "predicted",
)


class FoldScorer:
    """The network of one outer fold, as its preset evaluates it.

    Parameters
    ----------
    fold
        The outer fold.
    checkpoint
        What was trained in it.
    """

    def __init__(self, fold: OuterFold, checkpoint: VideoCheckpoint) -> None:
        self._fold, self._cell = fold, fold.cell
        self._predictor = Predictor(checkpoint, fold.cell.device.type)

    def score_validation(self) -> list[dict[str, Any]]:
        """Rows of the validation sessions' fixed snippets."""
        sessions = self._fold.final_split[1]
        return self._score("validation", sessions, self._cell.preset.evaluation_snippets)

    def score_test(self) -> list[dict[str, Any]]:
        """Rows of the held-out sessions' snippets: tiled, and drawn too where the preset evaluates drawn ones."""
        sessions = self._cell.data.held_out(self._fold.outer)
        units = dict.fromkeys(("tiled", self._cell.preset.evaluation_snippets))
        return [row for unit in units for row in self._score("test", sessions, unit)]

    def predict_frames(self, session: str) -> NDArray[np.float32]:
        """Class probabilities of a session's frames, shape (frames, 2).

        NaN outside the maximal interval of its scoring coders' spans.
        """
        interval = maximal_interval(self._cell.data.score_spans.get(session, {}))
        return self._predictor.predict_frames(
            self._cell.data.clips[session], [interval] if interval else [], **self._how(session)
        )

    def _how(self, session: str) -> dict[str, Any]:
        """The session's own statistics, and flips where the preset has them."""
        return {
            "statistics": self._fold.statistics_of([session])[session],
            "flip": lambda start: self._cell.flips(session, start),
        }

    def _score(self, part: str, sessions: Sequence[str], units: Literal["tiled", "drawn"]) -> list[dict[str, Any]]:
        chosen = self._cell.choose_fixed(sessions, units)
        yes = self._predict(chosen)
        data = self._cell.data
        dyads = dict(zip(data.folds.session, data.folds.dyad, strict=True))
        return [
            {
                "set": part, "units": units, "outer": self._fold.outer, "session": row.session,
                "dyad": dyads[row.session], "start": row.start, "onset_s": row.start / data.rate_hz,
                "offset_s": (row.start + self._cell.settings.frames) / data.rate_hz, "coder": row.coder,
                "share": row.share, "label": row.label, "probability": float(probability),
                "predicted": int(probability > 0.5),
            }
            for row, probability in zip(chosen.rows, yes, strict=True)
        ]

    def _predict(self, chosen: FixedSnippets) -> NDArray[np.float32]:
        """Probability of a yes of each row, shape (rows,)."""
        shown = np.full(len(chosen.shown), np.nan, dtype=np.float32)
        for session in dict.fromkeys(snippet.session for snippet in chosen.shown):
            places = [place for place, snippet in enumerate(chosen.shown) if snippet.session == session]
            shown[places] = self._predictor.predict_snippets(
                self._cell.data.clips[session], [chosen.shown[place].start for place in places], **self._how(session)
            )
        return shown[chosen.which]
