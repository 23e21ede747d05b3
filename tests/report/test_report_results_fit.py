"""Figures of results fit a journal's page at the size of the first paper's study, and say what has no room there."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.colors import to_hex

from dyadflow.annotations.label_index import write_label_index
from dyadflow.annotations.labels import SessionLabels
from dyadflow.annotations.scheme import read_scheme
from dyadflow.media.grid import FrameGrid
from dyadflow.report.leaks import is_leaky, leaky_names
from dyadflow.report.paper import style
from dyadflow.report.paper.class_curves import draw_curves
from dyadflow.report.paper.fold_boxes import METRICS, draw_folds
from dyadflow.report.paper.label_distribution import draw_labels
from dyadflow.report.paper.learning_curves import LOSS, draw_learning
from dyadflow.report.paper.reliability_diagram import draw_reliability
from dyadflow.report.paper.search_effects import draw_search
from dyadflow.report.search_effects import tabulate_effects
from dyadflow.report.wording import BI_LSTM
from dyadflow.tables import write_table

ROOT = Path(__file__).parents[2]
TARGETS = ("infant", "caregiver", "caregiver3")
STREAMS = ("multimodal", "dinov2", "w2vbert", "motion", "logmel")
#: The grids of config/studies/icep-r.yaml.
SPACES = {
    "bilstm": {
        "window": [25, 50, 400], "stride": [25, 50, 400], "batch": [64, 128, 512], "hidden": [128, 256, 512],
        "optimiser": ["adam", "sgd"], "learning_rate": [0.001, 0.0001, 0.00001], "weight_decay": [0, 0.1],
    },
    "linear": {
        "batch": [512, 2048], "optimiser": ["adam", "sgd"], "learning_rate": [0.001, 0.0001, 0.00001],
        "weight_decay": [0, 0.1],
    },
    "tcn": {
        "batch": [4, 8], "layers": ["[512, 256, 128]", "[512, 512, 256, 128, 64]"], "learning_rate": [0.001, 0.0003],
    },
    "logreg": {"window": [25, 50], "C": [0.1, 0.01, 0.001]},
    "trees": {"window": [25, 50, 400], "max_leaf_nodes": [15, 31]},
}
HEADLINE = {"protocol": "corrected", "stream": "multimodal", "model": "bilstm"}
HONEST = {"corrected": "every", "as_published": "every"}
NAMES = ("labels", "folds", "learning", "search", "curves", "reliability")
SCHEME = yaml.safe_load((ROOT / "config/schemes/icep-r.yaml").read_text(encoding="utf-8"))


class Tables:
    """Tables as room evaluation and the searches leave them, with made-up numbers.

    Parameters
    ----------
    folder
        Where to.
    sessions, protocols, streams, models
        How large the study is; every model is trained on every stream.
    """

    def __init__(self, folder, *, sessions=92, protocols=("corrected", "as_published"), streams=STREAMS,
                 models=tuple(SPACES), folds=10, epochs=60):
        self.folder, self.rng = folder, np.random.default_rng(0)
        self.cells = [
            {"protocol": protocol, "target": target, "stream": stream, "model": model}
            for protocol, target, stream, model in product(protocols, TARGETS, streams, models)
        ]  # fmt: skip
        self._write_scores(folds)
        self._write_probabilities()
        self._write_labels(sessions)
        # A few files stand for many: what is drawn of each is as large.
        searches = {model: [self._write_search(model, place) for place in range(3)] for model in models}
        histories = [self._write_history(place, folds, epochs) for place in range(4)]
        self.searches = [
            cell | {"path": searches[cell["model"]][place % 3]} for place, cell in enumerate(self.cells)]
        self.histories = [cell | {"path": histories[place % 4]} for place, cell in enumerate(self.cells)]

    def _write(self, name, rows, columns=None):
        write_table(pd.DataFrame(rows, columns=columns), self.folder / f"{name}.tsv")

    def _write_scores(self, folds):
        rows, scores = [], []
        for cell, metric in product(self.cells, METRICS):
            value = self.rng.uniform(0.4, 0.8)
            rows.append(cell | {
                "phase": "all", "metric": metric, "value": value, "low": value - 0.07, "high": value + 0.05,
                "fold_mean": value, "fold_sd": 0.07, "dyads": 92, "frames": 828_000})
            own = value + 0.07 * self.rng.normal(size=folds)
            scores += [cell | {"fold": fold, "metric": metric, "value": each} for fold, each in enumerate(own)]
        self._write("cells", rows)
        self._write("fold_scores", scores)

    def _write_probabilities(self):
        classes, curves, calibration, bins = [], [], [], []
        at = np.linspace(0, 1, 40)
        for target in TARGETS:
            key = HEADLINE | {"target": target}
            for place, name in enumerate(SCHEME["targets"][target]["classes"]):
                classes += [key | {
                    "phase": "all", "class": name, "metric": metric, "value": 0.8, "low": 0.71, "high": 0.89,
                } for metric in ("average_precision", "roc_auc")]
                y = {"pr": 1 - (0.5 + 0.12 * place) * at, "roc": at ** (0.25 + 0.12 * place)}
                curves += [
                    key | {"class": name, "curve": curve, "threshold": 1 - x, "x": x, "y": value}
                    for curve in y for x, value in zip(at, y[curve], strict=True)
                ]  # fmt: skip
            for kind in ("raw", "calibrated"):
                calibration.append(
                    key | {"probabilities": kind, "metric": "ece", "value": 0.1234, "low": 0.0812, "high": 0.2043})
                bins += [
                    key | {"probabilities": kind, "confidence": x, "accuracy": x**1.3, "low": x**1.3 - 0.05,
                           "high": x**1.3 + 0.03, "frames": 50_000}
                    for x in np.linspace(0.3, 0.95, 10)
                ]  # fmt: skip
        for name, table in (("classes", classes), ("curves", curves), ("calibration", calibration), ("bins", bins)):
            self._write(name, table)

    def _write_labels(self, sessions):
        (self.folder / "labels").mkdir()
        classes = {target: tuple(SCHEME["targets"][target]["classes"]) for target in TARGETS}
        files = {}
        for number in range(sessions):
            codes = {
                target: {"A": self.rng.choice(len(own), 200, p=self.rng.dirichlet(np.ones(len(own)))).astype(np.int8)}
                for target, own in classes.items()
            }
            file = self.folder / "labels" / f"s{number}.h5"
            SessionLabels(FrameGrid(10.0, 200), (), np.full(200, -1, np.int8), classes, codes).write(file)
            files[f"s{number}"] = file
        write_label_index(files, self.folder / "labels.tsv", place=self.folder)

    def _write_search(self, model, place):
        grid = pd.DataFrame(list(product(*SPACES[model].values())), columns=list(SPACES[model]))
        grid = grid.sample(min(len(grid), 24), random_state=place)
        grid = grid.assign(candidate=range(len(grid)), inner_f1=0.5 + 0.08 * self.rng.normal(size=len(grid)))
        self._write(f"search_{model}{place}", pd.concat([grid.assign(outer=outer) for outer in range(2)]))
        return self.folder / f"search_{model}{place}.tsv"

    def _write_history(self, place, folds, epochs):
        rows = [
            {"outer": outer, "epoch": epoch,
             "loss": 1.4 * np.exp(-epoch / 20) + 0.02 * self.rng.normal() + 0.1 + outer / 60,
             "validation_f1": 0.7 - 0.5 * np.exp(-epoch / 10) + 0.02 * self.rng.normal()}
            for outer in range(folds) for epoch in range(1, epochs - 2 * outer + 1)
        ]  # fmt: skip
        self._write(f"history{place}", rows)
        return self.folder / f"history{place}.tsv"

    def empty(self, *names):
        """Leave nothing but the header of some tables."""
        for name in names:
            path = self.folder / f"{name}.tsv"
            path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")

    def draw(self, name, *, tested=HONEST, headline=HEADLINE, targets=TARGETS):
        """One figure, not written anywhere."""
        plan, file = read_scheme(SCHEME), {each: self.folder / f"{each}.tsv" for each in (
            "cells", "fold_scores", "labels", "classes", "curves", "calibration", "bins")}
        if name == "labels":
            return draw_labels(file["labels"], plan, targets)
        if name == "folds":
            return draw_folds(file["cells"], file["fold_scores"], plan, targets, tested)
        if name == "learning":
            return draw_learning(self.histories, plan, targets, tested)
        if name == "search":
            return draw_search(tabulate_effects(self.searches), tested)
        if name == "curves":
            return draw_curves(file["classes"], file["curves"], plan, headline, targets, tested)
        return draw_reliability(file["calibration"], file["bins"], plan, headline, targets, tested)


@pytest.fixture(autouse=True)
def in_style():
    """Everything here is drawn in the figures' style."""
    with style.drawing():
        yield


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The first paper's study: three targets, five streams, five networks, two protocols."""
    return Tables(tmp_path_factory.mktemp("full"))


@pytest.fixture
def small(tmp_path):
    """Two networks on one stream, under a protocol that holds out dyads and one that leaks."""
    return Tables(tmp_path, sessions=3, protocols=("corrected", "leak"), streams=("multimodal",),
                  models=("bilstm", "linear"), folds=3, epochs=6)


def words(figure):
    """Everything that is written on a figure, its lines joined."""
    found = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    return " ".join(" ".join(found).split())


@pytest.mark.parametrize("name", NAMES)
def test_at_the_size_of_the_paper_s_study_a_figure_fits_a_page_and_says_what_has_no_room(full, name, assert_readable):
    figure = full.draw(name)
    assert_readable(figure, highest_mm=230.0)
    drawn = words(figure)
    if name == "folds":
        # 75 cells of the first protocol have room; 75 of the second do not.
        assert "Left out, for room: 75 cells of protocol as_published; all stand in evaluation/cells.tsv" in drawn
        assert "as_published" not in drawn.replace("protocol as_published", "")
        assert [drawn.count(f"Log-mel · {model}") for model in ("TCN", "Linear")] == [3, 3]
    else:
        assert "Left out" not in drawn


@pytest.mark.parametrize("name", NAMES)
def test_a_small_study_s_figures_are_readable_too_and_say_which_protocol_leaks(small, name, assert_readable):
    leak = {"corrected": "every", "leak": "frames", "leak/bilstm": "frames", "leak/linear": "frames"}
    figure = small.draw(name, tested=leak)
    assert_readable(figure, highest_mm=230.0)
    if name in ("learning", "search"):
        assert "leak: no result: frames split at random" in words(figure)
    if name == "folds":
        assert "Not drawn, because frames were split at random and there are no folds: leak." in words(figure)
        assert "· leak" not in words(figure)
    assert "Left out" not in words(figure)


@pytest.mark.parametrize("name", ["curves", "reliability"])
def test_figures_of_the_named_cell_name_its_protocol_and_warn_where_that_leaks(small, name, assert_readable):
    honest = words(small.draw(name))
    assert "Infant engagement · corrected" in honest and "protocol corrected, held-out dyads together" in honest
    leaking = small.draw(name, tested={"corrected": "every", "corrected/bilstm": "frames"})
    assert "Infant engagement · corrected (no result: frames split at random)" in words(leaking)
    assert "held-out dyads" not in words(leaking)
    assert_readable(leaking, highest_mm=230.0)


def test_a_network_that_leaks_is_not_honest_because_another_of_its_protocol_is(small):
    # As the plan says it where a network on pictures, which holds out dyads, stands in a protocol that splits frames.
    tested = {"corrected": "every", "leak": "every", "leak/linear": "frames", "leak/video": "every"}
    assert is_leaky(tested, "leak", "linear") and not is_leaky(tested, "leak", "video")
    assert leaky_names(tested, [("corrected", "linear"), ("leak", "linear"), ("leak", "bilstm")]) == ["leak (Linear)"]
    drawn = words(small.draw("folds", tested=tested))
    assert "Multimodal · Linear · corrected" in drawn and f"Multimodal · {BI_LSTM} · leak" in drawn
    assert "Multimodal · Linear · leak" not in drawn and "there are no folds: leak (Linear)." in drawn
    for name in ("learning", "search"):
        figure = small.draw(name, tested=tested)
        assert "no result: frames split at random (leak (Linear))" in words(figure)
        grounds = [to_hex(axes.get_facecolor()) for axes in figure.axes]
        assert 0 < grounds.count(style.UNSOUND) < len(grounds) / 2


def test_every_network_has_its_panel_with_a_thin_line_of_loss_for_each_fold(small):
    figure = small.draw("learning", targets=TARGETS[:1])
    assert len(figure.axes) == 4 and "Left out" not in words(figure)
    for axes in figure.axes:
        losses = [line for line in axes.lines if to_hex(line.get_color()) == LOSS]
        thin, thick = sorted(losses, key=lambda line: line.get_linewidth())
        # Three folds of 6, 4 and 2 epochs, with a gap after the first and the second.
        assert np.isnan(thin.get_ydata()).nonzero()[0].tolist() == [6, 11]
        folds = np.split(thin.get_ydata(), [7, 12])
        assert thick.get_ydata()[:2] == pytest.approx(np.median([fold[:2] for fold in folds], axis=0))


def test_each_value_of_a_hyperparameter_has_a_dot_for_every_cell_at_its_own_effect(small):
    effects = tabulate_effects(small.searches)
    key = ["protocol", "target", "stream", "model", "hyperparameter", "value"]
    assert list(effects.columns[:6]) == key and not effects.duplicated(key).any()
    figure = draw_search(effects, HONEST)
    own = effects[(effects.protocol == "corrected") & (effects.model == "bilstm")]
    first = own[own.hyperparameter == own.hyperparameter.iloc[0]]
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert len(dots) == first.value.nunique()
    for line, (_, rows) in zip(dots, first.groupby("value"), strict=True):
        assert len(line.get_xdata()) == 3
        assert line.get_xdata() == pytest.approx(100 * rows[rows.target != "all"].effect.to_numpy())


def test_lines_of_classes_differ_without_their_colours(small):
    axes = small.draw("curves").axes[0]
    solid = [line for line in axes.lines if line.get_linewidth() == 1.2]
    assert len(solid) == 4 and len({str(line._unscaled_dash_pattern) for line in solid}) == 4


@pytest.mark.parametrize(("name", "empty", "said"), [
    ("labels", ["labels"], "Nobody has coded any of the targets"),
    ("folds", ["cells", "fold_scores"], "No cell was trained with folds."),
    ("learning", ["history0", "history1", "history2", "history3"], "No network was trained epoch by epoch."),
    ("search", [f"search_{model}{place}" for model in ("bilstm", "linear") for place in range(3)],
     "No search compared several candidates."),
    ("curves", ["curves", "classes"], "evaluation/curves.tsv has no curves of the cell that the study names"),
    ("reliability", ["bins", "calibration"], "evaluation/reliability.tsv has no probabilities of the cell"),
])  # fmt: skip
def test_of_empty_tables_a_figure_says_what_is_missing(small, name, empty, said):
    small.empty(*empty)
    assert said in words(small.draw(name))


def test_half_of_the_tables_being_empty_leaves_the_other_half_drawn(small, assert_readable):
    small.empty("fold_scores", "classes", "calibration")
    for name in ("folds", "curves", "reliability"):
        assert_readable(small.draw(name), highest_mm=230.0)
    assert words(small.draw("reliability")).count("no ECE in the table") == 6
