"""Time stamps of a recording's packets, read without decoding them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PacketTimes:
    """Times of one track, in seconds after the earliest picture or sound in the file.

    Parameters
    ----------
    onsets_s
        When each packet begins to be shown or heard, ascending, shape (packets,).
    end_s
        When the last one ends.
    promised_end_s
        When it should end according to the file's header; nan where the header does not say.
    tick_s
        Resolution of the track's time stamps.
    """

    onsets_s: NDArray[np.float64]
    end_s: float
    promised_end_s: float
    tick_s: float


def picture_track(container: av.container.InputContainer) -> av.VideoStream | None:
    """The track with the recording's pictures: the first video track that is not a cover picture."""
    cover = av.stream.Disposition.attached_pic
    return next((track for track in container.streams.video if not track.disposition & cover), None)


def read_packet_times(
    container: av.container.InputContainer, tracks: Sequence[av.stream.Stream]
) -> dict[int, PacketTimes]:
    """Read through the whole file and collect the time stamps of these tracks.

    Parameters
    ----------
    container
        The recording, just opened.
    tracks
        Tracks of it.

    Returns
    -------
    dict
        Times by track index; without an entry for a track that holds no packet. A file that breaks off
        gives what comes before the break.
    """
    stamps: dict[int, list[int]] = {track.index: [] for track in tracks}
    ends: dict[int, int] = {}
    for packet in _demux(container, tracks):
        stamp = packet.pts if packet.pts is not None else packet.dts
        # Discarded packets lie before the cut of an edited file, or are the run-up of a sound encoder:
        # decoded, never shown or heard.
        if stamp is None or not packet.size or packet.is_discard:
            continue
        index = packet.stream_index
        stamps[index].append(stamp)
        ends[index] = max(ends.get(index, stamp), stamp + (packet.duration or 0))
    zero_s = (container.start_time or 0) / av.time_base
    times = {
        track.index: _times(track, np.sort(stamps[track.index]), ends[track.index], zero_s)
        for track in tracks if stamps[track.index]
    }
    return _promise_by_file(container, times) if times else {}


def data_beyond_end(track: av.stream.Stream, path: Path) -> bool:
    """Whether the index of an mp4 names data of this track that lie past the end of the file.

    Other containers' indexes are built while reading or count from elsewhere, and say nothing about it.
    """
    if "mp4" not in track.container.format.name:
        return False
    size = path.stat().st_size
    return any(entry.pos + entry.size > size for entry in track.index_entries)


def _demux(
    container: av.container.InputContainer, tracks: Sequence[av.stream.Stream]
) -> Iterator["av.Packet[Any]"]:
    """Packets up to the end, or up to where the file breaks off."""
    try:
        yield from container.demux(list(tracks))
    except av.FFmpegError:
        return


def _times(
    track: av.stream.Stream, stamps: NDArray[np.int64], end: int, zero_s: float
) -> PacketTimes:
    assert track.time_base is not None  # its packets were read
    tick_s = float(track.time_base)
    onsets_s = stamps * tick_s - zero_s
    end_s = end * tick_s - zero_s
    if end == stamps[-1] and len(stamps) > 1:  # the container does not say how long a packet lasts
        end_s += float(np.median(np.diff(onsets_s)))
    start_s = float(onsets_s[0]) if track.start_time is None else track.start_time * tick_s - zero_s
    promised_end_s = start_s + track.duration * tick_s if track.duration else math.nan
    return PacketTimes(np.maximum(onsets_s, start_s), float(end_s), promised_end_s, tick_s)


def _promise_by_file(
    container: av.container.InputContainer, times: dict[int, PacketTimes]
) -> dict[int, PacketTimes]:
    """Matroska gives one length for the whole file: hold its longest track to it."""
    if "matroska" not in container.format.name or not container.duration:
        return times
    longest = max(times, key=lambda index: times[index].end_s)
    promised_end_s = container.duration / av.time_base
    return {**times, longest: replace(times[longest], promised_end_s=promised_end_s)}
