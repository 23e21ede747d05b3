"""A batch of sessions: only what is missing is computed, and nothing half is left behind."""

import shutil
import threading

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from dyadflow.errors import DyadflowError
from dyadflow.features import extract as extract_module
from dyadflow.features.extract import INDEX_COLUMNS, extract_batch
from dyadflow.features.settings import ExtractorSettings
from dyadflow.features.stream import open_stream

FRAMES = 25
MOTION = ExtractorSettings(backbone="motion", views=["infant", "caregiver"])


@pytest.fixture
def sessions(tmp_path, film, sound, grid_file):
    """Two sessions with two views and sound, each in files of its own."""
    grid, found = grid_file(FRAMES), []
    for number, name in enumerate(("one", "two")):
        views = {}
        for view, source in (("infant", "testsrc2"), ("caregiver", "mandelbrot")):
            views[view] = tmp_path / f"{name}_{view}.mp4"
            shutil.copy(film(FRAMES, source=source), views[view])
        views["audio"] = sound(2.0, seed=number)
        found.append({"session": name, "grid": str(grid), "views": {k: str(v) for k, v in views.items()},
                      "has_sound": True})
    return found


@pytest.fixture
def run(tmp_path):
    """Extract into a folder of the test's own, and say what was said."""
    def extract(sessions, settings, code="c1", **more):
        said = []
        extract_batch(sessions, settings, code=code, folder=tmp_path / "streams",
                      index=tmp_path / "index" / "batch.tsv", say=said.append, **more)
        return said

    return extract


def times(folder):
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*.h5")}


def read_index(tmp_path):
    return pd.read_csv(tmp_path / "index" / "batch.tsv", sep="\t")


def test_a_batch_gives_one_stream_a_session_and_view_and_an_index_of_them(tmp_path, sessions, run):
    said = run(sessions, MOTION)
    index = read_index(tmp_path)
    assert tuple(index.columns) == INDEX_COLUMNS
    assert list(zip(index.session, index["view"], strict=True)) == [
        ("one", "infant"), ("one", "caregiver"), ("two", "infant"), ("two", "caregiver")]
    assert set(index.untrained) == {"no"} and set(index.frames) == {FRAMES} and set(index.dims) == {16}
    stream = open_stream(tmp_path / "index" / index.file[0])
    assert stream.attributes["key"] == index.key[0] and stream.attributes["session"] == "one"
    assert said[0] == "motion: 4 of 4 streams to compute" and "frames/s" in said[1]
    assert "all 100 frames in" in said[-1] and "s to get ready" in said[-1] and len(said) == 6
    assert len(list((tmp_path / "streams").rglob(".*"))) == 0


def test_a_long_session_says_how_far_it_is(sessions, run, monkeypatch):
    monkeypatch.setattr(extract_module, "_TELL_EVERY_S", 0.0)
    said = run(sessions[:1], MOTION.model_copy(update={"batch": 10}))
    assert [line.split(" frames,")[0] for line in said if "infant:" in line] == [
        "one infant: 10 of 25", "one infant: 20 of 25", "one infant: 25 of 25"]


def test_a_second_run_computes_nothing_and_loads_no_model(tmp_path, sessions, run, monkeypatch):
    run(sessions, MOTION)
    before, index = times(tmp_path / "streams"), (tmp_path / "index" / "batch.tsv").read_bytes()
    monkeypatch.setattr(extract_module, "load_backbone", lambda *a, **k: pytest.fail("a model was loaded"))
    assert run(sessions, MOTION) == ["motion: 0 of 4 streams to compute"]
    assert times(tmp_path / "streams") == before
    assert (tmp_path / "index" / "batch.tsv").read_bytes() == index


def test_one_changed_view_recomputes_that_one_alone(tmp_path, sessions, run, film):
    run(sessions, MOTION)
    before = times(tmp_path / "streams")
    shutil.copy(film(FRAMES, source="rgbtestsrc"), sessions[1]["views"]["caregiver"])
    run(sessions, MOTION)
    after = times(tmp_path / "streams")
    assert {name for name in after if after[name] != before[name]} == {"caregiver/two.h5"}


def test_a_broken_stream_is_computed_again(tmp_path, sessions, run):
    run(sessions, MOTION)
    path = tmp_path / "streams" / "infant" / "one.h5"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert run(sessions, MOTION)[0] == "motion: 1 of 4 streams to compute"
    assert path.read_bytes() == whole


@pytest.mark.parametrize(("change", "computed"), [
    ({}, 0), ({"batch": 7}, 0), ({"device": "cpu"}, 0), ({"options": {"cells": 4}}, 0),
    ({"options": {"cells": 3}}, 4), ({"seed": 1}, 4), ({"half": True}, 4),
])
def test_what_decides_the_numbers_decides_the_key(sessions, run, change, computed):
    run(sessions, MOTION)
    changed = ExtractorSettings.model_validate({**MOTION.model_dump(), **change})
    assert run(sessions, changed)[0] == f"motion: {computed} of 4 streams to compute"


def test_other_code_and_another_grid_recompute(sessions, run, grid_file):
    run(sessions, MOTION)
    assert run(sessions, MOTION, code="c2")[0] == "motion: 4 of 4 streams to compute"
    sessions[0]["grid"] = str(grid_file(FRAMES, rate_hz=25.0))
    assert run(sessions, MOTION, code="c2")[0] == "motion: 2 of 4 streams to compute"


def test_settings_may_come_as_the_plain_values_that_a_rule_hands_over(tmp_path, sessions, run):
    run(sessions, MOTION.model_dump(mode="json"))
    assert len(read_index(tmp_path)) == 4


def test_two_extractions_are_the_same_bytes(tmp_path, sessions, dinov2_settings, w2vbert_settings):
    for settings in (dinov2_settings(views=["infant"]), w2vbert_settings(chunk_s=1.0)):
        for name in ("a", "b"):
            extract_batch(sessions, settings, code="c", folder=tmp_path / name / "s",
                          index=tmp_path / name / "i.tsv", say=lambda line: None)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_two_sessions_at_once_give_the_same_bytes_as_one_after_the_other(
    tmp_path, sessions, dinov2_settings, monkeypatch
):
    load = extract_module.load_backbone

    def load_for(at_once):
        meeting = threading.Barrier(at_once)

        def load_so(*arguments, **keywords):
            backbone = load(*arguments, **keywords)
            extract, backbone.sessions_at_once = backbone.extract, at_once

            def meet_and_extract(*arguments):
                meeting.wait(20)  # broken, unless as many sessions as that are here at the same time
                extract(*arguments)

            backbone.extract = meet_and_extract
            return backbone

        return load_so

    for at_once, name in ((1, "a"), (2, "b")):
        monkeypatch.setattr(extract_module, "load_backbone", load_for(at_once))
        extract_batch(sessions, dinov2_settings(views=["infant", "caregiver"]), code="c", folder=tmp_path / name / "s",
                      index=tmp_path / name / "i.tsv", say=lambda line: None)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_sessions_that_share_a_gpu_give_what_a_cpu_gives(tmp_path, sessions, dinov2_settings):
    settings = dinov2_settings(views=["infant", "caregiver"], rank=24)
    for device in ("cpu", "cuda"):
        extract_batch(sessions, settings.model_copy(update={"device": device}), code="c", folder=tmp_path / device,
                      index=tmp_path / f"{device}.tsv", say=lambda line: None)
    for path in (tmp_path / "cpu").rglob("*.h5"):
        expected, found = (open_stream(tmp_path / device / path.relative_to(tmp_path / "cpu"))
                           for device in ("cpu", "cuda"))
        np.testing.assert_allclose(found.tokens(), expected.tokens(), atol=5e-3)


def test_the_index_says_what_is_untrained_and_what_is_a_token_store(tmp_path, sessions, run, dinov2_settings):
    run(sessions, dinov2_settings(views=["infant"]))
    index = read_index(tmp_path)
    assert set(index.untrained) == {"yes"} and set(index.kind) == {"tokens"} and set(index.dims) == {24}
    stream = open_stream(tmp_path / "index" / index.file[0])
    assert stream.attributes["weights"] == "untrained" and stream.attributes["backbone"] == "dinov2"


def test_other_weights_under_the_same_folder_recompute(tmp_path, sessions, run, dinov2_settings):
    from transformers import Dinov2Config, Dinov2Model

    small = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 42}
    settings = dinov2_settings(views=["infant"], weights=str(tmp_path / "weights"))
    keys = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        Dinov2Model(Dinov2Config(**small)).save_pretrained(tmp_path / "weights")
        said = run(sessions, settings)
        keys.append(tuple(read_index(tmp_path).key))
    assert keys[0] == keys[1] != keys[2] and "2 of 2" in said[0]
    stream = open_stream(tmp_path / "streams" / "infant" / "one.h5")
    assert len(stream.attributes["weights_sha256"]) == 64


@pytest.mark.parametrize("backbone", ["logmel", "w2vbert"])
def test_a_session_without_sound_is_zero_and_not_valid(tmp_path, sessions, run, w2vbert_settings, backbone):
    sessions[1]["has_sound"] = False
    logmel = ExtractorSettings(backbone="logmel", views=["audio"])
    run(sessions, logmel if backbone == "logmel" else w2vbert_settings())
    heard, silent = (open_stream(tmp_path / "streams" / "audio" / f"{name}.h5") for name in ("one", "two"))
    assert heard.valid.all() and heard.values.any()
    assert not silent.valid.any() and not silent.values.any() and silent.values.shape == heard.values.shape


def test_a_backbone_that_gives_nan_stops_with_a_sentence_and_writes_nothing(
    tmp_path, sessions, run, dinov2_settings, monkeypatch
):
    load = extract_module.load_backbone

    def poisoned(*arguments, **keywords):
        backbone = load(*arguments, **keywords)
        with torch.no_grad():
            backbone._model.layernorm.bias[3] = torch.nan
        return backbone

    monkeypatch.setattr(extract_module, "load_backbone", poisoned)
    with pytest.raises(DyadflowError, match=r"one_infant.mp4: the backbone gave a value that is not"):
        run(sessions, dinov2_settings(views=["infant"]))
    assert not [path for path in (tmp_path / "streams").rglob("*") if path.is_file()]
    assert not (tmp_path / "index").exists()


def test_a_missing_view_and_a_missing_file_are_named(sessions, run):
    with pytest.raises(DyadflowError, match="session one: the session has no view 'scene'"):
        run(sessions, ExtractorSettings(backbone="motion", views=["scene"]))
    sessions[1]["views"]["infant"] += ".gone"
    with pytest.raises(DyadflowError, match="no such file"):
        run(sessions, MOTION)


def test_streams_finished_before_a_failure_are_kept(tmp_path, sessions, run, film):
    shutil.copy(film(FRAMES - 1), sessions[1]["views"]["caregiver"])
    with pytest.raises(DyadflowError, match="24 frames where the session's grid has 25"):
        run(sessions, MOTION)
    assert set(times(tmp_path / "streams")) == {"infant/one.h5", "caregiver/one.h5", "infant/two.h5"}
    shutil.copy(film(FRAMES), sessions[1]["views"]["caregiver"])
    assert run(sessions, MOTION)[0] == "motion: 1 of 4 streams to compute"


def test_nothing_in_a_stream_tells_when_it_was_made(tmp_path, sessions, run):
    run(sessions, MOTION)
    with h5py.File(tmp_path / "streams" / "infant" / "one.h5") as file:
        assert h5py.h5g.get_objinfo(file["values"].id).mtime == 0
        assert np.isfinite(file["values"][()]).all()
