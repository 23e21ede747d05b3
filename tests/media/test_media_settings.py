"""Guards the settings of views against what cannot be decoded."""

import pytest
from pydantic import ValidationError

from dyadflow.media.settings import MediaSettings, View


def test_a_region_is_a_name_or_four_fractions():
    assert View(region="right").fractions == (0.5, 0, 0.5, 1)
    assert View(region=[0.1, 0.2, 0.3, 0.4]).fractions == (0.1, 0.2, 0.3, 0.4)


def test_fractions_that_add_up_to_one_only_in_decimal_are_inside_the_picture():
    assert View(region=[0.7, 0.9, 0.3, 0.1]).fractions[0] == 0.7


@pytest.mark.parametrize("region", ["middle", [0, 0, 1], [0.6, 0, 0.5, 1], [-0.1, 0, 1, 1], [0, 0, 0, 1],
                                    [0, 0, float("nan"), 1]])
def test_a_region_outside_the_picture_or_of_an_unknown_name_is_refused(region):
    with pytest.raises(ValidationError):
        View(region=region)


@pytest.mark.parametrize("wrong", [{"width_px": 225}, {"height_px": 0}, {"widht_px": 224},
                                   {"fit": "stretch"}])
def test_sizes_that_cannot_be_encoded_and_mistyped_keys_are_refused(wrong):
    with pytest.raises(ValidationError):
        View(**wrong)


@pytest.mark.parametrize("wrong", [{"rate_hz": 0}, {"rate_hz": float("inf")}, {"views": {}}, {"crf": 52},
                                   {"views": {"../x": {}}}, {"views": {"audio": {}}}])
def test_media_settings_refuse_what_cannot_be_decoded(wrong):
    with pytest.raises(ValidationError):
        MediaSettings(**wrong)


def test_settings_survive_the_way_through_plain_values():
    settings = MediaSettings(views={"infant": View(region=(0, 0, 0.5, 1)), "scene": View(region="whole")})
    assert MediaSettings.model_validate(settings.model_dump(mode="json")) == settings
    assert all(field.description for model in (MediaSettings, View) for field in model.model_fields.values())
