"""Predict pictures from a checkpoint, and from nothing else."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.features.device import multiply_in
from dyadflow.media.clips import Clips
from dyadflow.media.grid import FrameGrid
from dyadflow.models.video.checkpoint import VideoCheckpoint
from dyadflow.models.video.loading import SnippetLoader, place_network
from dyadflow.models.video.settings import AugmentationSettings
from dyadflow.models.video.snippets import Snippet, cover
from dyadflow.models.video.statistics import PixelStatistics

if TYPE_CHECKING:
    from torch import Tensor, nn

#: Snippets that go through a network at once when nothing is learned.
_AT_ONCE = 16


def predict_frames(
    checkpoint: VideoCheckpoint, clips: Clips, intervals: Sequence[tuple[float, float]], device: str = "cpu"
) -> NDArray[np.float32]:
    """Class probabilities of every frame within some intervals.

    Parameters
    ----------
    checkpoint
        From `load_video_checkpoint`.
    clips
        A session's pictures, of the view that the network was trained on.
    intervals
        Onset and offset in seconds of when the target's task goes on.
    device
        ``cpu`` or ``cuda``.

    Returns
    -------
    ndarray, shape (frames, 2)
        Each frame the mean over the snippets that show it: they lie back to back, and one more ends with the
        interval. NaN outside the intervals, where the network has nothing to say.

    Raises
    ------
    DyadflowError
        If the clips have another rate than those the network was trained on, or fewer frames than a snippet.
    """
    return Predictor(checkpoint, device).predict_frames(clips, intervals)


class Predictor:
    """A checkpoint's network, ready to look at clips.

    Parameters
    ----------
    checkpoint
        From `load_video_checkpoint`.
    device
        ``cpu`` or ``cuda``.

    Notes
    -----
    Both predictions take `statistics` (what pixels are normalised by; left out: the checkpoint's) and `flip`
    (told a snippet's first frame, whether it is flipped; left out: none is), which `as_published` needs.
    """

    def __init__(self, checkpoint: VideoCheckpoint, device: str = "cpu") -> None:
        import torch

        self._checkpoint, self._device = checkpoint, torch.device(device)
        self._network = place_network(checkpoint.build_network(), self._device)

    def predict_snippets(
        self, clips: Clips, starts: Sequence[int], *, statistics: PixelStatistics | None = None,
        flip: Callable[[int], bool] = lambda start: False,
    ) -> NDArray[np.float32]:
        """Probability of a yes of the snippets that start at these frames, shape (snippets,)."""
        if clips.rate_hz != self._checkpoint.config["rate_hz"]:
            raise DyadflowError(
                f"the network was trained on {self._checkpoint.config['rate_hz']:g} frames a second, these clips "
                f"have {clips.rate_hz:g}", where=str(clips.path),
                fix=f"set media.rate_hz to {self._checkpoint.config['rate_hz']:g} and store the clips again",
            )
        loader = SnippetLoader(
            {"": clips}, {"": statistics or self._checkpoint.statistics}, self._checkpoint.snippet_spec.frames,
            AugmentationSettings(test_crop_px=self._checkpoint.config["test_crop_px"]), _AT_ONCE, 0, self._device,
        )
        snippets = [Snippet("", "", start, float("nan"), 0) for start in starts]
        loaded = loader.central(snippets, list(map(flip, starts)), range(len(starts))) if len(starts) else ()
        return probability_of_yes(self._network, (batch for batch, _ in loaded))

    def predict_frames(
        self, clips: Clips, intervals: Sequence[tuple[float, float]], **how: Any
    ) -> NDArray[np.float32]:
        """As the function `predict_frames`."""
        spec, frames = self._checkpoint.snippet_spec, clips.frames
        starts = sorted({
            start for interval in intervals for start in cover(*interval, spec=spec, frames=frames)
        })
        total, times, inside = np.zeros(frames), np.zeros(frames), np.zeros(frames, dtype=bool)
        for start, yes in zip(starts, self.predict_snippets(clips, starts, **how), strict=True):
            total[start:start + spec.frames] += yes
            times[start:start + spec.frames] += 1
        for interval in intervals:
            inside[FrameGrid(spec.rate_hz, frames).frames_between(*interval)] = True
        mean = np.divide(total, times, out=np.full(frames, np.nan), where=inside)
        return np.stack([1 - mean, mean], axis=1).astype(np.float32)


def probability_of_yes(
    network: "nn.Module", batches: "Iterable[Tensor]", *, half: bool = False
) -> NDArray[np.float32]:
    """Probability of the second class of every clip, shape (clips,), by a network that is put in evaluation mode.

    Parameters
    ----------
    network
        From clips to logits.
    batches
        Clips, on the network's device.
    half
        On a GPU, multiply in bfloat16.
    """
    import torch

    network.eval()
    parts = [np.zeros(0, dtype=np.float32)]
    with torch.inference_mode():
        for clips in batches:
            with multiply_in(clips.device, half=half):
                logits = network(clips)
            parts.append(torch.softmax(logits.float(), dim=1)[:, 1].cpu().numpy())
    return np.concatenate(parts)
