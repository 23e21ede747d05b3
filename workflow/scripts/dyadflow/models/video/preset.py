"""The two presets of guided play, knob by knob: what the paper's words say, and what repairs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Preset:
    """How a protocol handles what the paper and its repair do differently.

    Parameters
    ----------
    pixel_statistics
        ``training``: every session is normalised by the mean and deviation of the outer training sessions;
        ``each_fold``: by those of its own outer fold, the test fold's included.
    evaluation_snippets
        Where validation snippets come from, and test snippets beside the tiled ones. ``tiled``: back to back
        over the minimal interval, each with every coder's label; ``drawn``: like one epoch of training, drawn
        once.
    test_flip
        Whether validation and test snippets are flipped with probability 0.5 (seeded).
    label_window_s
        Seconds of coding that decide a snippet's label; None: the seconds that are shown.
    tested
        ``every``: each outer fold is held out in turn; ``last``: only the last one.
    bound
        Where the random bound's probability of a yes comes from: the ``scored`` snippets or the whole
        ``dataset``.
    """

    pixel_statistics: Literal["training", "each_fold"]
    evaluation_snippets: Literal["tiled", "drawn"]
    test_flip: bool
    label_window_s: float | None
    tested: Literal["every", "last"]
    bound: Literal["scored", "dataset"]


#: By the name that a protocol gives.
PRESETS: Mapping[str, Preset] = {
    "corrected": Preset(
        pixel_statistics="training", evaluation_snippets="tiled", test_flip=False, label_window_s=None,
        tested="every", bound="scored",
    ),
    "as_published": Preset(
        pixel_statistics="each_fold", evaluation_snippets="drawn", test_flip=True, label_window_s=5.0,
        tested="last", bound="dataset",
    ),
}
