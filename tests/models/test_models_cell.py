"""Whole cells: nothing leaks, everything resumes, the same bytes come out, planted signals are found."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features.stream import open_stream
from dyadflow.folds.table import read_folds
from dyadflow.models import fitting
from dyadflow.models.checkpoint import load_checkpoint
from dyadflow.models.failure import read_failure
from dyadflow.models.predict import predict_session
from dyadflow.models.scoring import macro_f1
from dyadflow.tables import read_table, write_table

RECIPE = ["infant.dinov2", "audio.logmel"]


def contents(folder) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def held_out(folder) -> dict[str, np.ndarray]:
    with h5py.File(folder / "probabilities.h5") as file:
        return {session: file[session][()] for session in file}


@pytest.mark.parametrize("network", ["linear", "bilstm", "tcn", "logreg", "trees"])
def test_poisoned_held_out_dyads_leave_every_fitted_byte_as_it_was(make_world, network):
    world = make_world()
    # Poisoned tokens are spread over more directions than a store keeps.
    protocol = {"minimum_kept": 0.2}
    before = world.train("before", RECIPE, network, protocol=protocol)
    fold, rng = 1, np.random.default_rng(9)
    folds = read_folds(world.folds)
    poisoned = list(folds.session[folds.outer == fold])
    for session in poisoned:
        world.write_tokens(session, "infant.dinov2", rng.normal(3, 50, size=(120, 4, 12)))
        world.write_dense(session, "audio.logmel", rng.normal(-9, 50, size=(120, 5)))
        world.write_labels(session, rng.permutation(world.codes[session]))
    after = world.train("after", RECIPE, network, protocol=protocol)
    name = f"fold{fold}.safetensors"
    assert (before / "models" / name).read_bytes() == (after / "models" / name).read_bytes()
    tables = [read_table(folder / "search.tsv") for folder in (before, after)]
    ours = [table[table.outer == fold].reset_index(drop=True) for table in tables]
    pd.testing.assert_frame_equal(*ours)
    # The poison is no placebo: it reached the folds that train on it, and the held-out predictions.
    other = "models/fold0.safetensors"
    assert (before / other).read_bytes() != (after / other).read_bytes()
    assert not np.allclose(held_out(before)[poisoned[0]], held_out(after)[poisoned[0]])


@pytest.mark.parametrize("network", ["linear", "bilstm", "tcn", "logreg", "trees"])
def test_a_rerun_gives_the_same_bytes(make_world, network):
    world = make_world()
    first = contents(world.train("first", RECIPE, network))
    second = contents(world.train("second", RECIPE, network))
    assert first == second
    models = {f"models/fold{fold}.safetensors" for fold in range(3)}
    assert set(first) == {"search.tsv", "history.tsv", "probabilities.h5"} | models


@pytest.mark.parametrize("killed_after", [1, 2, 4])
def test_a_killed_search_goes_on_where_it_stopped_and_ends_as_an_undisturbed_one(
    make_world, monkeypatch, killed_after
):
    world = make_world()
    undisturbed = contents(world.train("undisturbed", RECIPE, "bilstm"))
    genuine, calls, fitted = fitting.fit_all, [], []

    def count(name, requests, **how):
        if len(calls) == killed_after:
            raise KeyboardInterrupt
        calls.append(1)
        fitted.extend(requests)
        return genuine(name, requests, **how)

    monkeypatch.setattr(fitting, "fit_all", count)
    with pytest.raises(KeyboardInterrupt):
        world.train("resumed", RECIPE, "bilstm")
    killed_after = 10**6
    assert contents(world.train("resumed", RECIPE, "bilstm")) == undisturbed
    # 3 outer folds x (2 candidates x 2 inner folds + 1): none of them twice.
    assert len(fitted) == 15


def test_a_damaged_or_foreign_entry_is_worked_out_again(make_world, monkeypatch):
    world = make_world()
    first = contents(world.train("first", RECIPE, "linear", state="state"))
    entries = sorted(path for path in (world.folder / "state").iterdir() if ".aside." not in path.name)
    assert len(entries) == 15
    entries[0].write_bytes(entries[1].read_bytes())
    entries[2].write_bytes(entries[2].read_bytes()[:-1])
    entries[3].write_bytes(b"")
    entries[4].write_text("something else\n{}")
    (world.folder / "state" / "notes.txt").write_text("mine")
    genuine, fitted = fitting.fit_all, []

    def count(name, asked, **how):
        fitted.extend(asked)
        return genuine(name, asked, **how)

    monkeypatch.setattr(fitting, "fit_all", count)
    assert contents(world.train("second", RECIPE, "linear", state="state")) == first
    # What was trained together is trained together again, so that the last bits are the same.
    assert 4 <= len(fitted) <= 15
    fitted.clear()
    world.train("third", RECIPE, "linear", state="state", code="edited")
    assert len(fitted) == 15, "finished fits of other code are not used"


def test_probabilities_hold_every_session_once_from_the_fold_that_never_saw_it(make_world):
    world = make_world()
    out = world.train("out", RECIPE, "bilstm")
    folds = read_folds(world.folds).set_index("session").outer
    with h5py.File(out / "probabilities.h5") as file:
        assert json.loads(file.attrs["classes"]) == ["Ineg", "Inon", "Ipos"]
        assert (file.attrs["target"], file.attrs["rate_hz"]) == ("infant", 25.0)
        assert set(file) == set(world.codes)
        for session in file:
            assert file[session].shape == (120, 3) and file[session].dtype == np.float32
            np.testing.assert_allclose(file[session][()].sum(axis=1), 1, rtol=1e-5)
            assert file[session].attrs["fold"] == folds[session]
            checkpoint = load_checkpoint(out / f"models/fold{folds[session]}.safetensors")
            assert not {session.replace("s", "d")} & set(
                checkpoint.config["training_dyads"] + checkpoint.config["set_aside_dyads"]
            )


def test_a_checkpoint_alone_predicts_what_was_written(make_world):
    world = make_world()
    out = world.train("out", RECIPE, "bilstm")
    checkpoint = load_checkpoint(out / "models/fold0.safetensors")
    session = next(name for name, fold in _fold_of(world).items() if fold == 0)
    streams = {name: open_stream(world.stream_path(session, name)) for name in checkpoint.recipe}
    np.testing.assert_array_equal(predict_session(checkpoint, streams), held_out(out)[session])
    assert checkpoint.config["untrained"] == ["infant.dinov2"]
    assert checkpoint.classes == ("Ineg", "Inon", "Ipos")
    assert checkpoint.config["hyperparameters"]["hidden"] == 8


def _fold_of(world) -> dict[str, int]:
    folds = read_folds(world.folds)
    return dict(zip(folds.session, folds.outer.astype(int), strict=True))


@pytest.mark.parametrize(("change", "words"), [
    ({"backbone": "motion"}, "has backbone 'motion', and the model is of streams with 'logmel'"),
    ({"weights": "hub/name"}, "has weights 'hub/name'"),
    ({"dims": 6}, r"has width \[6\], and the model is of streams with \[5\]"),
    ({"rate_hz": 30.0}, "has rate_hz 30.0"),
])
def test_a_stream_made_otherwise_is_refused_at_prediction(make_world, change, words):
    world = make_world(dyads=4, outer=2)
    checkpoint = load_checkpoint(world.train("out", ["audio.logmel"], "linear") / "models/fold0.safetensors")
    values = np.zeros((120, change.pop("dims", 5)))
    world.write_dense("s0", "audio.other", values, **change)
    with pytest.raises(DyadflowError, match=words):
        predict_session(checkpoint, {"audio.logmel": open_stream(world.stream_path("s0", "audio.other"))})
    with pytest.raises(DyadflowError, match=r"needs stream audio\.logmel"):
        predict_session(checkpoint, {})


def test_the_search_table_names_each_candidate_and_marks_the_best(make_world):
    world = make_world()
    table = read_table(world.train("out", RECIPE, "linear") / "search.tsv")
    assert list(table.outer) == [0, 0, 1, 1, 2, 2] and list(table.candidate) == [0, 1] * 3
    assert set(table.learning_rate) == {1e-2, 1e-3} and set(table.layers) == {"16-8"}
    for _, rows in table.groupby("outer"):
        assert rows.inner_f1[rows.chosen == "yes"].item() == rows.inner_f1.max()
        assert rows.epochs.notna().tolist() == (rows.chosen == "yes").tolist()


@pytest.mark.parametrize("network", ["linear", "bilstm", "tcn", "logreg", "trees"])
def test_a_signal_shared_by_dyads_is_found_in_dyads_never_seen(make_world, network):
    world = make_world(dyads=8, frames=200, outer=2)
    found = held_out(world.train("out", RECIPE, network, max_epochs=15, patience=15))
    truth = np.concatenate([world.codes[session] for session in found])
    assert macro_f1(truth, np.concatenate(list(found.values())).argmax(axis=1), 3) > 0.8


def test_a_temporal_signal_is_found_by_networks_that_look_around_and_not_frame_by_frame(make_world):
    # Noise whose class is whether it repeats itself a frame later: no single frame tells.
    world, rng = make_world(dyads=8, outer=2), np.random.default_rng(4)
    world.classes = ("still", "moving")
    for session in world.codes:
        codes = np.repeat(rng.permutation(np.arange(10) % 2), 20).astype(np.int8)
        sign = np.cumprod(np.where(codes == 1, -1, rng.choice([1, 1, 1, -1], size=200)))
        codes[rng.random(200) < 0.1] = -1
        world.codes[session] = codes
        world.write_dense(session, "audio.logmel", (sign + 0.2 * rng.normal(size=200))[:, None])
        world.write_labels(session, codes)
    settings = {"max_epochs": 25, "patience": 25, "candidates": 1}
    scores = {}
    spaces = {
        "bilstm": {"hidden": [16], "batch": [8], "window": [20], "stride": [10]}, "linear": {},
        "tcn": {"hidden": [16], "layers": [3], "batch": [4], "window": [100], "stride": [50], "dropout": [0.1]},
    }
    for network, own in spaces.items():
        space = {"learning_rate": [1e-2], **own}
        found = held_out(world.train(network, ["audio.logmel"], network, space=space, **settings))
        truth = np.concatenate([world.codes[session] for session in found])
        scores[network] = macro_f1(truth, np.concatenate(list(found.values())).argmax(axis=1), 2)
    assert scores["bilstm"] > 0.85 and scores["tcn"] > 0.85
    assert scores["linear"] < 0.65


def test_a_session_without_the_training_coder_is_predicted_and_trains_nothing(make_world):
    world = make_world()
    before = contents(world.train("before", ["audio.logmel"], "linear"))
    world.write_labels("s0", np.full(120, -1))
    after = world.train("after", ["audio.logmel"], "linear")
    assert held_out(after)["s0"].shape == (120, 3)
    fold = _fold_of(world)["s0"]
    name = f"models/fold{fold}.safetensors"
    assert contents(after)[name] == before[name]


def test_streams_of_one_frame_more_or_less_are_counted(make_world):
    world = make_world(dyads=4, outer=2)
    world.write_dense("s0", "audio.logmel", world.raw["s0"]["sound"][:-1])
    out = world.train("out", ["audio.logmel"], "linear")
    with h5py.File(out / "probabilities.h5") as file:
        assert {name: int(file[name].attrs["adjusted_streams"]) for name in file} == {
            "s0": 1, "s1": 0, "s2": 0, "s3": 0,
        }
        assert file["s0"].shape == (120, 3)


def reason(out):
    """Why a cell was not trained, as its outputs say; there is nothing else in them."""
    with h5py.File(out / "probabilities.h5") as file:
        assert not list(file)
        said = file.attrs["failed"]
    assert [path.name for path in (out / "models").iterdir()] == ["not_trained.txt"]
    assert (out / "models/not_trained.txt").read_text().strip() == said == read_failure(out / "models")
    assert read_table(out / "search.tsv").empty and read_table(out / "history.tsv").empty
    return said


def test_a_cell_that_cannot_be_trained_says_why_in_a_sentence_and_stops_nobody(make_world):
    world = make_world(dyads=4, outer=2)
    assert "session s0 has no stream audio.w2vbert" in reason(world.train("none", ["audio.w2vbert"], "linear"))
    folds = read_table(world.folds)
    write_table(folds.assign(session=folds.session.replace("s3", "s9")), world.folds)
    assert "session s9 is in the folds and has no labels" in reason(world.train("lost", RECIPE, "linear"))
    write_table(folds, world.folds)
    space = {"layers": [[8]], "learning_rate": [3e38], "optimiser": ["sgd"]}
    said = reason(world.train("wild", RECIPE, "linear", space=space, candidates=1))
    assert "Lower the learning rates" in said and "outer fold 0" in said
    before = {name: codes for name, codes in world.codes.items()}
    for session in world.codes:
        world.write_labels(session, np.full(120, -2))
    assert "no labelled frame of infant to learn from" in reason(world.train("mute", RECIPE, "linear"))
    # Trained again once the cause is gone, into the same place.
    for session, codes in before.items():
        world.write_labels(session, codes)
    assert len(held_out(world.train("mute", RECIPE, "linear"))) == 4
    with pytest.raises(DyadflowError, match="not a checkpoint"):
        load_checkpoint(world.folds)
    with pytest.raises(DyadflowError, match="no such checkpoint"):
        load_checkpoint(world.folder / "none.safetensors")


def test_a_class_that_a_fold_never_shows_in_training_is_never_predicted_there_and_all_goes_on(make_world):
    world = make_world(dyads=4, outer=2)
    for session, codes in world.codes.items():
        if _fold_of(world)[session] == 0:
            world.codes[session] = np.where(codes == 2, 1, codes)
            world.write_labels(session, world.codes[session])
    found = held_out(world.train("out", RECIPE, "linear"))
    # The models of fold 1 learned from fold 0's dyads, in which Ipos does not occur.
    late = np.concatenate([found[session] for session, fold in _fold_of(world).items() if fold == 1])
    assert np.isfinite(late).all() and (late.argmax(axis=1) != 2).mean() > 0.95
