"""Which pictures of streams a study asks for, and what each is drawn from."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from dyadflow.study.plan import Plan

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
DINOV2 = {"backbone": "dinov2", "views": ["infant"], "weights": "untrained"}


@pytest.fixture
def plan_with(small):
    """The plan of a small study with more extractors, two sessions a job."""
    def load(**extractors):
        small.study["features"]["extractors"] |= extractors
        small.study["features"]["sessions_per_job"] = 2
        return Plan.load([str(small.write())], SCRIPTS).features

    return load


def test_a_study_without_token_stores_gets_figures_and_no_pictures_of_persons(plan_with):
    assert sorted(plan_with().pictures()) == [
        "results/small/features/summary.tsv", "results/small/figures/streams_logmel.pdf",
        "results/small/figures/streams_motion.pdf",
    ]


def test_every_session_of_a_study_with_token_stores_is_coloured_from_these_alone(plan_with):
    features = plan_with(patches=DINOV2, whole=DINOV2 | {"options": {"output": "class"}})
    assert [picture for picture in features.pictures() if "private" in picture] == [
        f"results/small/private/streams/s{number}.png" for number in range(1, 5)]
    assert features.token_tables(SimpleNamespace(study="small", session="s3")) == [
        "results/small/features/patches/batch1_streams.tsv"]


def test_a_figure_is_drawn_from_its_own_streams_and_motion_energy(plan_with):
    features = plan_with()
    logmel, motion = (
        [f"results/small/features/{name}/batch{batch}_streams.tsv" for batch in (0, 1)]
        for name in ("logmel", "motion")
    )
    assert features.drawn_tables(SimpleNamespace(study="small", extractor="logmel")) == logmel + motion
    assert features.drawn_tables(SimpleNamespace(study="small", extractor="motion")) == motion


def test_a_study_without_extractors_asks_for_nothing(small):
    small.study |= {"targets": [], "features": {}, "models": {}, "protocols": {}, "report": {}}
    assert Plan.load([str(small.write())], SCRIPTS).features.pictures() == []
