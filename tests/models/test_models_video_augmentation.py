"""Guards how training snippets are altered, against torchvision's own operations."""

import dataclasses
import itertools
from math import log, sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as pictures

from dyadflow.models.video.augmentation import Alteration, Augmentation, centre_crop
from dyadflow.models.video.settings import AugmentationSettings

FILL = (0.2, 0.5, 0.8)
PLAIN = Alteration(degrees=None, box=(30, 40, 112, 112), flip=False, light=None, gains=None, blur=False, noise=None)


def altered(clip, *, crop_px=112, **changes):
    """A clip with one alteration only."""
    augmentation = Augmentation(AugmentationSettings(crop_px=crop_px))
    return augmentation.apply(clip, dataclasses.replace(PLAIN, **changes), fill=FILL)


@pytest.fixture(scope="module")
def clip():
    """Four unlike frames of 160 x 208, no value near 0 or 1."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(4, 3, 20, 26, generator=generator)
    return 0.2 + 0.5 * pictures.resize(coarse, [160, 208])


@pytest.mark.parametrize("degrees", [8.0, -8.0, 3.3, 45.0])
@pytest.mark.parametrize("box", [(0, 0, 112, 112), (48, 96, 112, 112), (30, 40, 112, 112), (0, 10, 160, 80)])
def test_a_rotated_crop_is_the_crop_of_each_whole_rotated_frame(clip, degrees, box):
    wanted = [
        pictures.resized_crop(
            pictures.rotate(frame, degrees, interpolation=InterpolationMode.BILINEAR, fill=list(FILL)),
            *box, [112, 112], antialias=True,
        ) for frame in clip
    ]

    found = altered(clip, degrees=degrees, box=box)

    torch.testing.assert_close(found, torch.stack(wanted), atol=1e-4, rtol=0)


def test_what_a_rotation_leaves_empty_has_the_fill_colour(clip):
    corner = altered(clip, degrees=8.0, box=(0, 0, 112, 112))[:, :, 0, 0]

    torch.testing.assert_close(corner, torch.tensor(FILL).expand(4, 3))


def test_a_crop_of_the_size_that_comes_out_keeps_its_pixels(clip):
    torch.testing.assert_close(altered(clip), clip[..., 30:142, 40:152])
    torch.testing.assert_close(altered(clip, flip=True), clip[..., 30:142, 40:152].flip(-1))


def test_the_blur_is_torchvisions_frame_by_frame(clip):
    wanted = pictures.gaussian_blur(clip[..., 30:142, 40:152], [31, 31], [5.0, 5.0])

    torch.testing.assert_close(altered(clip, blur=True), wanted, atol=1e-5, rtol=0)


def test_brightness_is_a_factor_and_contrast_is_about_the_mean_of_all_frames(clip):
    part = clip[..., 30:142, 40:152] * 1.1
    grey = (part * torch.tensor([0.299, 0.587, 0.114]).reshape(3, 1, 1)).sum(1).mean()

    # One mean for all frames: one by one they would be drawn towards their own and flicker.
    torch.testing.assert_close(altered(clip, light=(1.1, 0.8)), grey + 0.8 * (part - grey), atol=1e-3, rtol=0)


def test_colour_balance_is_a_factor_a_channel(clip):
    gains = torch.tensor([0.9, 1.0, 1.2]).reshape(3, 1, 1)

    torch.testing.assert_close(altered(clip, gains=gains), clip[..., 30:142, 40:152] * gains)


def test_noise_is_added_and_values_end_at_0_and_1(clip):
    noise = torch.zeros(3, 112, 112)
    noise[:, 0, 0], noise[:, 0, 1], noise[:, 0, 2] = 0.05, 2.0, -2.0
    found = altered(clip, noise=noise)

    torch.testing.assert_close(found[:, :, 0, 0], clip[:, :, 30, 40] + 0.05)
    assert (found[:, :, 0, 1] == 1).all()
    assert (found[:, :, 0, 2] == 0).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(20, 120), st.integers(20, 120), st.integers(0, 2**62))
def test_frames_that_are_alike_stay_alike_whatever_is_drawn(height, width, seed):
    still = torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed % 99)).expand(5, -1, -1, -1)
    augmentation = Augmentation(AugmentationSettings(crop_px=28, probability=0.8))

    found = augmentation.augment(still, seed=seed, fill=FILL)

    assert found.shape == (5, 3, 28, 28)
    assert 0 <= found.min() <= found.max() <= 1
    torch.testing.assert_close(found, found[:1].expand_as(found), atol=1e-6, rtol=0)


@settings(deadline=None)
@given(st.integers(16, 300), st.integers(16, 300), st.integers(0, 2**62))
def test_what_is_drawn_is_within_its_limits(height, width, seed):
    drawn = Augmentation(AugmentationSettings(probability=1)).draw(height, width, seed=seed)

    top, left, tall, wide = drawn.box
    assert 0 <= top <= top + tall <= height
    assert 0 <= left <= left + wide <= width
    if tall < height and wide < width:  # neither side was cut to the picture; sides are whole pixels
        assert (tall + 1) * (wide + 1) >= 0.6 * 112**2
        assert (tall - 1) * (wide - 1) <= 1.5 * 112**2
        assert (wide + 1) / (tall - 1) >= 0.5
        assert (wide - 1) / (tall + 1) <= 1.5
    assert abs(drawn.degrees) <= 8
    assert abs(drawn.light[0] - 1) <= 0.15 and abs(drawn.light[1] - 1) <= 0.25
    assert drawn.gains.shape == (3, 1, 1) and ((drawn.gains - 1).abs() <= 0.2).all()
    assert 0.0095 <= drawn.noise.std() <= 0.0315  # of 37,632 numbers: within 2 % of what was drawn
    assert abs(drawn.noise.mean()) < 6 * 0.03 / sqrt(drawn.noise.numel())


def test_each_alteration_is_drawn_as_often_as_it_should_be_and_on_its_own():
    augmentation = Augmentation(AugmentationSettings(crop_px=28))
    drawn = [augmentation.draw(40, 52, seed=seed) for seed in range(1500)]
    did = {
        "rotation": [one.degrees is not None for one in drawn], "light": [one.light is not None for one in drawn],
        "colour": [one.gains is not None for one in drawn], "blur": [one.blur for one in drawn],
        "noise": [one.noise is not None for one in drawn], "flip": [one.flip for one in drawn],
    }

    def expect(happened, probability):
        count = sum(happened)
        assert abs(count - 1500 * probability) < 5 * sqrt(1500 * probability * (1 - probability))

    names = list(did)
    for name in names:
        expect(did[name], 0.5 if name == "flip" else 0.35)
    for first, second in itertools.pairwise(names[:-1]):
        expect([a and b for a, b in zip(did[first], did[second], strict=True)], 0.35**2)


def test_crops_reach_every_part_of_the_picture_and_every_shape():
    augmentation = Augmentation(AugmentationSettings())
    boxes = [augmentation.draw(160, 208, seed=seed).box for seed in range(1500)]

    assert min(top for top, *_ in boxes) == 0 and max(top + tall for top, _, tall, _ in boxes) == 160
    assert min(left for _, left, _, _ in boxes) == 0 and max(left + wide for _, left, _, wide in boxes) == 208
    whole = [(tall, wide) for _, _, tall, wide in boxes if tall < 160]
    areas = [tall * wide / 112**2 for tall, wide in whole]
    assert min(areas) < 0.62 and max(areas) > 1.46
    # Uniform on a logarithmic scale: as many from 1/2 to 1/sqrt(2) as from there to 1.
    narrow = sum(log(0.5) <= log(wide / tall) < log(0.5) / 2 for _, _, tall, wide in boxes)
    middle = sum(log(0.5) / 2 <= log(wide / tall) < 0 for _, _, tall, wide in boxes)
    assert abs(narrow - middle) < 5 * sqrt(narrow + middle)


def test_another_probability_leaves_crop_and_flip_as_they_were():
    often, never = (Augmentation(AugmentationSettings(probability=p)) for p in (1, 0))

    for seed in range(50):
        one, other = often.draw(160, 208, seed=seed), never.draw(160, 208, seed=seed)
        assert (one.box, one.flip) == (other.box, other.flip)
        assert other.degrees is other.light is other.gains is other.noise is None and not other.blur


def test_the_seed_alone_decides_and_torchs_own_random_numbers_stay_where_they_were(clip):
    augmentation = Augmentation(AugmentationSettings(probability=0.9))
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = augmentation.augment(clip, seed=11, fill=FILL)

    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert torch.equal(augmentation.augment(clip, seed=11, fill=FILL), first)
    assert not torch.equal(augmentation.augment(clip, seed=12, fill=FILL), first)


@pytest.mark.parametrize(("size", "rows", "columns"), [
    (112, slice(24, 136), slice(48, 160)), (160, slice(0, 160), slice(24, 184)), (180, slice(0, 160), slice(14, 194)),
    (500, slice(0, 160), slice(0, 208)),
])
def test_the_central_crop_is_the_middle_and_never_padded(clip, size, rows, columns):
    assert torch.equal(centre_crop(clip, size), clip[..., rows, columns])
    assert torch.equal(centre_crop(clip, size, flip=True), clip[..., rows, columns].flip(-1))
