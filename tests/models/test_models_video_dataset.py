"""Guards snippets as items to load: their pixels, labels and order, whoever loads them."""

import functools
import itertools
import subprocess

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from dyadflow.annotations.spans import CodedSpan
from dyadflow.errors import DyadflowError
from dyadflow.media.clips import Clips, write_clips
from dyadflow.media.ffmpeg import ffmpeg_binary
from dyadflow.media.read import read_frames
from dyadflow.models.seeds import derive_seed
from dyadflow.models.video.augmentation import Augmentation, centre_crop
from dyadflow.models.video.dataset import SnippetDataset
from dyadflow.models.video.settings import AugmentationSettings
from dyadflow.models.video.snippets import Snippet, SnippetSpec, draw_epoch, tile_labels

SPEC = SnippetSpec()
FRAMES = 80
MEAN, DEVIATION = np.array([0.4, 0.5, 0.6]), np.array([0.2, 0.25, 0.3])
SPANS = {
    session: {
        coder: CodedSpan(session, coder, onset_s, 25.0, np.array([[6.0, 14.0]]))
        for coder, onset_s in (("ann", 2.0), ("bea", 4.0))
    } for session in ("s1", "s2")
}


@pytest.fixture(scope="module")
def pixels(clips):
    """The pixels of each session, as decoded."""
    return {session: one.read(0, FRAMES) for session, one in clips.items()}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Two sessions, each decoded once; their views are gone, so that nothing can be decoded again."""
    folder, found = tmp_path_factory.mktemp("views"), {}
    for session, seed in (("s1", 0), ("s2", 7)):
        view = folder / f"{session}.mp4"
        subprocess.run(
            [ffmpeg_binary(), "-v", "error", "-f", "lavfi", "-i",
             f"testsrc2=size=52x40:rate=25/8:duration=40,hue=h={40 * seed}", "-frames:v", str(FRAMES),
             "-c:v", "libx264", "-pix_fmt", "yuv420p", view], check=True,
        )
        write_clips(view, folder / f"{session}.h5", rate_hz=SPEC.rate_hz)
        assert sum(len(batch) for batch in read_frames(view)) == FRAMES
        view.unlink()
        found[session] = Clips(folder / f"{session}.h5")
    return found


def augmented(clip, place, *, epoch):
    settings = AugmentationSettings(crop_px=28, probability=0.8)
    return Augmentation(settings).augment(clip, seed=derive_seed(0, "augment", epoch, place), fill=MEAN)


def central(clip, place):
    return centre_crop(clip, 40)


def training_epoch(clips, epoch):
    snippets = draw_epoch(SPANS, ["s1", "s2"], spec=SPEC, seed=1, epoch=epoch)
    return SnippetDataset(
        snippets, clips, frames=SPEC.frames, transform=functools.partial(augmented, epoch=epoch), mean=MEAN,
        deviation=DEVIATION,
    )


def evaluation(clips):
    return SnippetDataset(
        tile_labels(SPANS, ["s1", "s2"], spec=SPEC), clips, frames=SPEC.frames, transform=central, mean=MEAN,
        deviation=DEVIATION,
    )


def loaded(dataset, **options):
    """All items in the order that the loader gives them."""
    batches = list(DataLoader(dataset, batch_size=4, **options))
    return torch.cat([clip for clip, _ in batches]), torch.cat([label for _, label in batches])


def test_an_item_is_the_snippets_pixels_normalised_and_its_label(clips, pixels):
    dataset = evaluation(clips)

    for place in (0, 3, len(dataset) - 1):
        snippet = dataset.snippets[place]
        clip, label = dataset[place]
        shown = pixels[snippet.session][snippet.start:snippet.start + 15, :, 6:46] / 255
        assert clip.dtype == torch.float32 and clip.shape == (3, 15, 40, 40)
        np.testing.assert_allclose(clip.permute(1, 2, 3, 0), (shown - MEAN) / DEVIATION, atol=1e-5)
        assert label == snippet.label


def test_the_transform_is_told_the_items_place(clips):
    snippet = Snippet("s1", "ann", 10, 0.0, 0)
    dataset = SnippetDataset(
        [snippet] * 3, clips, frames=15, transform=lambda clip, place: clip + place, mean=[0] * 3, deviation=[1] * 3
    )

    for place in (1, 2):
        torch.testing.assert_close(dataset[place][0], dataset[0][0] + place)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(clips, workers):
    assert clips["s1"].frames == FRAMES  # opened here first, then used by forked workers
    dataset = training_epoch(clips, 3)

    alone, shared = loaded(dataset), loaded(dataset, num_workers=workers)

    assert torch.equal(alone[0], shared[0])
    assert torch.equal(alone[1], shared[1])


def test_spawned_workers_change_nothing_either(clips):
    dataset = evaluation(clips)

    alone, shared = loaded(dataset), loaded(dataset, num_workers=1, multiprocessing_context="spawn")

    assert torch.equal(alone[0], shared[0])


def test_the_order_of_loading_changes_no_item(clips):
    dataset = training_epoch(clips, 0)
    backwards = [dataset[place][0] for place in reversed(range(len(dataset)))]

    assert torch.equal(torch.stack(backwards[::-1]), loaded(dataset)[0])


def test_an_epoch_is_reproduced_and_no_two_are_alike(clips):
    epochs = [loaded(training_epoch(clips, epoch)) for epoch in range(3)]

    for epoch, (items, labels) in enumerate(epochs):
        again = loaded(training_epoch(clips, epoch))
        assert torch.equal(items, again[0]) and torch.equal(labels, again[1])
    assert not any(torch.equal(a, b) for (a, _), (b, _) in itertools.combinations(epochs, 2))


def test_the_evaluation_set_is_fixed(clips):
    torch.manual_seed(1)
    first = loaded(evaluation(clips))
    torch.manual_seed(2)
    second = loaded(evaluation(clips))

    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])
    # 4 to 25 s is what both coders share: frames 13 to 77, so four tiles; two sessions, two coders.
    assert len(first[0]) == 4 * 2 * 2


def test_nothing_is_decoded_while_snippets_are_loaded(clips, monkeypatch):
    import av

    monkeypatch.setattr(av, "open", lambda *_, **__: pytest.fail("a video was opened"))

    for epoch in range(3):
        loaded(training_epoch(clips, epoch), num_workers=2)
        loaded(evaluation(clips))


def test_a_snippet_beyond_the_recording_is_a_sentence(clips):
    dataset = SnippetDataset(
        [Snippet("s1", "ann", 70, 0.0, 0)], clips, frames=15, transform=central, mean=MEAN, deviation=DEVIATION
    )

    with pytest.raises(DyadflowError, match="frames 70 to 84 are wanted of a view whose last is frame 79"):
        dataset[0]
