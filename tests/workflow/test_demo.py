"""The demo of still-face sessions as it ships; what it must show, and a real recording coded by its models."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from lxml import etree

from dyadflow.annotations.scheme import read_scheme
from dyadflow.demo.planted import planted_agreement
from dyadflow.demo.settings import DemoSettings
from dyadflow.features.registry import load_backbone
from dyadflow.features.settings import ExtractorSettings
from dyadflow.media.read import read_frames
from dyadflow.models.checkpoint import load_checkpoint

from .conftest import ROOT

# One worker has the demo studies made, and runs all that looks at them.
pytestmark = pytest.mark.xdist_group("demo")

PEEKABOO = ROOT.parent / "shared" / "data" / "peekaboo" / "peekaboo.mp4"
METRICS = {"accuracy", "precision_weighted", "recall_weighted", "f1_macro", "f1_weighted", "kappa"}


def table(project, *place):
    return pd.read_csv(project.path("results", "demo", *place), sep="\t")


def test_a_second_demo_runs_no_job_and_one_page_links_both_studies(demo):
    assert demo.planned() == {}
    front = demo.path("results/index.html").read_text()
    for study in ("demo", "demo-play"):
        assert f'href="{study}/report/index.html"' in front
        assert demo.path("results", study, "report", "index.html").exists()


def test_the_cell_named_beforehand_beats_the_better_baseline_for_both_targets(demo):
    found = table(demo, "evaluation", "comparisons.tsv")
    # Named cells are compared in every protocol that has them, but for the one that splits by frame.
    assert set(found.protocol) == {"corrected", "as_published"}
    found = found[found.protocol == "corrected"].set_index("target")
    assert set(found.index) == {"infant", "caregiver"}
    assert set(zip(found.stream, found.model, strict=True)) == {("multimodal", "bilstm")}
    assert (found.difference > 0).all() and (found.low > 0).all()
    assert (found.p_holm < 0.05).all()
    assert (found.dyads == 12).all()


def test_the_coders_agree_as_far_as_was_planted(demo):
    study = yaml.safe_load(demo.path("config/studies/demo.yaml").read_text())
    planted = planted_agreement(
        DemoSettings(**study["demo"]), read_scheme(demo.path("config/schemes/icep-r.yaml")), dyads=200,
        rate_hz=study["media"]["rate_hz"])
    found = table(demo, "agreement", "agreement.tsv")
    found = found[found.code == "all"]
    found = found[found.phase == "all"].set_index("target")
    for target in ("infant", "caregiver"):
        row = found.loc[target]
        assert row.kappa_low < planted[target].kappa < row.kappa_high
        assert row.percent_low < planted[target].percent < row.percent_high


def test_the_result_table_has_a_row_for_each_cell_and_metric_with_baselines_among_them(demo):
    cells = table(demo, "evaluation", "cells.tsv")
    assert list(cells.columns) == ["protocol", "target", "stream", "model", "phase", "metric", "value", "low", "high",
                                   "fold_mean", "fold_sd", "dyads", "frames"]
    assert set(cells.protocol) == {"corrected", "as_published", "frame_split"}
    overall = cells[(cells.phase == "all") & (cells.protocol == "corrected")]
    assert set(overall.metric) >= METRICS
    cell = ["target", "stream", "model"]
    streams = ("multimodal", "dinov2", "w2vbert", "motion", "logmel")
    expected = {(target, stream, model) for target in ("infant", "caregiver")
                for stream in streams for model in ("bilstm", "linear")}
    expected |= {(target, stream, model) for target in ("infant", "caregiver") for stream, model in (
        ("multimodal", "tcn"), ("multimodal", "logreg"), ("motion", "trees"))}
    expected |= {(target, "none", model) for target in ("infant", "caregiver")
                 for model in ("majority", "phase", "previous")}
    assert set(overall[cell].itertuples(index=False, name=None)) == expected
    assert not overall.duplicated([*cell, "metric"]).any()
    assert {"play", "still-face", "reunion"} <= set(cells.phase) and "turn-away" not in set(cells.phase)


def test_no_shareable_file_holds_pictures_and_the_page_is_one_file(demo):
    shareable = [path for path in demo.path("results/demo").rglob("*") if "private" not in path.parts]
    # Figures show numbers, no persons.
    pictures = [path for path in shareable if path.suffix in {".mp4", ".wav", ".png", ".jpg"}]
    assert not [path for path in pictures if path.parent.name != "figures"]
    assert demo.path("results/demo/report/index.html").stat().st_size > 100_000


def test_the_tables_of_what_can_be_believed_agree_with_one_another(demo):
    cells = table(demo, "evaluation", "cells.tsv")
    overall = cells[cells.phase == "all"].set_index(["protocol", "target", "stream", "model", "metric"]).value
    claims = table(demo, "evaluation", "claims.tsv")
    assert set(zip(claims.target, claims.stream, claims.model, strict=True)) == {
        (target, "motion", model) for target in ("infant", "caregiver") for model in ("bilstm", "linear")}
    for row in claims.itertuples():
        assert row.value == pytest.approx(overall["corrected", row.target, row.stream, row.model, row.metric], abs=2e-6)
        assert row.claimed == pytest.approx(
            overall["frame_split", row.target, row.stream, row.model, row.metric], abs=2e-6)
    # Two people on the same frames: room agreement and room evaluation say the same.
    agreement = table(demo, "agreement", "agreement.tsv").query("code == 'all' and phase == 'all'").set_index("target")
    ceiling = table(demo, "evaluation", "ceiling.tsv")
    ceiling = ceiling[(ceiling.protocol == "corrected") & (ceiling.model == "bilstm") & (ceiling.coder == "anna")]
    for row in ceiling.itertuples():
        assert row.kappa_human == pytest.approx(agreement.kappa[row.target], abs=2e-6)
    cell = ["protocol", "target", "stream", "model"]
    chance = table(demo, "evaluation", "chance.tsv").set_index([*cell, "method", "metric"]).sort_index()
    for target in ("infant", "caregiver"):
        for method in ("shift", "dyads"):
            own = chance.loc[("corrected", target, "multimodal", "bilstm", method, "kappa")]
            assert own.value > own.chance_high and own.p < 0.01
    bouts = table(demo, "evaluation", "bouts.tsv").set_index([*cell, "smoothing", "metric"]).sort_index()
    for target in ("infant", "caregiver"):
        own = bouts.value["corrected", target, "multimodal", "bilstm"]
        assert own["tuned", "f1_25"] > own["none", "f1_25"] and abs(own["tuned", "bouts_ratio"] - 1) < 0.3
    assert table(demo, "evaluation", "missing.tsv").empty
    published = table(demo, "tables", "infant.tsv")
    assert set(published.kind) == {"model", "leaky", "baseline", "oracle"}
    page = demo.path("results/demo/report/index.html").read_text()
    assert "frame_split" in page and "as_published" in page and "../figures/folds.pdf" in page


CODED_BY_HAND = """\
Observation: peekaboo
Time_Relative_sf\tDuration_sf\tObservation\tSubject\tBehavior\tEvent_Type
0.00\t10.48\tpeekaboo\tSession\tplay\tState start
0.00\t2.40\tpeekaboo\tInfant\tIneu\tState start
2.40\t0\tpeekaboo\tInfant\tIneu\tState stop
2.40\t3.70\tpeekaboo\tInfant\tIpos\tState start
6.10\t0\tpeekaboo\tInfant\tIpos\tState stop
6.10\t4.38\tpeekaboo\tInfant\tIneu\tState start
0.60\t1.40\tpeekaboo\tCaregiver\tCpvc\tState start
2.00\t0\tpeekaboo\tCaregiver\tCpvc\tState stop
2.00\t8.48\tpeekaboo\tCaregiver\tCpos\tState start
10.48\t0\tpeekaboo\tInfant\tIneu\tState stop
10.48\t0\tpeekaboo\tCaregiver\tCpos\tState stop
10.48\t0\tpeekaboo\tSession\tplay\tState stop
"""


@pytest.mark.skipif(not PEEKABOO.exists(), reason="the real clip lies in ../shared, which is not here")
def test_a_real_recording_goes_through_and_is_coded_by_the_demos_models(demo, tmp_path):
    project = demo.copy(tmp_path / "project")
    study = yaml.safe_load(project.path("config/studies/demo.yaml").read_text())
    whole = {"region": "whole", "width_px": 70, "height_px": 70}
    study |= {
        "name": "clip", "title": "A real clip", "sessions": "clip/sessions.tsv", "coding": "clip/coding.tsv",
        "data_folder": "clip", "targets": [], "evaluation": {},
        "prediction": {"study": "demo", "sessions": "all"},
    }
    study["media"]["views"] = {"infant": whole, "caregiver": whole}
    study.pop("demo")
    folder = project.path("config/studies/clip")
    folder.mkdir()
    shutil.copy2(PEEKABOO, folder / "peekaboo.mp4")
    (folder / "peekaboo_anna.txt").write_text(CODED_BY_HAND, encoding="utf-16")
    (folder / "sessions.tsv").write_text("session\tdyad\tmedia\npeekaboo\tp1\tpeekaboo.mp4\n")
    (folder / "coding.tsv").write_text("session\tcoder\tpath\npeekaboo\tanna\tpeekaboo_anna.txt\n")
    project.path("config/studies/clip.yaml").write_text(yaml.safe_dump(study))
    project.path("config/both.yaml").write_text("studies: [config/studies/demo.yaml, config/studies/clip.yaml]\n")
    project.run("--configfile", "config/both.yaml")

    results = project.path("results/clip")
    segments = pd.read_csv(results / "annotations/segments.tsv", sep="\t")
    assert list(segments.code) == ["Cpvc", "Cpos", "Ineu", "Ipos", "Ineu", "play"]
    issues = pd.read_csv(results / "annotations/issues.tsv", sep="\t")
    assert set(issues.rule) >= {"variable_rate"} and "error" not in set(issues.severity)
    predicted = pd.read_csv(results / "prediction/peekaboo.tsv", sep="\t")
    # 150 pictures in 10.52 s: 131 or 132 frames at 12.5 Hz, each predicted once for each role.
    by_role = {"infant": {"Ineg", "Inon", "Ineu", "Ipos"}, "caregiver": {"Cneg", "Cneu", "Cpvc", "Cpos"}}
    for tier, classes in by_role.items():
        rows = predicted[predicted.tier == tier]
        assert set(rows.code) <= classes
        assert rows.onset_s.iloc[0] == 0 and 10.4 < rows.offset_s.iloc[-1] < 10.7
        assert (rows.onset_s.iloc[1:].to_numpy() == rows.offset_s.iloc[:-1].to_numpy()).all()
        assert rows.confidence.between(0.25, 1).all()
    schema = ROOT.parent / "shared" / "data" / "eaf" / "EAFv3.0.xsd"
    elan = etree.parse(results / "prediction/peekaboo.eaf")
    etree.XMLSchema(etree.parse(schema)).assertValid(elan)
    linked = elan.find(".//MEDIA_DESCRIPTOR").get("RELATIVE_MEDIA_URL")
    assert (results / "prediction" / linked).resolve() == (folder / "peekaboo.mp4").resolve()
    assert Path(results / "report/index.html").exists()


def test_each_fold_s_components_are_those_of_a_pca_on_its_training_dyads_raw_tokens(demo):
    """Through decoding, the store and every outer fold, against the network itself and an SVD."""
    model = raw_model(demo)
    tokens = {}
    for fold in range(4):
        checkpoint = load_checkpoint(
            demo.path("results/demo/models/corrected/infant/dinov2/linear/folds", f"fold{fold}.safetensors"))
        # In the demo a dyad is a session, and both have one name.
        training = checkpoint.config["training_dyads"]
        assert 0 < len(training) < 9
        for session in training:
            if session not in tokens:
                view = demo.path("results/demo/private/media", session, "infant.mp4")
                tokens[session] = model(view)
        flat = np.concatenate([tokens[session] for session in training])
        mean = flat.mean(axis=0)
        _, values, vectors = np.linalg.svd(flat - mean, full_matrices=False)
        found = checkpoint.preparation.projections["infant.dinov2"]
        assert found.basis.shape == (48, 4)
        np.testing.assert_allclose(found.mean, mean, atol=1e-5)
        expected = vectors[:4].T
        expected = expected * np.sign(expected[np.abs(expected).argmax(axis=0), np.arange(4)])
        np.testing.assert_allclose(found.basis, expected, atol=1e-4)
        np.testing.assert_allclose(found.explained, values[:4] ** 2 / (values**2).sum(), rtol=1e-4)
    assert len(tokens) == 12


def raw_model(demo):
    """Patch tokens of a view by transformers alone, one batch after the other, double precision from there on."""
    import torch

    settings = yaml.safe_load(demo.path("config/studies/demo.yaml").read_text())["features"]["extractors"]["dinov2"]
    network = load_backbone(ExtractorSettings(**settings))._model
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])

    def tokens(view):
        with torch.inference_mode():
            return np.concatenate([
                network(((torch.from_numpy(frames) / 255 - mean) / deviation).permute(0, 3, 1, 2))
                .last_hidden_state[:, 1:].flatten(0, 1).double().numpy()
                for frames in read_frames(view, batch=50)
            ])

    return tokens
