"""Sound in windows and in frames: the same in blocks as whole."""

import numpy as np
import pytest

from dyadflow.features.sound import count_windows, cut_windows, pool_into_frames
from dyadflow.media.grid import FrameGrid


@pytest.mark.parametrize("block", [1, 90, 160, 333, 5000])
def test_windows_do_not_depend_on_the_blocks_they_are_cut_from(block):
    samples = np.arange(2345, dtype=np.float32)
    blocks = [samples[start:start + block] for start in range(0, len(samples), block)]
    windows = np.concatenate(list(cut_windows(blocks, length=400, hop=160)))
    expected = np.stack([samples[start:start + 400] for start in range(0, 2345 - 400 + 1, 160)])
    np.testing.assert_array_equal(windows, expected)
    assert len(windows) == count_windows(2345, length=400, hop=160)


def pool_by_hand(tokens, centres_s, grid):
    """One frame at a time, in words: the mean of those inside, else the nearest."""
    rows = []
    for frame in range(grid.frames):
        inside = (centres_s >= frame / grid.rate_hz) & (centres_s < (frame + 1) / grid.rate_hz)
        if inside.any():
            rows.append(tokens[inside].mean(axis=0))
        else:
            away_s = np.abs(centres_s - (frame + 0.5) / grid.rate_hz)
            rows.append(tokens[away_s.round(9).argmin()])
    return np.array(rows)


@pytest.mark.parametrize("rate_hz", [3.125, 12.5, 25.0, 29.97, 50.0, 60.0, 120.0])
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_tokens_are_averaged_into_the_frame_that_holds_their_centre(rate_hz, block):
    grid = FrameGrid(rate_hz, int(3 * rate_hz))
    count = int((grid.duration_s - 0.035) / 0.02) + 1
    tokens = np.random.default_rng(0).standard_normal((count, 2)).astype(np.float32)
    blocks = (tokens[start:start + block] for start in range(0, count, block))
    pooled = np.concatenate(list(pool_into_frames(blocks, count, first_s=0.0175, hop_s=0.02, grid=grid)))
    expected = pool_by_hand(tokens, 0.0175 + 0.02 * np.arange(count), grid)
    assert len(pooled) == grid.frames
    np.testing.assert_allclose(pooled, expected, atol=1e-6)


def test_pooling_holds_no_more_than_it_needs():
    grid, seen = FrameGrid(10.0, 100), []

    def blocks():
        for start in range(0, 500, 5):
            seen.append(start)
            yield np.full((5, 1), float(start), np.float32)

    rows = pool_into_frames(blocks(), 500, first_s=0.01, hop_s=0.02, grid=grid)
    next(rows)
    assert len(seen) <= 2
