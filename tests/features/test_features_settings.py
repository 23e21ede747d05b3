"""What a study may say about features, and how a mistake is answered."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from dyadflow.features.settings import ExtractorSettings, FeatureSettings


@pytest.mark.parametrize(("values", "said"), [
    ({"backbone": "dinov3x", "views": ["infant"]}, "did you mean 'dinov3'"),
    ({"backbone": "dinov2", "views": ["infant"]}, "dinov2 needs weights"),
    ({"backbone": "motion", "views": ["infant"], "weights": "untrained"}, "motion has no weights"),
    ({"backbone": "w2vbert", "views": ["infant"], "weights": "untrained"}, "set views to"),
    ({"backbone": "motion", "views": ["audio"]}, "motion takes pictures"),
    ({"backbone": "motion", "views": ["infant"], "options": {"cell": 3}}, "did you mean 'cells'?"),
    ({"backbone": "logmel", "views": ["audio"], "options": {"mels": 0}}, "option 'mels' of logmel"),
    ({"backbone": "logmel", "views": ["audio"], "btach": 3}, "btach"),
    ({"backbone": "logmel", "views": []}, "views"),
])
def test_a_mistake_in_an_extractor_is_named_when_the_study_is_read(values, said):
    with pytest.raises(ValidationError) as caught:
        ExtractorSettings.model_validate(values)
    assert said in str(caught.value)


def test_the_settings_of_a_study_pass_through_plain_values():
    settings = FeatureSettings(extractors={"motion": {"backbone": "motion", "views": ["infant"]}})
    assert FeatureSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_every_setting_says_what_it_is():
    from dyadflow.features.registry import BACKBONES, backbone_module

    for model in (ExtractorSettings, FeatureSettings, *(backbone_module(name).Options for name in BACKBONES)):
        assert all(entry.description for entry in model.model_fields.values()), model


def test_reading_a_study_and_its_options_imports_neither_torch_nor_transformers():
    program = (
        "import sys; from dyadflow.features.settings import ExtractorSettings as E; "
        "import dyadflow.features.extract; "
        "E(backbone='dinov2', weights='untrained', views=['a']); "
        "E(backbone='w2vbert', weights='untrained', views=['audio']); "
        "print([m for m in ('torch', 'transformers', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
