"""Searches, presets, coders and the common mistake: what a cell does beyond one plain search."""

import h5py
import numpy as np
import pytest

from dyadflow.evaluation.chance import compare_with_chance
from dyadflow.evaluation.scored import Request
from dyadflow.folds.table import read_folds
from dyadflow.models import fitting
from dyadflow.models.checkpoint import load_checkpoint
from dyadflow.models.data import read_cell_data
from dyadflow.models.frame_split import split_by_frame
from dyadflow.models.settings import ProtocolSettings
from dyadflow.models.space import draw_candidates, list_grid, space_of
from dyadflow.tables import read_table

RECIPE = ["audio.logmel"]
SPACE = {
    "layers": [[16, 8], [8]], "batch": [64], "learning_rate": [3e-2, 1e-2, 1e-3, 1e-5], "dropout": [0.1, 0.5],
}


def held_out(out):
    with h5py.File(out / "probabilities.h5") as file:
        return {session: file[session][()] for session in file}


def accuracy(world, found):
    truth = np.concatenate([world.codes[session] for session in found])
    predicted = np.concatenate(list(found.values())).argmax(axis=1)
    return float((predicted[truth >= 0] == truth[truth >= 0]).mean())


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_grid_is_tried_whole_and_a_random_search_tries_a_part_of_it(make_world):
    world = make_world(dyads=4, outer=2)
    grid = read_table(world.train("grid", RECIPE, "linear", space=SPACE, search="grid", max_epochs=1) / "search.tsv")
    assert (grid.groupby("outer").size() == 2 * 4 * 2).all()
    few = read_table(world.train("few", RECIPE, "linear", space=SPACE, candidates=5, max_epochs=1) / "search.tsv")
    assert (few.groupby("outer").size() == 5).all()
    both = [set(zip(table.layers, table.learning_rate, table.dropout, strict=True)) for table in (few, grid)]
    assert both[0] < both[1]
    assert set(few.pruned) == {"no"}
    assert (few[few.chosen == "yes"].groupby("outer").size() == 1).all()


@pytest.mark.parametrize("killed_after", [3, 11])
def test_an_adaptive_search_gives_up_early_never_repeats_itself_and_resumes_where_it_was_killed(
    make_world, monkeypatch, killed_after
):
    world = make_world(dyads=6, outer=2)
    settings = {"space": SPACE, "search": "optuna", "candidates": 12, "max_epochs": 2}
    undisturbed = world.train("undisturbed", RECIPE, "linear", **settings)
    table = read_table(undisturbed / "search.tsv")
    assert (table.groupby("outer").size() == 12).all()
    assert not table.duplicated(["outer", "layers", "learning_rate", "dropout"]).any()
    assert (table.pruned == "yes").any(), "the least learning rate is hopeless, and is given up"
    assert (table[table.chosen == "yes"].pruned == "no").all()
    for _, own in table.groupby("outer"):
        assert own.inner_f1[own.chosen == "yes"].item() == own.inner_f1[own.pruned == "no"].max()

    genuine, calls = fitting.fit_all, []

    def count(*arguments, **how):
        if len(calls) == killed_after:
            raise KeyboardInterrupt
        calls.append(1)
        return genuine(*arguments, **how)

    monkeypatch.setattr(fitting, "fit_all", count)
    with pytest.raises(KeyboardInterrupt):
        world.train("resumed", RECIPE, "linear", **settings)
    killed_after = 10**6
    assert contents(world.train("resumed", RECIPE, "linear", **settings)) == contents(undisturbed)


def test_a_protocol_s_space_takes_the_place_of_a_network_s_own():
    protocol = ProtocolSettings(preset="as_published", train_coders=["A"], score_coders=["A"])
    assert (protocol.projection, protocol.scaling, protocol.class_weights) == ("per_session", "none", "none")
    assert (protocol.split, protocol.outer, protocol.inner, protocol.stopping) == ("session", 20, 5, "inner_fold")
    from dyadflow.models.settings import NetworkSettings

    network = NetworkSettings(network="bilstm", space={"optimiser": ["adam"], "hidden": [8, 16]})
    grid = list_grid(space_of(network, protocol))
    assert {(each["optimiser"], each["learning_rate"], each["weight_decay"], each["hidden"]) for each in grid} == {
        ("sgd", rate, 0.1, hidden) for rate in (1e-4, 1e-5) for hidden in (8, 16)}
    # What a study says itself goes before the preset.
    own = ProtocolSettings(preset="as_published", outer=4, train_coders=["A"], score_coders=["A"], space={})
    assert own.outer == 4 and own.inner == 5 and own.space == {}
    assert {each["optimiser"] for each in list_grid(space_of(network, own))} == {"adam"}


def test_every_cell_and_every_resumed_search_draws_the_same_subset():
    network = {"layers": [[8], [16]], "learning_rate": [0.1, 0.2, 0.3]}
    from dyadflow.models.networks import linear

    space = linear.Space(**network)
    assert draw_candidates(space, 4, seed=3) == draw_candidates(space, None, seed=3)[:4]


def test_a_single_split_trains_and_predicts_the_last_fold_alone(make_world):
    world = make_world(dyads=6, outer=3)
    out = world.train("last", RECIPE, "linear", tested="last")
    folds = read_folds(world.folds)
    assert set(held_out(out)) == set(folds.session[folds.outer == 2])
    assert [path.name for path in (out / "models").iterdir()] == ["fold2.safetensors"]
    assert set(read_table(out / "search.tsv").outer) == {2} == set(read_table(out / "history.tsv").outer)


def test_what_is_tuned_on_inner_folds_goes_with_the_predictions(make_world):
    world = make_world(dyads=8, outer=2, frames=250)
    out = world.train("out", RECIPE, "linear", max_epochs=10, patience=10)
    with h5py.File(out / "probabilities.h5") as file:
        for session in file:
            attributes = dict(file[session].attrs)
            config = load_checkpoint(out / f"models/fold{attributes['fold']}.safetensors").config
            assert attributes["temperature"] == pytest.approx(config["temperature"]) and config["temperature"] != 1
            np.testing.assert_allclose(attributes["class_weights"], config["class_weights"])
            assert attributes["smoothing_frames"] == config["smoothing_frames"]
            assert attributes["smoothing_frames"] % 2 == 1
    history = read_table(out / "history.tsv")
    for fold, own in history.groupby("outer"):
        config = load_checkpoint(out / f"models/fold{fold}.safetensors").config
        assert own.validation_f1.max() == pytest.approx(config["validation_f1"])
        assert own.epoch[own.validation_f1.idxmax()] == config["epochs"]


def test_a_refit_stops_on_a_fifth_of_the_dyads_and_learns_from_all_others(make_world):
    world = make_world(dyads=12, outer=2)
    data = read_cell_data(
        folds=world.folds, labels=world.labels, features=world.write_indexes(), recipe=RECIPE, target="infant",
        coders=["A"])
    for outer in (0, 1):
        whole = set(data.folds.session) - set(data.held_out(outer))
        training, aside = data.stopping_parts(outer, "share")
        # Six dyads train: a fifth of them is one.
        assert len(aside.sessions) == 1 and set(training.sessions) | set(aside.sessions) == whole
        assert not set(training.sessions) & set(aside.sessions)
        training, aside = data.stopping_parts(outer, "inner_fold")
        assert len(aside.sessions) == 3 == len(training.sessions)


def test_labels_of_several_coders_are_shared_or_drawn_or_the_first_one_s(make_world):
    world = make_world(dyads=6, outer=3, frames=200)
    rng = np.random.default_rng(0)
    for session, codes in world.codes.items():
        # B says something else half of the time; in s0 only B coded.
        noisy = np.where((rng.random(len(codes)) < 0.5) & (codes >= 0), rng.integers(0, 3, len(codes)), codes)
        world.write_labels(session, np.full_like(codes, -1) if session == "s0" else codes, B=noisy)
    found = {}
    for labels in ("first", "soft", "drawn"):
        out = world.train(labels, RECIPE, "linear", protocol={"labels": labels}, max_epochs=8, patience=8)
        found[labels] = held_out(out)
        assert accuracy(world, found[labels]) > 0.6
    def sureness(values):
        return np.mean([each.max(axis=1).mean() for each in values.values()])

    # Shared labels teach doubt.
    assert sureness(found["soft"]) < sureness(found["first"]) - 0.02
    assert not np.allclose(found["drawn"]["s1"], found["soft"]["s1"])


def make_identity_world(make_world):
    """Dyads whose class hangs on who they are: a constant of their own in the stream, and a liking of their own."""
    world, rng = make_world(dyads=8, outer=4, frames=200), np.random.default_rng(2)
    for number, session in enumerate(world.codes):
        codes = rng.choice(3, size=200, p=np.roll([0.98, 0.01, 0.01], number)).astype(np.int8)
        world.codes[session] = codes
        world.write_dense(session, "audio.logmel", rng.normal(size=5) * 4 + 0.3 * rng.normal(size=(200, 5)))
        world.write_labels(session, codes)
    return world


def test_frames_split_at_random_claim_nearly_everything_where_nothing_is_to_be_learned(make_world):
    world = make_identity_world(make_world)
    how = {"max_epochs": 30, "patience": 30, "candidates": 1, "space": {
        "layers": [[32]], "learning_rate": [1e-2], "batch": [64], "dropout": [0.0]}}
    claimed = world.train("claimed", RECIPE, "linear", protocol={"split": "frames"}, tested="frames", **how)
    honest = world.train("honest", RECIPE, "linear", **how)
    assert accuracy(world, held_out(claimed)) > 0.93
    assert accuracy(world, held_out(honest)) < 0.6
    # Beside chance: whoever else's predictions a dyad is given, they are as good.
    table = world.folder / "chance.tsv"
    compare_with_chance(
        Request(
            [{"protocol": "corrected", "target": "infant", "stream": "s", "model": "linear",
              "probabilities": honest / "probabilities.h5"}],
            world.labels, world.folds, {(session, "A"): "human" for session in world.codes}, {"corrected": ["A"]}, {}),
        draws=400, seed=1, chance=table)
    chance = read_table(table).set_index(["method", "metric"])
    assert chance.p["dyads", "accuracy"] > 0.05
    assert chance.value["dyads", "accuracy"] <= chance.chance_high["dyads", "accuracy"]
    with h5py.File(claimed / "probabilities.h5") as file:
        assert {int(file[session].attrs["fold"]) for session in file} == {-1}
        assert all(np.isfinite(file[session][()]).all() for session in file)


def test_every_frame_is_held_out_once_and_no_side_sees_the_other_s(make_world):
    world = make_world(dyads=4, outer=2)
    data = split_by_frame(
        read_cell_data(
            folds=world.folds, labels=world.labels, features=world.write_indexes(), recipe=RECIPE, target="infant",
            coders=["A"]),
        outer=4, inner=3, seed=1)
    times = {name: np.zeros(120, int) for name in data.codes}
    for outer in data.outer_folds:
        mine = data.predicted(outer)
        for inner in data.inner_folds(outer):
            training, aside = data.parts(outer, inner)
            for name, codes in data.codes.items():
                sides = (training.codes[name] >= 0).astype(int) + (aside.codes[name] >= 0) + (mine[name] & (codes >= 0))
                assert sides.max() == 1
        for name, each in mine.items():
            times[name] += each
    assert all((each == 1).all() for each in times.values())
