"""What pixels are normalised by: the mean and deviation of each colour channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyadflow.media.clips import Clips

if TYPE_CHECKING:
    from dyadflow.models.splits import Splits
    from dyadflow.models.video.preset import Preset


@dataclass(frozen=True)
class PixelStatistics:
    """Mean and standard deviation of each channel, of values from 0 to 1."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def pixel_statistics(clips: Mapping[str, Clips], sessions: Sequence[str]) -> PixelStatistics:
    """Over all pixels of all frames of some sessions, from sums that are stored with their clips."""
    moments = [clips[session].moments for session in sorted(sessions)]
    mean, deviation = sum(moments[1:], moments[0]).mean_and_deviation()
    return PixelStatistics(tuple(map(float, mean)), tuple(map(float, deviation)))


def statistics_by_session(
    clips: Mapping[str, Clips], splits: "Splits", sessions: Sequence[str], *, training: Sequence[str],
    preset: "Preset",
) -> dict[str, PixelStatistics]:
    """What each of some sessions is normalised by.

    Parameters
    ----------
    clips
        Pictures by session.
    splits
        The table of folds.
    sessions
        Sessions to normalise.
    training
        The outer training sessions.
    preset
        With ``training``, its `pixel_statistics` are those of the training sessions, for every session. With
        ``each_fold``, those of all sessions of the session's own outer fold, as in the paper (Section 3.3);
        a held-out session is then normalised by what the test fold shows.
    """
    if preset.pixel_statistics == "training":
        return dict.fromkeys(sessions, pixel_statistics(clips, training))
    folds = dict(zip(splits.folds.session, splits.folds.outer, strict=True))
    found = {
        fold: pixel_statistics(clips, splits.held_out(fold))
        for fold in sorted({int(folds[session]) for session in sessions})
    }
    return {session: found[int(folds[session])] for session in sessions}
