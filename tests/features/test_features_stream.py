"""Stream files: whole or absent, one row a frame, numbers only."""

import h5py
import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features.stream import Stream, StreamWriter, open_stream, read_key
from dyadflow.media.grid import FrameGrid

GRID = FrameGrid(12.5, 6)


def write(path, blocks, **kinds):
    with StreamWriter(path, GRID, {"key": "k", "view": "infant"}, source="infant.mp4") as into:
        for block in blocks:
            into.append(block, **kinds)


def test_rows_come_back_as_they_were_appended(tmp_path):
    values = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
    write(tmp_path / "s.h5", [values[:4], values[4:]])
    stream = open_stream(tmp_path / "s.h5")
    assert stream.kind == "dense" and stream.grid == GRID
    np.testing.assert_array_equal(stream.values, values)
    assert stream.valid.all()
    assert stream.attributes == {
        "kind": "dense", "rate_hz": 12.5, "start_s": 0.0, "key": "k", "view": "infant"}
    assert read_key(tmp_path / "s.h5") == "k"


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e39])
def test_a_value_that_is_not_a_number_stops_with_a_sentence_and_leaves_no_file(tmp_path, bad):
    values = np.zeros((6, 3))
    values[4, 1] = bad
    with pytest.raises(DyadflowError, match=r"infant.mp4: .* not a number at 0.32 s, so no stream was"):
        write(tmp_path / "s.h5", [values[:3], values[3:]])
    assert not list(tmp_path.iterdir())


def test_a_number_too_large_for_half_precision_is_noticed(tmp_path):
    with pytest.raises(DyadflowError, match="not a number"):
        write(tmp_path / "s.h5", [np.full((6, 2), 70_000.0)], dtype=np.float16)


@pytest.mark.parametrize(("rows", "said"), [(5, "there are 5 frames"), (7, "more than 6 frames")])
def test_a_stream_that_is_not_as_long_as_its_grid_is_refused(tmp_path, rows, said):
    with pytest.raises(DyadflowError, match=said):
        write(tmp_path / "s.h5", [np.zeros((rows, 2))])
    assert not list(tmp_path.iterdir())


def test_the_same_stream_is_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, [np.ones((6, 2))])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_missing_and_a_broken_stream_are_answered_in_a_sentence(tmp_path):
    (tmp_path / "broken.h5").write_bytes(b"not hdf5")
    with pytest.raises(DyadflowError, match="no such stream"):
        open_stream(tmp_path / "none.h5")
    with pytest.raises(DyadflowError, match="not a whole stream"):
        open_stream(tmp_path / "broken.h5")
    assert read_key(tmp_path / "none.h5") == read_key(tmp_path / "broken.h5") == ""


def test_coordinates_are_moved_to_the_exact_mean(tmp_path):
    rng = np.random.default_rng(1)
    tokens = rng.standard_normal((6, 4, 5)) + 3
    basis, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    basis, origin = basis.astype(np.float32).astype(float), np.full(5, 2.9)
    flat = tokens.reshape(-1, 5)
    mean, scatter = flat.mean(axis=0), (flat - flat.mean(axis=0)).T @ (flat - flat.mean(axis=0))
    with StreamWriter(tmp_path / "s.h5", GRID, {}) as into:
        into.append((tokens - origin) @ basis, dtype=np.float16)
        into.finish_tokens(origin=origin, basis=basis, mean=mean, scatter=scatter, count=24)
    stream = open_stream(tmp_path / "s.h5")
    np.testing.assert_allclose(stream.values, (tokens - mean) @ basis, atol=4e-3)
    np.testing.assert_allclose(stream.tokens(), tokens, atol=6e-3)
    np.testing.assert_allclose(stream.tokens(slice(2, 4)), tokens[2:4], atol=6e-3)
    assert stream.attributes["kept_variance"] == pytest.approx(1.0, abs=1e-6) and stream.count == 24
    with h5py.File(tmp_path / "s.h5") as file:
        assert {name: file[name].dtype.str for name in file} == {
            "values": "<f2", "valid": "|b1", "basis": "<f4", "mean": "<f8", "scatter": "<f8", "count": "<i8"}


def test_projecting_is_the_same_as_building_the_tokens_and_projecting_those():
    rng = np.random.default_rng(2)
    basis, _ = np.linalg.qr(rng.standard_normal((6, 3)))
    stream = Stream("tokens", rng.standard_normal((5, 4, 3)).astype(np.float16), np.ones(5, bool), {},
                    basis=basis.astype(np.float32), mean=rng.standard_normal(6), scatter=np.eye(6), count=20)
    components, centre = rng.standard_normal((6, 2)), rng.standard_normal(6)
    expected = (stream.tokens().astype(float) - centre) @ components
    np.testing.assert_allclose(stream.project(components, centre), expected, atol=1e-5)
