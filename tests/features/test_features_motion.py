"""Motion energy: a change of luminance a cell, and nothing before the first frame."""

import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features.backbones.motion import average_cells
from dyadflow.features.settings import ExtractorSettings
from dyadflow.media.read import read_frames


def test_a_cell_is_the_mean_of_its_pixels():
    picture = np.arange(2 * 7 * 5, dtype=np.float32).reshape(2, 7, 5)
    cells = average_cells(picture, 2)
    expected = [[p[rows, columns].mean() for rows in (slice(0, 3), slice(3, 7))
                 for columns in (slice(0, 2), slice(2, 5))] for p in picture]
    np.testing.assert_allclose(cells, expected)


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_motion_is_the_mean_change_of_luminance(film, extract_one, batch):
    path = film(30)
    stream = extract_one(ExtractorSettings(backbone="motion", views=["scene"], batch=batch), path, 30)
    frames = np.concatenate(list(read_frames(path))).astype(float) / 255
    luma = frames @ [0.299, 0.587, 0.114]
    change = np.abs(luma[1:] - luma[:-1])
    np.testing.assert_allclose(stream.values[1:, 0], change[:, :7, :10].mean(axis=(1, 2)), atol=1e-5)
    np.testing.assert_allclose(stream.values[1:, 15], change[:, 21:, 31:].mean(axis=(1, 2)), atol=1e-5)
    assert not stream.valid[0] and stream.valid[1:].all() and not stream.values[0].any()


def test_more_cells_than_pixels_are_refused(film, extract_one):
    settings = ExtractorSettings(backbone="motion", views=["scene"], options={"cells": 29})
    with pytest.raises(DyadflowError, match="29 x 29 cells"):
        extract_one(settings, film(10), 10)
