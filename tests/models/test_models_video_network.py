"""mc3_18: torchvision's own where it should be, its weights from files, and what starts without weights."""

import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dyadflow.errors import DyadflowError
from dyadflow.models.optimisers import make_optimiser
from dyadflow.models.video.checkpoint import VideoCheckpoint
from dyadflow.models.video.embedding import embed, settle_statistics
from dyadflow.models.video.networks import mc3_18
from dyadflow.models.video.predict import predict_frames
from dyadflow.models.video.registry import VIDEO_NETWORKS, load_video_network
from dyadflow.models.video.settings import VideoTraining
from dyadflow.models.video.weights import identify_start, start_network

NARROW = {"widths": [2, 2, 4, 4]}


def theirs(seed=0):
    from torchvision.models.video import mc3_18 as torchvision_mc3_18

    torch.manual_seed(seed)
    return torchvision_mc3_18(weights=None).eval()


def test_the_default_widths_are_torchvisions_network_to_the_last_number(tmp_path):
    reference = theirs()
    # Running statistics as a trained network has them.
    for name, value in reference.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
    ours = mc3_18.build(mc3_18.Options()).eval()
    shapes = {name: value.shape for name, value in ours.state_dict().items() if not name.startswith("fc.")}
    assert shapes == {
        name: value.shape for name, value in reference.state_dict().items() if not name.startswith("fc.")
    }
    torch.save(reference.state_dict(), tmp_path / "kinetics.pth")
    loaded = start_network(VideoTraining(weights=str(tmp_path / "kinetics.pth")), seed=1)
    reference.fc = torch.nn.Identity()
    clips = torch.randn(2, 3, 5, 24, 32)
    with torch.no_grad():
        expected = reference(clips)
        np.testing.assert_allclose(loaded.embed(clips), expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(loaded(clips), loaded.fc(expected), rtol=1e-4, atol=1e-5)


def test_the_full_network_trains_and_predicts_at_the_papers_size(tmp_path, make_clips):
    """One step and one prediction through the real loading path: 15 frames of 112 x 112, 11.5 million weights."""
    torch.save(theirs().state_dict(), tmp_path / "kinetics.pth")
    network = start_network(VideoTraining(weights=str(tmp_path / "kinetics.pth")), seed=1)
    # What torchvision says of its own, with two classes for four hundred.
    assert sum(value.numel() for value in network.parameters()) == 11_695_440 - 400 * 513 + 2 * 513
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train()
    step = make_optimiser("adam", list(network.parameters()), learning_rate=1e-4, weight_decay=0)
    clip = torch.randn(1, 3, 15, 112, 112)
    loss = torch.nn.functional.cross_entropy(network(clip), torch.tensor([1]))
    loss.backward()
    step()
    after = network.state_dict()
    weights = [name for name, _ in network.named_parameters()]
    assert all(torch.isfinite(value).all() for value in after.values())
    assert [name for name in weights if torch.equal(before[name], after[name])] == []
    config = {
        "kind": "video", "network": "mc3_18", "options": {}, "frames": 15, "rate_hz": 3.125, "test_crop_px": 112,
        "mean": [0.4, 0.4, 0.4], "deviation": [0.2, 0.2, 0.2], "classes": ["no", "yes"],
    }
    checkpoint = VideoCheckpoint.from_bytes(VideoCheckpoint(config, after).to_bytes())
    pictures = np.random.default_rng(0).integers(0, 256, (15, 120, 120, 3)).astype(np.uint8)
    predicted = predict_frames(checkpoint, make_clips("one", pictures), [(0.0, 15 / 3.125)])
    assert predicted.shape == (15, 2)
    middle = (torch.from_numpy(pictures[:, 4:116, 4:116]).permute(3, 0, 1, 2) / 255 - 0.4) / 0.2
    with torch.no_grad():
        expected = torch.softmax(network.eval()(middle[None]), dim=1)[0]
    np.testing.assert_allclose(predicted, np.tile(expected, (15, 1)), atol=1e-4)


def test_motion_filters_are_blind_to_what_stands_still():
    torch.manual_seed(0)
    network = mc3_18.build(mc3_18.Options(widths=(8, 2, 2, 2), motion_filters=0.75))
    still = torch.randn(1, 3, 1, 16, 16).expand(-1, -1, 5, -1, -1)
    moving = torch.randn(1, 3, 5, 16, 16)
    with torch.no_grad():
        # The first and last frame have zeros for a neighbour, which is a change.
        response = network.stem[0](still)[0, :, 1:-1].abs().amax((1, 2, 3))
        moved = network.stem[0](moving)[0, :, 1:-1].abs().amax((1, 2, 3))
    assert (response[:6] < 1e-5).all() and (response[6:] > 0.1).all() and (moved > 0.1).all()


def test_random_weights_follow_the_seed_and_leave_torchs_own_numbers_alone():
    settings = VideoTraining(weights="untrained", options=NARROW)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again, other = (start_network(settings, seed=seed).state_dict() for seed in (1, 1, 2))
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["stem.0.weight"], other["stem.0.weight"])


def test_settled_statistics_are_the_mean_over_the_batches_and_normalise_them():
    network = start_network(VideoTraining(weights="untrained", options=NARROW), seed=1)
    rng = torch.Generator().manual_seed(0)
    batches = [5 * torch.randn(2, 3, 4, 16, 16, generator=rng) + 3 for _ in range(3)]
    weights = {name: value.clone() for name, value in network.named_parameters()}
    momenta = {layer.momentum for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm3d)}
    settle_statistics(network, batches)
    with torch.no_grad():
        means = [network.stem[0](clips).mean((0, 2, 3, 4)) for clips in batches]
    torch.testing.assert_close(network.stem[1].running_mean, torch.stack(means).mean(0))
    assert not network.training
    assert {layer.momentum for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm3d)} == momenta
    assert all(torch.equal(value, weights[name]) for name, value in network.named_parameters())
    # Two batch normalisations added up and rectified eight times: of the order of one, whatever the pixels' scale.
    scale = np.abs(embed(network, batches)).mean()
    assert 0.1 < scale < 10


def good_weights():
    torch.manual_seed(0)
    return mc3_18.build(mc3_18.Options(**NARROW)).state_dict()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_come_from_either_kind_of_file_and_are_known_by_their_content(tmp_path, suffix):
    weights = good_weights()
    path = tmp_path / f"one{suffix}"
    torch.save(weights, path) if suffix == ".pth" else save_file(weights, path)
    shutil.copy(path, tmp_path / f"copy{suffix}")
    one, copy = (
        VideoTraining(weights=str(tmp_path / f"{name}{suffix}"), options=NARROW) for name in ("one", "copy")
    )
    loaded = start_network(one, seed=3).state_dict()
    assert all(torch.equal(loaded[name], weights[name]) for name in weights if not name.startswith("fc."))
    assert not torch.equal(loaded["fc.weight"], weights["fc.weight"]), "the head starts anew"
    assert identify_start(one) == identify_start(copy) != identify_start(VideoTraining(weights="untrained"))


def drop(weights):
    del weights["layer1.0.conv1.0.weight"]


def widen(weights):
    weights["stem.0.weight"] = torch.zeros(64, 3, 3, 7, 7)


def add(weights):
    weights["layer5.weight"] = torch.zeros(1)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(drop, "1 parameters are missing, such as layer1.0.conv1.0.weight"),
     (widen, r"stem.0.weight has shape \(64, 3, 3, 7, 7\), not \(2, 3, 3, 7, 7\)"), (add, "such as layer5.weight")],
)
def test_weights_that_do_not_fill_the_network_are_refused(tmp_path, spoil, said):
    weights = good_weights()
    spoil(weights)
    torch.save(weights, tmp_path / "other.pth")
    with pytest.raises(DyadflowError, match=said):
        start_network(VideoTraining(weights=str(tmp_path / "other.pth"), options=NARROW), seed=1)


class Nasty:
    """What a .pth file must not be able to run."""

    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


def test_files_that_are_no_weights_are_refused_and_nothing_in_them_runs(tmp_path):
    def start(name):
        return start_network(VideoTraining(weights=str(tmp_path / name), options=NARROW), seed=1)

    torch.save({"stem.0.weight": Nasty()}, tmp_path / "nasty.pth")
    torch.save(good_weights(), tmp_path / "cut.pth")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "cut.pth").read_bytes()[:1000])
    (tmp_path / "text.safetensors").write_text("weights")
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("nasty.pth", "cut.pth", "text.safetensors"):
        with pytest.raises(DyadflowError, match="cannot be read"):
            start(name)
    with pytest.raises(DyadflowError, match="something else than a network"):
        start("list.pth")
    with pytest.raises(DyadflowError, match="no such file of weights"):
        identify_start(VideoTraining(weights=str(tmp_path / "none.pth")))


def test_published_weights_out_of_reach_say_how_to_fetch_them(tmp_path, monkeypatch):
    from urllib.error import URLError

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(*args, **kwargs):
        raise URLError("no route to host")

    monkeypatch.setattr("torch.hub.urlopen", offline)
    with pytest.raises(DyadflowError) as caught:
        start_network(VideoTraining(weights="kinetics400"), seed=1)
    assert "mc3_18-a90a0ba3.pth" in caught.value.fix and str(tmp_path) in caught.value.fix


def test_every_file_of_networks_can_be_named():
    assert list(VIDEO_NETWORKS) == ["mc3_18"]
    with pytest.raises(DyadflowError, match="no video network is called 'c3d'"):
        load_video_network("c3d")
