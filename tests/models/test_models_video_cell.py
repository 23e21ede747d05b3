"""Whole cells of a video network: nothing leaks, everything resumes, the same bytes come out, motion is found."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from dyadflow.agreement.kappa import percent_agreement
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.spans import coded_spans, maximal_interval, minimal_interval
from dyadflow.errors import DyadflowError
from dyadflow.media.clips import Clips
from dyadflow.models.state import State
from dyadflow.models.video import fold as fold_module
from dyadflow.models.video.checkpoint import load_video_checkpoint
from dyadflow.models.video.loading import SnippetLoader
from dyadflow.models.video.predict import predict_frames
from dyadflow.models.video.scoring import f1_of_yes
from dyadflow.models.video.statistics import pixel_statistics
from dyadflow.tables import read_table

RATE_HZ = 3.125
#: The label window of as_published is 5 s whatever is shown.
SHOWN_S = 6 / RATE_HZ
SPEC = {
    "tier": "task_engagement", "classes": ["no", "yes"], "codes": {"no": 0, "yes": 1}, "otherwise": 0,
    "phases": ["dolls"],
}
BY_HAND = {"dolls-task_engagement": {"head": {"learning_rate": 0.03}, "fine_tuning": {"learning_rate": 3e-3}}}


def contents(folder) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def frames_of(out) -> dict[str, np.ndarray]:
    with h5py.File(out / "probabilities.h5") as file:
        return {session: file[session][()] for session in file}


def poison(world, sessions):
    """Other pictures and another coding of some sessions."""
    rng = np.random.default_rng(9)
    for session in sessions:
        world.frames[session] = rng.integers(0, 256, world.frames[session].shape).astype(np.uint8)
        for coder in ("ann", "bea"):
            on, off = world.task[session, coder]
            world.yes[session, coder] = [(on + 1, on + 3), (off - 9, off - 2)]
    world.write()


@pytest.mark.parametrize("preset", ["corrected", "as_published"])
def test_poisoned_held_out_dyads_leave_every_fitted_byte_as_it_was(make_play_world, preset):
    world = make_play_world()
    before = world.train("before", preset=preset)
    poisoned = world.held_out(2)
    poison(world, poisoned)
    after = world.train("after", preset=preset)
    assert (before / "models/fold2.safetensors").read_bytes() == (after / "models/fold2.safetensors").read_bytes()
    searched = [read_table(folder / "search.tsv").query("outer == 2").reset_index(drop=True)
                for folder in (before, after)]
    pd.testing.assert_frame_equal(*searched)
    validated = [
        read_table(folder / "snippets.tsv").query("outer == 2 and set == 'validation'").reset_index(drop=True)
        for folder in (before, after)
    ]
    pd.testing.assert_frame_equal(*validated)
    assert not np.allclose(frames_of(before)[poisoned[0]], frames_of(after)[poisoned[0]], equal_nan=True)
    if preset == "corrected":
        # The poison is no placebo: it reached the folds that train on it.
        other = "models/fold0.safetensors"
        assert (before / other).read_bytes() != (after / other).read_bytes()


def test_held_out_clips_are_not_opened_before_the_fold_is_trained(make_play_world, monkeypatch):
    world, opened = make_play_world(), []
    genuine, fit = Clips.read, fold_module.fine_tune

    def read(self, start, length):
        opened.append(self.path.stem)
        return genuine(self, start, length)

    monkeypatch.setattr(Clips, "read", read)
    monkeypatch.setattr(fold_module, "fine_tune", lambda *a, **k: opened.append("fit") or fit(*a, **k))
    world.train("out", preset="as_published")
    last_fit = len(opened) - 1 - opened[::-1].index("fit")
    assert not set(opened[:last_fit]) & set(world.held_out(2))
    assert set(opened[last_fit:]) >= set(world.held_out(2))


def test_a_rerun_gives_the_same_bytes_whatever_the_workers(make_play_world):
    world = make_play_world()
    first = contents(world.train("first", preset="as_published"))
    assert contents(world.train("second", preset="as_published", workers=2)) == first
    assert set(first) == {"search.tsv", "snippets.tsv", "probabilities.h5", "models/fold2.safetensors"}


@pytest.mark.parametrize("killed_after", [1, 4, 10])
def test_a_killed_cell_goes_on_where_it_stopped_and_ends_as_an_undisturbed_one(
    make_play_world, monkeypatch, killed_after
):
    """Of one outer fold: 2 passes, the fixed snippets, 2 head candidates, 2 x 2 fine-tuning scores, 2 runs."""
    world = make_play_world()
    undisturbed = contents(world.train("undisturbed", preset="as_published"))
    genuine, kept = State.remember, []

    def remember(self, key, content):
        if len(kept) == killed_after:
            raise KeyboardInterrupt
        kept.append(key)
        genuine(self, key, content)

    monkeypatch.setattr(State, "remember", remember)
    with pytest.raises(KeyboardInterrupt):
        world.train("resumed", preset="as_published")
    killed_after = 10**6
    assert contents(world.train("resumed", preset="as_published")) == undisturbed
    assert len(kept) == len(set(kept)) == 2 + 1 + 2 + 4 + 2, "none of them twice"
    world.train("resumed", preset="as_published")
    assert len(kept) == 11
    world.train("resumed", preset="as_published", code="edited")
    assert len(kept) == 22, "finished pieces of other code are not used"


def test_training_snippets_are_drawn_anew_and_shuffled_in_every_epoch(make_play_world, monkeypatch):
    world, seen = make_play_world(), []
    genuine = SnippetLoader.altered

    def altered(self, snippets, seeds, order):
        seen.append(([(one.session, one.start) for one in snippets], list(seeds), list(order)))
        return genuine(self, snippets, seeds, order)

    monkeypatch.setattr(SnippetLoader, "altered", altered)
    world.train("out", preset="as_published", by_hand=BY_HAND, fine_tuning={"max_epochs": 4}, runs=1)
    fitted = [epoch for epoch in seen if len(epoch[0]) == 2 * 3]
    assert len(fitted) == 4 and {session for epoch in fitted for session, _ in epoch[0]} == set(world.held_out(0))
    for epoch in fitted:
        assert sorted(epoch[2]) == list(range(6)) and len(set(epoch[1])) == 6
    for part in range(3):
        assert len({tuple(epoch[part]) for epoch in fitted}) == 4
    # Passes and the settling of random weights: all four training sessions, each pass drawn anew.
    passes = [epoch for epoch in seen if len(epoch[0]) == 4 * 3]
    assert len({tuple(epoch[0]) for epoch in passes}) == 3


def test_a_damaged_piece_is_worked_out_again(make_play_world):
    world = make_play_world()
    first = contents(world.train("first", preset="as_published", state="state"))
    entries = sorted((world.folder / "state").iterdir())
    assert len(entries) == 11
    for entry in entries[::2]:
        entry.write_bytes(entry.read_bytes()[:-1])
    entries[1].write_bytes(entries[3].read_bytes())
    assert contents(world.train("second", preset="as_published", state="state")) == first


def test_what_decides_a_piece_is_part_of_its_key(make_play_world, monkeypatch):
    world, kept = make_play_world(), []
    genuine = State.remember
    monkeypatch.setattr(State, "remember", lambda self, *a: kept.append(1) or genuine(self, *a))

    def fresh(**changes):
        kept.clear()
        world.train("out", preset="as_published", state="state", **changes)
        return len(kept)

    assert fresh() == 11
    assert fresh(workers=1) == 0
    assert fresh(runs=3) == 1, "one run more, and nothing else"
    assert fresh(passes=3) == 1 + 2 + 4 + 2, "one pass more, and all that is trained on passes"
    assert fresh(smoothing=0) == 2 + 4 + 2, "the cache stays"
    assert fresh(strata=4) == 11
    for changed in (
        {"batch": 5}, {"frames": 5}, {"options": {"widths": [2, 2, 2, 4]}},
        {"augmentation": {"crop_px": 20, "test_crop_px": 20, "blur_sigma": 2.0}},
    ):
        assert fresh(**changed) == 11, changed
    poison(world, world.held_out(2))
    assert fresh() == 0, "held-out sessions decide nothing"
    poison(world, world.held_out(1)[:1])
    assert fresh() == 11


MOTION = {
    "passes": 6, "batch": 8, "runs": 1, "strata": 10, "options": {"widths": [4, 8, 8, 16], "motion_filters": 1.0},
    "augmentation": {
        "crop_px": 20, "test_crop_px": 20, "scale": [0.9, 1.1], "ratio": [0.9, 1.1], "probability": 0.0,
    },
}


def test_motion_is_found_in_sessions_never_seen(make_play_world):
    """Classes differ in whether a block moves, and in nothing that one frame shows."""
    world = make_play_world(dyads=9, frames=120, bout=12)
    out = world.train(
        "out", **MOTION, by_hand=BY_HAND, head={"max_epochs": 20}, fine_tuning={"max_epochs": 1},
    )
    rows = read_table(out / "snippets.tsv").query("set == 'test'")
    # A snippet that is half and half is nobody's: those the coders are sure of.
    sure = rows[(rows.share < 0.2) | (rows.share > 0.8)]
    assert len(sure) > 200 and 0.3 < sure.label.mean() < 0.7
    assert (sure.label == sure.predicted).mean() > 0.85
    codes = coded_spans(Segments.read(world.folder / "segments.tsv"), SPEC)
    confusion = np.zeros((2, 2))
    for session, probability in frames_of(out).items():
        for frame in np.flatnonzero(~np.isnan(probability[:, 1])):
            at = (frame + 0.5) / RATE_HZ
            yes = any(on <= at < off for on, off in codes[session]["ann"].positive)
            confusion[int(yes), int(probability[frame, 1] > 0.5)] += 1
    assert percent_agreement(confusion) > 70


def test_fine_tuning_finds_motion_that_the_head_missed(make_play_world):
    world = make_play_world(dyads=9, frames=120, bout=20)
    values = {"head": {"learning_rate": 1e-8}, "fine_tuning": {"learning_rate": 3e-3}}
    out = world.train(
        "out", **MOTION, preset="as_published", by_hand={"dolls-task_engagement": values},
        head={"max_epochs": 1}, fine_tuning={"max_epochs": 12},
    )
    assert load_video_checkpoint(out / "models/fold2.safetensors").config["epochs"] > 0
    rows = read_table(out / "snippets.tsv").query("set == 'test' and units == 'tiled'")
    sure = rows[(rows.share < 0.1) | (rows.share > 0.9)]
    assert (sure.label == sure.predicted).mean() > 0.8


def test_every_tested_fold_has_its_network_its_sessions_and_its_rows(make_play_world):
    world = make_play_world()
    out = world.train("out")
    spans = coded_spans(Segments.read(world.folder / "segments.tsv"), SPEC)
    snippets, search = read_table(out / "snippets.tsv"), read_table(out / "search.tsv")
    with h5py.File(out / "probabilities.h5") as file:
        assert json.loads(file.attrs["classes"]) == ["no", "yes"]
        assert (file.attrs["target"], file.attrs["rate_hz"]) == ("dolls-task_engagement", RATE_HZ)
        assert set(file) == set(world.sessions)
        for fold in range(3):
            checkpoint = load_video_checkpoint(out / f"models/fold{fold}.safetensors")
            config = checkpoint.config
            held = [session.replace("p", "d") for session in world.held_out(fold)]
            seen = config["training_dyads"] + config["validation_dyads"]
            assert sorted(held + seen) == [f"d{number}" for number in range(6)]
            # The last of the remaining folds validates.
            assert config["validation_dyads"] == [
                session.replace("p", "d") for session in world.held_out(max({0, 1, 2} - {fold}))
            ]
            statistics = pixel_statistics(
                {session: Clips(world.clips(session)) for session in world.sessions},
                [session for session in world.sessions if session not in world.held_out(fold)],
            )
            assert (config["mean"], config["deviation"]) == (list(statistics.mean), list(statistics.deviation))
            assert config["untrained"] is True and config["phase"] == "dolls" and config["kind"] == "video"
            for session in world.held_out(fold):
                probability = file[session][()]
                assert probability.shape == (70, 2) and probability.dtype == np.float32
                assert (file[session].attrs["fold"], file[session].attrs["adjusted_streams"]) == (fold, 0)
                interval = maximal_interval(spans[session])
                centres = (np.arange(70) + 0.5) / RATE_HZ
                inside = (centres >= interval[0]) & (centres < interval[1])
                np.testing.assert_array_equal(np.isnan(probability).any(1), ~inside)
                np.testing.assert_allclose(probability[inside].sum(1), 1, rtol=1e-5)
                np.testing.assert_allclose(
                    predict_frames(checkpoint, Clips(world.clips(session)), [interval]), probability, atol=1e-6
                )
                # Tiles lie back to back over what both coders call the task, and each has both their labels.
                mine = snippets[(snippets.set == "test") & (snippets.session == session)]
                assert (mine.outer == fold).all() and (mine.units == "tiled").all()
                on, off = minimal_interval(spans[session])
                starts = mine[mine.coder == "ann"].start.to_numpy()
                assert (np.diff(starts) == 6).all() and starts[0] == int(np.ceil(on * RATE_HZ))
                assert off - SHOWN_S < (starts[-1] + 6) / RATE_HZ <= off
                assert list(starts) == list(mine[mine.coder == "bea"].start)
                for row in mine.itertuples():
                    share = spans[session][row.coder].positive_share(row.start / RATE_HZ, (row.start + 6) / RATE_HZ)
                    assert row.share == pytest.approx(share, abs=1e-6)
                    assert (row.label, row.predicted) == (round(share, 9) > 0.5, row.probability > 0.5)
            validated = snippets[(snippets.set == "validation") & (snippets.outer == fold)]
            assert set(validated.dyad) == set(config["validation_dyads"])
            if config["epochs"] == 0:
                assert config["validation_f1"] == pytest.approx(f1_of_yes(validated.label, validated.predicted))
    assert list(snippets.columns) == [
        "set", "units", "outer", "session", "dyad", "start", "onset_s", "offset_s", "coder", "share", "label",
        "probability", "predicted",
    ]
    assert len(search) == 3 * (2 + 2)
    assert (search.groupby(["outer", "phase"]).chosen.apply(lambda told: (told == "yes").sum()) == 1).all()
    for _, rows in search.groupby(["outer", "phase"]):
        assert rows.f1.idxmax() == rows.index[rows.chosen == "yes"][0]
        assert (rows.epochs.notna() == (rows.chosen == "yes")).all()
    # All folds compare the same candidates.
    assert (search.groupby(["phase", "candidate"]).learning_rate.nunique() == 1).all()


def test_as_published_tests_the_last_fold_on_snippets_drawn_and_flipped(make_play_world):
    world = make_play_world()
    out = world.train("out", preset="as_published")
    rows = read_table(out / "snippets.tsv")
    counts = rows.groupby(["set", "units"]).size().to_dict()
    # 2 sessions x 3 strata each.
    assert counts[("validation", "drawn")] == counts[("test", "drawn")] == 6
    assert set(counts) == {("validation", "drawn"), ("test", "drawn"), ("test", "tiled")}
    assert set(rows.session) == {*world.held_out(2), *world.held_out(1)} and (rows.outer == 2).all()
    assert set(frames_of(out)) == set(world.held_out(2))
    assert [path.name for path in (out / "models").iterdir()] == ["fold2.safetensors"]
    spans = coded_spans(Segments.read(world.folder / "segments.tsv"), SPEC)
    for row in rows.itertuples():
        share = spans[row.session][row.coder].positive_share(row.start / RATE_HZ, row.start / RATE_HZ + 5)
        assert row.share == pytest.approx(share, abs=1e-6), "5 s of coding decide, not what is shown"
    checkpoint = load_video_checkpoint(out / "models/fold2.safetensors")
    files = {session: Clips(world.clips(session)) for session in world.sessions}
    own = pixel_statistics(files, world.held_out(2))
    network = checkpoint.build_network()
    flipped = {True: 0, False: 0}
    for row in rows[rows.set == "test"].drop_duplicates(["session", "start"]).itertuples():
        clip = torch.from_numpy(files[row.session].read(row.start, 6)[:, :, 2:22]).float() / 255
        clip = ((clip - torch.tensor(own.mean)) / torch.tensor(own.deviation)).permute(3, 0, 1, 2).float()
        with torch.no_grad():
            both = {
                flip: float(torch.softmax(network(clip[None].flip(-1) if flip else clip[None]), 1)[0, 1])
                for flip in (True, False)
            }
        fitting = [flip for flip, yes in both.items() if abs(yes - row.probability) < 1e-5]
        assert fitting, "normalised by the test fold's own statistics, flipped or not"
        if len(fitting) == 1:
            flipped[fitting[0]] += 1
    assert min(flipped.values()) >= 1


def test_values_given_by_hand_replace_the_search_of_their_phase(make_play_world, monkeypatch):
    world, fits = make_play_world(), []
    genuine = fold_module.fine_tune
    monkeypatch.setattr(fold_module, "fine_tune", lambda *a, **k: fits.append(1) or genuine(*a, **k))
    out = world.train("out", preset="as_published", by_hand={
        "dolls-task_engagement": {"fine_tuning": {"learning_rate": 3e-8, "class_weights": "balanced"}},
        "drum-task_engagement": {"head": {"learning_rate": 1.0}},
    })
    search = read_table(out / "search.tsv", text=["learning_rate"])
    (row,) = search[search.phase == "fine_tuning"].itertuples()
    assert (row.learning_rate, row.chosen, row.class_weights) == ("3e-08", "yes", "balanced") and np.isnan(row.f1)
    assert (search.phase == "head").sum() == 2 and len(fits) == 2, "one fine-tuning a run"
    config = load_video_checkpoint(out / "models/fold2.safetensors").config
    assert config["fine_tuning"]["learning_rate"] == 3e-8
    assert config["epochs"] == row.epochs


def test_only_human_coding_of_the_named_coders_trains_and_scores(make_play_world):
    world = make_play_world()
    ann = world.train("ann", coders=(["ann"], ["ann"]), preset="as_published")
    both = world.train("both", preset="as_published")
    assisted = {(session, "bea"): "assisted" for session in world.sessions}
    human = world.train("human", kinds=assisted, preset="as_published")
    name = "models/fold2.safetensors"

    def weights(out):
        return load_video_checkpoint(out / name).weights["fc.weight"]

    assert torch.equal(weights(ann), weights(human)) and not torch.equal(weights(ann), weights(both))
    assert set(read_table(human / "snippets.tsv").coder) == {"ann"}
    assert set(read_table(both / "snippets.tsv").coder) == {"ann", "bea"}


def test_a_session_that_nobody_coded_is_held_out_without_a_prediction(make_play_world):
    world = make_play_world()
    for coder in ("ann", "bea"):
        del world.task["p2", coder]
    world.write()
    out = world.train("out", preset="as_published")
    assert np.isnan(frames_of(out)["p2"]).all() and not np.isnan(frames_of(out)["p5"]).all()
    assert "p2" not in set(read_table(out / "snippets.tsv").session)


def test_coding_that_runs_on_after_the_last_picture_asks_for_no_picture_that_is_not_there(make_play_world):
    world = make_play_world()
    end_s = 70 / RATE_HZ
    for key, (onset_s, _) in world.task.items():
        world.task[key] = (onset_s, end_s + 0.4)
        world.yes[key] = [*world.yes[key], (end_s - 0.05, end_s + 0.4)]
    world.write()
    rows = read_table(world.train("out") / "snippets.tsv")
    assert (rows.offset_s <= end_s + 1e-9).all()


def test_mistakes_stop_before_anything_is_trained(make_play_world):
    world = make_play_world()
    for session in world.held_out(0):
        for coder in ("ann", "bea"):
            del world.task[session, coder]
    world.write()
    with pytest.raises(DyadflowError, match="in a session to score on"):
        world.train("out", preset="as_published")
    with pytest.raises(DyadflowError, match="device is cuda"):
        world.train("out", device="cuda")
    with h5py.File(world.clips("p1"), "a") as file:
        file.attrs["rate_hz"] = 25.0
    with pytest.raises(DyadflowError, match="session p1: the clips have 25 frames a second"):
        world.train("out", preset="as_published")


def test_one_line_a_fold_tells_what_was_done(make_play_world, capsys):
    make_play_world().train("out", by_hand=BY_HAND)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("outer fold 1 of 3: 4 of 4 training sessions coded, 2 held out; head by hand, fine-")
