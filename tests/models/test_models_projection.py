"""Projections from stores against PCA on the tokens themselves; scaling; fusion."""

import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features.stream import Stream, open_stream
from dyadflow.models.data import read_cell_data
from dyadflow.models.fusion import Fused, fuse_session
from dyadflow.models.preparation import fit_preparation
from dyadflow.models.projection import fit_projection
from dyadflow.models.scaling import Scaler, fit_scaler, scale_session
from dyadflow.models.settings import ProtocolSettings

RECIPE = ["infant.dinov2", "audio.logmel"]


def principal_components(tokens: np.ndarray, components: int) -> tuple[np.ndarray, np.ndarray]:
    """PCA by SVD of the tokens, signs so that the largest loading is positive."""
    mean = tokens.mean(axis=0)
    basis = np.linalg.svd(tokens - mean, full_matrices=False)[2][:components].T
    largest = basis[np.abs(basis).argmax(axis=0), np.arange(components)]
    return mean, basis * np.sign(largest)


def test_a_fold_s_components_are_those_of_its_training_tokens(make_world):
    world = make_world()
    data = read_cell_data(
        folds=world.folds, labels=world.labels, features=world.write_indexes(), recipe=RECIPE,
        target="infant", coders=["A"],
    )
    protocol = ProtocolSettings(train_coders=["A"], score_coders=["A"], components=3, minimum_kept=0.95)
    for outer, inner in [(held, fold) for held in data.outer_folds for fold in data.inner_folds(held)]:
        training, aside = data.split(outer, inner)
        assert training and aside and not set(training) & set(data.held_out(outer))
        fitted = fit_preparation(data, training, RECIPE, protocol)
        flat = np.concatenate([world.raw[name]["tokens"].reshape(-1, 12) for name in training])
        mean, basis = principal_components(flat, 3)
        projection = fitted.projections["infant.dinov2"]
        np.testing.assert_allclose(projection.mean, mean, atol=1e-9)
        np.testing.assert_allclose(projection.basis, basis, atol=1e-7)

        # A held-out session's values, from the store, against the same sum on its raw tokens.
        session = data.held_out(outer)[0]
        store = data.shelf.take(session, RECIPE)["infant.dinov2"]
        expected = (world.raw[session]["tokens"] - mean) @ basis
        np.testing.assert_allclose(
            projection.apply(store), expected.reshape(len(expected), -1), atol=0.02 * expected.std()
        )

        # Standard scaling over the training sessions: mean 0, deviation 1.
        inputs = np.concatenate([
            fitted.apply(data.shelf.take(name, RECIPE), frames=data.grids[name].frames) for name in training
        ])
        np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(inputs.std(axis=0), 1, atol=1e-4)


def test_a_store_that_keeps_too_little_is_an_error_that_says_what_to_raise(make_world):
    world = make_world(dyads=4, outer=2)
    stores = [open_stream(world.stream_path(f"s{number}", "infant.dinov2")) for number in range(3)]
    assert fit_projection(stores, components=3, minimum_kept=0.99).basis.shape == (12, 3)
    # By hand: a store that forgets one direction keeps nothing of the component along it.
    poor = [
        Stream(s.kind, s.values[..., 1:], s.valid, s.attributes, s.basis[:, 1:], s.mean, s.scatter, s.count)
        for s in stores
    ]
    with pytest.raises(DyadflowError, match="Raise the rank") as caught:
        fit_projection(poor, components=3, minimum_kept=0.99, name="infant.dinov2")
    assert "infant.dinov2" in str(caught.value)
    with pytest.raises(DyadflowError, match="13 components were asked of tokens with 12"):
        fit_projection(stores, components=13, minimum_kept=0.0)


def test_the_share_kept_is_the_share_of_variance_that_the_stored_values_explain(make_world):
    from dyadflow.models.projection import Moments, kept_variance, pool_moments

    world = make_world(dyads=4, outer=2)
    sessions = ["s0", "s1", "s2"]
    stores = [open_stream(world.stream_path(name, "infant.dinov2")) for name in sessions]
    coarse = [
        Stream(s.kind, s.values[..., :2], s.valid, s.attributes, s.basis[:, :2], s.mean, s.scatter, s.count)
        for s in stores
    ]
    flat = np.concatenate([world.raw[name]["tokens"].reshape(-1, 12) for name in sessions])
    mean, basis = principal_components(flat, 3)
    kept = kept_variance(coarse, basis, pool_moments([Moments(s.mean, s.scatter, s.count) for s in stores]))
    exact = (flat - mean) @ basis
    stored = np.concatenate([(s.tokens().reshape(-1, 12) - mean) @ basis for s in coarse])
    expected = 1 - ((exact - stored) ** 2).sum(axis=0) / (exact**2).sum(axis=0)
    np.testing.assert_allclose(kept, expected, atol=1e-3)
    assert kept.min() < 0.9


def dense(values, valid=None) -> Stream:
    values = np.asarray(values, dtype=np.float32)
    valid = np.ones(len(values), dtype=bool) if valid is None else np.asarray(valid)
    return Stream("dense", values, valid, {"rate_hz": 25.0})


def test_invalid_rows_are_zero_after_scaling_and_count_for_nothing():
    streams = {"a.x": dense([[1], [3], [99]], [True, True, False]), "b.y": dense([[10, 5], [20, 5], [60, 5]])}
    fused = fuse_session(streams, ["a.x", "b.y"], {}, frames=3)
    scaler = fit_scaler([fused], "standard")
    np.testing.assert_allclose(scaler.mean, [2, 30, 5])
    # Deviations by hand: of 1 and 3; of 10, 20 and 60; and a column that never varies is left as it is.
    np.testing.assert_allclose(scaler.scale, [1, np.sqrt(1400 / 3), 1], rtol=1e-6)
    scaled = scale_session(fused, scaler)
    np.testing.assert_allclose(scaled[:, 0], [-1, 1, 0])
    np.testing.assert_allclose(scaled[:, 2], 0)
    untouched = scale_session(fused, fit_scaler([fused], "none"))
    np.testing.assert_allclose(untouched, [[1, 10, 5], [3, 20, 5], [0, 60, 5]])


@pytest.mark.parametrize(("rows", "valid"), [(9, [True] * 9 + [False]), (11, [True] * 10), (10, [True] * 10)])
def test_one_frame_too_many_is_cut_and_one_too_few_is_an_invalid_row(rows, valid):
    fused = fuse_session({"a.x": dense(np.ones((rows, 2)))}, ["a.x"], {}, frames=10)
    assert fused.values.shape == (10, 2)
    assert list(fused.valid[:, 0]) == valid


@pytest.mark.parametrize("rows", [8, 12])
def test_two_frames_apart_is_an_error(rows):
    with pytest.raises(DyadflowError, match=f"stream a.x has {rows} rows and the labels have 10 frames"):
        fuse_session({"a.x": dense(np.ones((rows, 2)))}, ["a.x"], {}, frames=10, where="session s1")


def test_a_value_that_is_no_number_is_an_error_unless_its_row_is_invalid():
    values = np.ones((3, 1))
    values[1] = np.nan
    fused = fuse_session({"a.x": dense(values, [True, False, True])}, ["a.x"], {}, frames=3)
    scaled = scale_session(fused, Scaler(np.zeros(1, np.float32), np.ones(1, np.float32)))
    np.testing.assert_array_equal(scaled[:, 0], [1, 0, 1])
    with pytest.raises(DyadflowError, match="not numbers"):
        fuse_session({"a.x": dense(values)}, ["a.x"], {}, frames=3)


def test_sessions_together_are_scaled_as_their_rows_one_below_the_other():
    rng = np.random.default_rng(0)
    parts = [rng.normal(5, 3, size=(rows, 4)).astype(np.float32) for rows in (30, 7)]
    fused = [Fused(part, np.ones((len(part), 1), bool), (slice(0, 4),)) for part in parts]
    scaler, whole = fit_scaler(fused, "standard"), np.concatenate(parts).astype(np.float64)
    np.testing.assert_allclose(scaler.mean, whole.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(scaler.scale, whole.std(axis=0), rtol=1e-6)


def all_data(world):
    return read_cell_data(
        folds=world.folds, labels=world.labels, features=world.write_indexes(), recipe=RECIPE, target="infant",
        coders=["A"],
    )


@pytest.mark.parametrize("projection", ["per_session", "per_frame", "all_sessions"])
def test_the_authors_other_definitions_are_principal_components_of_what_they_name(make_world, projection):
    world = make_world()
    data = all_data(world)
    protocol = ProtocolSettings(
        train_coders=["A"], score_coders=["A"], components=2, minimum_kept=0.9, projection=projection)
    training, session = data.split(0, 0)[0], data.held_out(0)[0]
    fitted = fit_preparation(data, training, RECIPE, protocol)
    store = data.shelf.take(session, RECIPE)["infant.dinov2"]
    found = fitted.projections["infant.dinov2"].apply(store)
    # What the store remembers is what a frame's own components are of; of the others, the raw tokens.
    tokens = store.tokens() if projection == "per_frame" else world.raw[session]["tokens"]
    if projection == "per_frame":
        expected = []
        for frame in tokens.astype(np.float64):
            mean, basis = principal_components(frame, 2)
            expected.append((frame - mean) @ basis)
    else:
        names = [session] if projection == "per_session" else list(data.folds.session)
        mean, basis = principal_components(
            np.concatenate([world.raw[name]["tokens"].reshape(-1, 12) for name in names]), 2)
        expected = (tokens - mean) @ basis
    expected = np.reshape(expected, (len(tokens), -1))
    apart = np.abs(found - expected)
    assert np.mean(apart < 0.03 * expected.std()) > (0.97 if projection == "per_frame" else 0.999)


def test_components_record_their_share_of_the_variance(make_world):
    world = make_world()
    data = all_data(world)
    protocol = ProtocolSettings(train_coders=["A"], score_coders=["A"], components=3, minimum_kept=0.9)
    training = data.split(0, 0)[0]
    explained = fit_preparation(data, training, RECIPE, protocol).projections["infant.dinov2"].explained
    flat = np.concatenate([world.raw[name]["tokens"].reshape(-1, 12) for name in training])
    variances = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False) ** 2
    np.testing.assert_allclose(explained, variances[:3] / variances.sum(), atol=1e-9)


@pytest.mark.parametrize("projection", ["train_fold", "per_frame"])
def test_a_checkpoint_holds_what_reduces_the_tokens(make_world, projection):
    import torch

    from dyadflow.models.checkpoint import Checkpoint

    world = make_world()
    data = all_data(world)
    protocol = ProtocolSettings(
        train_coders=["A"], score_coders=["A"], components=2, minimum_kept=0.9, projection=projection)
    fitted = fit_preparation(data, data.split(0, 0)[0], RECIPE, protocol)
    content = Checkpoint({"classes": ["a", "b"]}, fitted, {"weight": torch.ones(1)}).to_bytes()
    again = Checkpoint.from_bytes(content)
    session = data.held_out(0)[0]
    streams = data.shelf.take(session, RECIPE)
    frames = data.grids[session].frames
    np.testing.assert_array_equal(
        again.preparation.apply(streams, frames=frames), fitted.apply(streams, frames=frames))
    assert again.to_bytes() == content
