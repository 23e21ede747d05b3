"""Weights fetched beforehand: which, how large, where, and what a stream will record of them."""

from pathlib import Path

import pytest
import torch

from dyadflow.errors import DyadflowError
from dyadflow.features.fetch import fetch_weights
from dyadflow.features.registry import load_backbone
from dyadflow.features.settings import ExtractorSettings

COMMIT = "47b73eefe95e8d44ec3623f8890bd894b6ea2d6c"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub that holds one small DINOv2 in a cache as the real one lays it out; what was asked of it."""
    import huggingface_hub
    from transformers import Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    model = Dinov2Model(Dinov2Config(hidden_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=42))
    model.save_pretrained(tmp_path / "blobs")
    snapshot = tmp_path / "cache" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for path in (tmp_path / "blobs").iterdir():
        (snapshot / path.name).symlink_to(path)
    asked = []

    def download(name, *, revision, allow_patterns):
        asked.append((name, revision))
        return str(snapshot)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return asked


def extractor(backbone="dinov2", weights="facebook/dinov2-large", views=("infant",), **more):
    return ExtractorSettings(backbone=backbone, weights=weights, views=list(views), device="cpu", **more)


def test_every_weight_that_a_study_names_is_fetched_and_no_other(hub, tmp_path):
    fetched = list(fetch_weights({
        "pinned": extractor(revision=COMMIT), "loose": extractor(), "none": extractor("motion", None),
        "random": extractor(weights="untrained"), "local": extractor(weights=str(tmp_path / "blobs")),
    }))
    assert hub == [("facebook/dinov2-large", COMMIT), ("facebook/dinov2-large", None)]
    assert [(one.user, one.revision, one.pinned) for one in fetched] == [
        ("extractor pinned", COMMIT, True), ("extractor loose", COMMIT, False), ("extractor local", "", True)]
    size = sum(path.stat().st_size for path in (tmp_path / "blobs").iterdir())
    assert {one.size_bytes for one in fetched} == {size}
    assert f"The study names no revision: set it to {COMMIT}." in fetched[1].sentence()
    assert "no revision" not in fetched[0].sentence() and f"at {COMMIT}, {size / 1e6:.1f} MB" in fetched[0].sentence()


def test_the_hash_said_is_the_one_that_streams_record(hub):
    fetched = next(fetch_weights({"d": extractor(revision=COMMIT)}))
    assert fetched.sha256 == load_backbone(extractor(revision=COMMIT)).attributes["weights_sha256"]


def test_a_folder_to_carry_holds_plain_files_that_load_by_its_name(hub, tmp_path):
    for _ in range(2):
        fetched = next(fetch_weights({"d": extractor(revision=COMMIT)}, into=tmp_path / "stick"))
    assert fetched.place == tmp_path / "stick" / f"facebook--dinov2-large-{COMMIT[:12]}"
    assert sorted(path.name for path in fetched.place.iterdir()) == ["config.json", "model.safetensors"]
    assert not any(path.is_symlink() for path in fetched.place.iterdir())
    assert [path.name for path in (tmp_path / "stick").iterdir()] == [fetched.place.name]
    attributes = load_backbone(extractor(weights=str(fetched.place))).attributes
    assert attributes["weights_sha256"] == fetched.sha256


def test_weights_of_another_kind_are_found_by_their_backbone(hub, tmp_path):
    bundle = tmp_path / "face_landmarker.task"
    bundle.write_bytes(b"x" * 1500000)
    fetched = next(fetch_weights({"face": extractor("landmarks", str(bundle))}))
    assert (fetched.size_bytes, fetched.place, hub) == (1500000, bundle, [])
    with pytest.raises(DyadflowError, match=r"Download face_landmarker\.task"):
        list(fetch_weights({"face": extractor("landmarks", "elsewhere.task")}))


def test_no_internet_and_a_licence_not_accepted_are_sentences(monkeypatch):
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError
    from huggingface_hub.utils import httpx

    answer = httpx.Response(403, request=httpx.Request("GET", "https://example.org"))
    for error, said in [
        (LocalEntryNotFoundError("no connection"), "on a machine with internet (`dyadflow fetch-weights`"),
        (GatedRepoError("gated", response=answer), "those who accepted their licence. Accept it on the page"),
    ]:
        def fail(*arguments, error=error, **keywords):
            raise error

        monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
        with pytest.raises(DyadflowError) as caught:
            list(fetch_weights({"d": extractor("dinov3", "facebook/dinov3-vitl16-pretrain-lvd1689m")}))
        assert said in str(caught.value) and "\n" not in str(caught.value)


def test_no_half_copied_folder_is_taken_for_whole(hub, tmp_path, monkeypatch):
    import shutil

    def stop(source, target):
        Path(target).mkdir(parents=True)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copytree", stop)
        with pytest.raises(KeyboardInterrupt):
            list(fetch_weights({"d": extractor(revision=COMMIT)}, into=tmp_path / "stick"))
    fetched = next(fetch_weights({"d": extractor(revision=COMMIT)}, into=tmp_path / "stick"))
    assert len(list(fetched.place.iterdir())) == 2 and len(list((tmp_path / "stick").iterdir())) == 1
