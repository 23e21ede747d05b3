"""Tables and figures of results: the paper's numbers in the paper's order, and pictures that say what they rest on."""


import numpy as np
import pandas as pd
import pytest

from dyadflow.annotations.label_index import write_label_index
from dyadflow.annotations.labels import SessionLabels
from dyadflow.annotations.scheme import read_scheme
from dyadflow.media.grid import FrameGrid
from dyadflow.report.result_figures import draw_results
from dyadflow.report.result_tables import tabulate_results
from dyadflow.report.search_effects import tabulate_effects
from dyadflow.tables import read_table, write_table

METRICS = ("accuracy", "precision_macro", "recall_macro", "f1_macro", "precision_weighted", "recall_weighted",
           "f1_weighted", "kappa", "mcc")
KEY = ("protocol", "target", "stream", "model")
CELLS = [
    ("corrected", "infant", "none", "majority"), ("corrected", "infant", "none", "previous"),
    ("corrected", "infant", "multimodal", "bilstm"), ("corrected", "infant", "multimodal", "linear"),
    ("corrected", "infant", "motion", "trees"), ("leak", "infant", "motion", "linear"),
    ("corrected", "caregiver", "multimodal", "bilstm"),
]
TESTED = {"corrected": "every", "leak": "frames", "leak/linear": "frames"}
TARGETS = ["infant", "caregiver"]


@pytest.fixture(scope="module")
def scheme():
    from pathlib import Path

    import yaml

    return yaml.safe_load((Path(__file__).parents[2] / "config/schemes/icep-r.yaml").read_text())


@pytest.fixture(scope="module")
def study(tmp_path_factory, scheme):
    """Tables as room evaluation and the searches leave them, with made-up numbers."""
    tmp_path = tmp_path_factory.mktemp("study")
    rng, plan = np.random.default_rng(0), read_scheme(scheme)
    rows, folds = [], []
    for number, cell in enumerate(CELLS):
        for place, metric in enumerate(METRICS):
            value = 0.4 + 0.05 * number + 0.01 * place
            key = dict(zip(KEY, cell, strict=True))
            by_frame = cell[0] == "leak"
            rows.append(key | {
                "phase": "all", "metric": metric, "value": value, "low": value - 0.1, "high": value + 0.05,
                "fold_mean": np.nan if by_frame else value + 0.002, "fold_sd": np.nan if by_frame else 0.07,
                "dyads": 12, "frames": 900})
            folds += [] if by_frame else [
                key | {"fold": fold, "metric": metric, "value": value + 0.05 * rng.normal()} for fold in range(4)]
    write_table(pd.DataFrame(rows), tmp_path / "cells.tsv")
    write_table(pd.DataFrame(folds), tmp_path / "fold_scores.tsv")
    classes, curves, calibration, bins = [], [], [], []
    for target in TARGETS:
        key = {"protocol": "corrected", "target": target, "stream": "multimodal", "model": "bilstm"}
        for name in plan.targets[target].classes:
            for metric in ("average_precision", "roc_auc"):
                classes.append(key | {"phase": "all", "class": name, "metric": metric, "value": 0.8, "low": 0.7,
                                      "high": 0.9, "dyads": 12, "frames": 200})
            for curve in ("pr", "roc"):
                curves += [key | {"class": name, "curve": curve, "threshold": 1 - at, "x": at,
                                  "y": 1 - at * 0.7 if curve == "pr" else at**0.4} for at in np.linspace(0, 1, 30)]
        for kind in ("raw", "calibrated"):
            calibration.append(key | {"probabilities": kind, "metric": "ece", "value": 0.123, "low": 0.08, "high": 0.2})
            bins += [key | {"probabilities": kind, "bin_low": at - 0.05, "bin_high": at + 0.05, "confidence": at,
                            "accuracy": at**1.2, "low": at**1.2 - 0.05, "high": at**1.2 + 0.03, "frames": 500}
                     for at in np.linspace(0.3, 0.95, 8)]
    for name, table in (("classes", classes), ("curves", curves), ("calibration", calibration), ("reliability", bins)):
        write_table(pd.DataFrame(table), tmp_path / f"{name}.tsv")
    (tmp_path / "labels").mkdir()
    files = {}
    for number in range(6):
        codes = {target: {"A": rng.integers(-1, len(plan.targets[target].classes), 100).astype(np.int8)}
                 for target in TARGETS}
        files[f"s{number}"] = tmp_path / "labels" / f"s{number}.h5"
        classes_of = {target: tuple(plan.targets[target].classes) for target in TARGETS}
        nowhere = np.full(100, -1, np.int8)
        SessionLabels(FrameGrid(10.0, 100), (), nowhere, classes_of, codes).write(files[f"s{number}"])
    write_label_index(files, tmp_path / "labels" / "index.tsv", place=tmp_path / "labels")
    searches, histories = [], []
    for cell in (each for each in CELLS if each[2] != "none"):
        key = dict(zip(KEY, cell, strict=True))
        search = pd.DataFrame([
            {"outer": outer, "candidate": number, "hidden": [8, 16][number // 2],
             "learning_rate": [0.1, 0.01][number % 2],
             "inner_f1": 0.5 + 0.1 * outer + 0.06 * (number % 2) + 0.01 * (number // 2), "inner_epochs": 3.0,
             "pruned": "no", "chosen": "yes" if number == 3 else "no", "epochs": 4}
            for outer in range(3) for number in range(4)])
        history = pd.DataFrame([
            {"outer": outer, "epoch": epoch, "loss": 1 / epoch, "validation_f1": 0.8 - 0.3 / epoch + 0.02 * outer}
            for outer in range(3) for epoch in range(1, 7)])
        for name, table, found in (("search", search, searches), ("history", history, histories)):
            path = tmp_path / f"{'_'.join(cell)}_{name}.tsv"
            write_table(table, path)
            found.append(key | {"path": path})
    return tmp_path, searches, histories


def draw(study, scheme, into, headline=("corrected", "multimodal", "bilstm")):
    folder, searches, histories = study
    names = ("labels", "folds", "learning", "search", "curves", "reliability")
    into.mkdir()
    draw_results(
        **{name: folder / f"{name}.tsv"
           for name in ("cells", "fold_scores", "classes", "curves", "calibration", "reliability")},
        labels=folder / "labels" / "index.tsv", searches=searches, histories=histories, scheme=scheme,
        headline=headline and dict(zip(("protocol", "stream", "model"), headline, strict=True)), targets=TARGETS,
        tested=TESTED, search_table=into / "effects.tsv",
        **{f"{name}_figure": [into / f"{name}{end}" for end in (".pdf", ".svg", ".png")] for name in names})
    return {path.name: path.read_bytes() for path in into.iterdir()}


@pytest.fixture(scope="module")
def drawn(study, scheme, tmp_path_factory):
    """Every file of every figure."""
    return draw(study, scheme, tmp_path_factory.mktemp("drawn") / "figures")


def test_a_target_s_table_is_the_paper_s_in_percent_with_the_paper_s_own_numbers_beside(study, scheme, tmp_path):
    tabulate_results(
        study[0] / "cells.tsv", scheme=scheme, target="infant", tested=TESTED, table=tmp_path / "infant.tsv")
    table = read_table(tmp_path / "infant.tsv")
    assert list(zip(table.model, table.kind, strict=True)) == [
        ("bilstm", "model"), ("linear", "model"), ("trees", "model"), ("linear", "leaky"), ("majority", "baseline"),
        ("previous", "oracle")]
    row = table.iloc[0]
    # Third cell: 0.4 + 0.10, and 0.01 for every metric before it.
    assert (row.accuracy, row.precision, row.recall) == (50.0, 54.0, 55.0)
    assert (row.f1_unweighted, row.f1_weighted) == (53.0, 56.0)
    assert (row.accuracy_low, row.accuracy_high) == (40.0, 55.0)
    assert (row.accuracy_fold_mean, row.accuracy_fold_sd) == (50.2, 7.0)
    # Table 4 of the paper: multimodal bi-LSTM 68 72 68 60 68.
    assert [row[f"published_{name}"] for name in (
        "accuracy", "precision", "recall", "f1_unweighted", "f1_weighted")] == [68, 72, 68, 60, 68]
    assert table.published_accuracy.isna().tolist() == [False, False, True, True, True, True]
    tabulate_results(
        study[0] / "cells.tsv", scheme=scheme, target="caregiver", tested=TESTED, table=tmp_path / "caregiver.tsv")
    # The paper's caregiver table has three classes; this target has four.
    assert read_table(tmp_path / "caregiver.tsv").published_accuracy.isna().all()


def test_effects_of_hyperparameters_are_what_was_planted(study):
    effects = tabulate_effects(study[1])
    own = effects[(effects.protocol == "corrected") & (effects.model == "bilstm") & (effects.target == "all")]
    own = own.set_index(["hyperparameter", "value"])
    assert own.effect["learning_rate", 0.01] == pytest.approx(0.03)
    assert own.effect["learning_rate", 0.1] == pytest.approx(-0.03)
    assert own.effect["hidden", 16] == pytest.approx(0.005)
    # Of two crossed effects of 0.06 and 0.01 the shares are 36 and 1 parts of 37.
    assert own.share_of_variance["learning_rate", 0.1] == pytest.approx(36 / 37)
    assert own.share_of_variance["hidden", 8] == pytest.approx(1 / 37)
    assert own.index[0][0] == "learning_rate" and (own.candidates == 12).all() and (own.cells == 2).all()


def test_the_same_tables_give_the_same_bytes_of_every_figure_and_none_is_empty(study, scheme, drawn, tmp_path):
    first, second = drawn, draw(study, scheme, tmp_path / "second")
    assert set(first) == {f"{name}{end}" for name in (
        "labels", "folds", "learning", "search", "curves", "reliability") for end in (".pdf", ".svg", ".png")} | {
            "effects.tsv"}
    assert first == second
    assert all(len(content) > 1500 for name, content in first.items() if name != "effects.tsv")


def test_without_a_named_cell_the_figures_of_it_are_a_sentence(study, scheme, drawn, tmp_path):
    unnamed = draw(study, scheme, tmp_path / "unnamed", None)
    for name in ("curves.svg", "reliability.svg"):
        assert len(unnamed[name]) < len(drawn[name]) / 3
    assert unnamed["folds.svg"] == drawn["folds.svg"]


def test_pictures_are_no_wider_than_a_page(drawn):
    import xml.etree.ElementTree as Tree

    for name, content in drawn.items():
        if name.endswith(".svg"):
            width = float(Tree.fromstring(content).get("width").removesuffix("pt")) * 25.4 / 72
            assert 84 < width < 172, name
