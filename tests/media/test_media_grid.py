"""Guards the frame grid, the only place where time becomes an index."""

import itertools

import numpy as np

from dyadflow.media.grid import FrameGrid


def test_touching_spans_share_no_frame_and_leave_none_out():
    grid = FrameGrid(25.0, 100)
    cuts = [0.0, 0.5, 0.52, 1.3, 1.34, 4.0]
    frames = [np.arange(100)[grid.frames_between(*pair)] for pair in itertools.pairwise(cuts)]
    assert np.concatenate(frames).tolist() == list(range(100))


def test_a_frame_whose_centre_is_the_onset_belongs_to_the_span():
    assert FrameGrid(25.0, 100).frames_between(0.02, 0.06) == slice(0, 1)


def test_a_grid_is_the_same_after_writing_and_reading(tmp_path):
    grid = FrameGrid(25 / 8, 31)
    grid.write(tmp_path / "grid.json")
    assert FrameGrid.read(tmp_path / "grid.json") == grid
    assert grid.duration_s == 9.92
