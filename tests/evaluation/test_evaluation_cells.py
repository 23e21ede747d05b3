"""Result tables from held-out probabilities: what counts, what is refused, and the numbers by hand."""

import json
from itertools import product

import h5py
import numpy as np
import pandas as pd
import pytest

from dyadflow.annotations.labels import EXCLUDED, UNCODED, UNSCORABLE, SessionLabels
from dyadflow.errors import DyadflowError
from dyadflow.evaluation.cells import evaluate_cells
from dyadflow.media.grid import FrameGrid
from dyadflow.tables import read_table

CLASSES = ("neg", "neu", "pos")
PHASES = ("play", "still-face", "reunion")


class Study:
    """A study on disk: labels, folds and predictions, all given frame by frame."""

    def __init__(self, folder):
        self.folder, self.rows, self.coded = folder, [], {}
        (folder / "labels").mkdir()

    def add(self, session, fold, phase, dyad=None, **codes):
        """A session with its coders' class indices."""
        self.rows.append({"session": session, "dyad": dyad or f"dyad-{session}", "outer": fold})
        self.coded[session] = codes
        SessionLabels(
            grid=FrameGrid(25.0, len(phase)), phases=PHASES, phase=np.array(phase, np.int8),
            classes={"infant": CLASSES},
            codes={"infant": {coder: np.array(values, np.int8) for coder, values in codes.items()}},
        ).write(self.folder / "labels" / f"{session}.h5")

    def predict(self, stream, model, predicted, *, folds=(), classes=CLASSES, protocol="corrected"):
        """Probabilities whose highest class is the given one; a cell."""
        path = self.folder / f"{protocol}-{stream}-{model}.h5"
        outer = {row["session"]: row["outer"] for row in self.rows} | dict(folds)
        with h5py.File(path, "w") as file:
            file.attrs["classes"] = json.dumps(classes)
            for session, values in predicted.items():
                table = np.full((len(values), 3), 0.2, np.float32)
                table[np.arange(len(values)), values] = 0.6
                file.create_dataset(session, data=table).attrs["fold"] = outer[session]
        return {"protocol": protocol, "target": "infant", "stream": stream, "model": model,
                "probabilities": path}

    def evaluate(self, *cells, coders=("A",), kinds=None, sessions=(), **more):
        pd.DataFrame(self.rows).to_csv(self.folder / "folds.tsv", sep="\t", index=False)
        index = self.folder / "labels" / "index.tsv"
        pd.DataFrame([{"session": row["session"], "file": f"{row['session']}.h5", "sha256": "0"}
                      for row in self.rows]).to_csv(index, sep="\t", index=False)
        human = {(name, coder): "human" for name, codes in self.coded.items() for coder in codes}
        return evaluate_cells(
            cells=cells, labels=index, folds=more.pop("folds", self.folder / "folds.tsv"), sessions=sessions,
            kinds=human | (kinds or {}), score_coders={cell["protocol"]: coders for cell in cells}, **more)


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def value(table, metric="accuracy", **equals):
    """The one row of a metric in which the named columns have these values."""
    equals = {"metric": metric} | equals
    for name, wanted in equals.items():
        table = table[table[name] == wanted]
    assert len(table) == 1, table
    return table.iloc[0]


def four_dyads(study):
    """Two folds of two dyads; accuracies 3/4, 2/4, 4/4 and 1/4."""
    truth = [0, 1, 2, 1]
    predictions = {"a": [0, 1, 2, 0], "b": [0, 1, 0, 0], "c": [0, 1, 2, 1], "d": [1, 1, 1, 0]}
    for place, name in enumerate(predictions):
        study.add(name, place % 2, [0, 0, 1, 2], A=truth)
    return study.predict("audio", "linear", predictions)


def test_the_headline_is_the_pooled_confusion_with_fold_mean_and_deviation_beside(study):
    row = value(study.evaluate(four_dyads(study)).cells, stream="audio", phase="all")
    assert (row.value, row.dyads, row.frames) == (10 / 16, 4, 16)
    # Folds: 7 of 8 and 3 of 8.
    assert (row.fold_mean, row.fold_sd) == pytest.approx((5 / 8, np.sqrt(2 * 0.25**2)))
    assert 0 < row.low < 10 / 16 < row.high < 1


def test_every_metric_of_every_phase_is_that_of_scikit_learn_with_the_fixed_classes(study):
    from sklearn.metrics import f1_score

    result = study.evaluate(four_dyads(study))
    truth, predicted = [0, 1] * 4, [0, 1, 0, 1, 0, 1, 1, 1]  # the frames of play
    for average in ("macro", "weighted"):
        expected = f1_score(truth, predicted, labels=[0, 1, 2], average=average, zero_division=0)
        found = value(result.cells, f"f1_{average}", stream="audio", phase="play").value
        assert found == pytest.approx(expected)


def test_confusion_adds_up_to_the_headline(study):
    result = study.evaluate(four_dyads(study))
    table = result.confusion.query("stream == 'audio' and phase == 'all'")
    assert len(table) == 9
    assert table.frames.sum() == 16
    assert table[table.truth == table.predicted].frames.sum() == 10
    [(cell)] = table.query("truth == 'pos' and predicted == 'neg'").frames
    assert cell == 1


def test_fold_scores_have_a_row_for_every_fold_and_metric(study):
    result = study.evaluate(four_dyads(study))
    assert value(result.fold_scores, stream="audio", fold=1).value == 3 / 8
    assert len(result.fold_scores.query("stream == 'audio'")) == 2 * 9


def test_an_instructed_phase_has_a_row_with_only_it_and_one_without_it(study):
    result = study.evaluate(four_dyads(study), instructed=["still-face"])
    assert [*dict.fromkeys(result.cells.phase)] == ["all", *PHASES, "without still-face"]
    only = value(result.cells, stream="audio", phase="still-face")
    without = value(result.cells, stream="audio", phase="without still-face")
    assert (only.value, only.frames) == (2 / 4, 4)
    assert (without.value, without.frames) == (8 / 12, 12)


def test_frames_without_a_class_are_masked_everywhere(study):
    study.add("a", 0, [0, 0, 0, 0], A=[0, UNCODED, EXCLUDED, UNSCORABLE])
    study.add("b", 1, [0, 0, 0, -1], A=[0, 0, 0, 1])
    result = study.evaluate(study.predict("audio", "linear", {"a": [0, 1, 1, 1], "b": [0, 0, 0, 1]}))
    assert value(result.cells, stream="audio", phase="all").frames == 5
    assert value(result.cells, stream="audio", phase="play").frames == 4
    assert set(result.cells.phase) == {"all", "play"}
    assert result.confusion.query("phase == 'all'").groupby("model").frames.sum().to_dict() == {
        "linear": 5, "majority": 5, "phase": 5, "previous": 5}


def test_baselines_guess_what_was_commonest_in_the_training_dyads_only(study):
    # Held out, fold 0 has only pos; its training dyad, in fold 1, has mostly neg, and neu in still-face.
    study.add("a", 0, [0, 0, 1, 2], A=[2, 2, 2, 2])
    study.add("b", 1, [0, 0, 1, 1], A=[0, 0, 1, 0])
    result = study.evaluate(study.predict("audio", "linear", {"a": [0] * 4, "b": [0] * 4}))
    said = result.confusion.query("stream == 'none' and phase == 'all' and frames > 0 and model != 'previous'")
    found = {(row.model, row.truth, row.predicted): row.frames for row in said.itertuples()}
    # Fold 0 is told neg throughout: still-face is a tie of neu and neg, reunion was never seen.
    # Fold 1 is told pos throughout.
    assert found == {
        ("majority", "pos", "neg"): 4, ("majority", "neg", "pos"): 3, ("majority", "neu", "pos"): 1,
        ("phase", "pos", "neg"): 4, ("phase", "neg", "pos"): 3, ("phase", "neu", "pos"): 1,
    }


def test_the_oracle_says_the_last_true_code_and_is_never_the_better_baseline(study):
    study.add("a", 0, [0] * 6, A=[2, 2, UNCODED, 2, 0, 0])
    study.add("b", 1, [0] * 6, A=[1, 1, 1, 0, 0, 0])
    cell = study.predict("audio", "linear", {"a": [0] * 6, "b": [0] * 6})
    result = study.evaluate(cell, settings={"comparisons": [
        {"target": "infant", "stream": "audio", "network": "linear"}]})
    said = result.confusion.query("model == 'previous' and phase == 'all' and frames > 0")
    found = {(row.truth, row.predicted): row.frames for row in said.itertuples()}
    # a begins with the majority of b, of equals neg, and stays pos over the gap; b with that of a, pos.
    assert found == {
        ("pos", "neg"): 1, ("pos", "pos"): 2, ("neg", "pos"): 1, ("neg", "neg"): 3, ("neu", "pos"): 1,
        ("neu", "neu"): 2, ("neg", "neu"): 1}
    assert [*result.comparisons.against_model] == ["majority"]


def test_the_phase_baseline_knows_what_a_phase_is_like(study):
    for fold, name in enumerate("ab"):
        study.add(name, fold, [0, 0, 0, 1, 1, -1], A=[2, 2, 2, 0, 0, 1])
    cell = study.predict("audio", "linear", {"a": [0] * 6, "b": [0] * 6})
    result = study.evaluate(cell)
    assert value(result.cells, model="majority", phase="all").value == 3 / 6
    # Outside all phases it says the majority, pos, and is wrong.
    assert value(result.cells, model="phase", phase="all").value == pytest.approx(5 / 6)
    assert [*dict.fromkeys(result.cells.model)] == ["majority", "phase", "previous", "linear"]


def test_the_first_scoring_coder_who_coded_the_session_and_is_human_is_the_truth(study):
    study.add("a", 0, [0, 0], A=[0, 0], B=[1, 1])
    study.add("b", 1, [0, 0], A=[UNCODED, EXCLUDED], B=[1, 1])
    study.add("c", 1, [0, 0], A=[2, 2], B=[1, 1])
    cell = study.predict("audio", "linear", {"a": [0, 0], "b": [1, 1], "c": [1, 1]})
    result = study.evaluate(cell, coders=("A", "B"), kinds={("c", "A"): "assisted"})
    assert value(result.cells, stream="audio", phase="all").value == 1


def test_a_session_that_no_scoring_coder_coded_needs_no_prediction_and_is_not_counted(study):
    cell = four_dyads(study)
    study.add("e", 0, [0, 0], B=[0, 0])
    row = value(study.evaluate(cell).cells, stream="audio", phase="all")
    assert (row.dyads, row.frames) == (4, 16)


def test_two_sessions_of_a_dyad_are_one_dyad(study):
    for name, fold, dyad in (("a1", 0, "a"), ("a2", 0, "a"), ("b", 1, "b")):
        study.add(name, fold, [0, 0], dyad=dyad, A=[0, 1])
    result = study.evaluate(study.predict("audio", "linear", {"a1": [0, 0], "a2": [0, 1], "b": [1, 1]}))
    assert value(result.cells, stream="audio", phase="all").dyads == 2


def test_sessions_are_grouped_by_covariates_and_numbers_split_at_the_median(study):
    cell = four_dyads(study)
    sessions = [
        {"session": "a", "age": "4", "sex": "f"}, {"session": "b", "age": "5", "sex": "m"},
        {"session": "c", "age": "10", "sex": "f"}, {"session": "d", "age": "", "sex": "m"},
        {"session": "unscored", "age": "900", "sex": "x"},
    ]
    groups = study.evaluate(cell, sessions=sessions, settings={"covariates": ["age", "sex"]}).groups
    groups = groups[groups.stream == "audio"]
    assert [*dict.fromkeys(zip(groups.covariate, groups.level, strict=True))] == [
        ("age", "<= 5"), ("age", "> 5"), ("age", "missing"), ("sex", "f"), ("sex", "m")]
    assert value(groups, level="<= 5").value == 5 / 8
    assert (value(groups, level="> 5").value, value(groups, level="> 5").dyads) == (1, 1)
    assert value(groups, level="missing").value == 1 / 4
    assert value(groups, level="f").value == 7 / 8


def test_a_covariate_that_is_no_column_is_refused_by_name(study):
    cell = four_dyads(study)
    with pytest.raises(DyadflowError, match=r"'sexx'.*'sex'"):
        study.evaluate(cell, sessions=[{"session": name, "sex": "f"} for name in "abcd"],
                       settings={"covariates": ["sexx"]})


def test_a_session_that_was_not_predicted_is_named(study):
    four_dyads(study)
    cell = study.predict("audio", "linear", {"a": [0] * 4, "b": [0] * 4, "d": [0] * 4})
    with pytest.raises(DyadflowError, match="session c was never predicted"):
        study.evaluate(cell)


def test_a_prediction_by_a_model_that_had_seen_the_dyad_is_refused(study):
    four_dyads(study)
    cell = study.predict("audio", "linear", {name: [0] * 4 for name in "abcd"}, folds={"b": 0})
    with pytest.raises(DyadflowError, match="session b was predicted in fold 0, but is held out in fold 1"):
        study.evaluate(cell)


def test_predictions_of_another_length_or_other_classes_are_refused(study):
    four_dyads(study)
    short = study.predict("audio", "linear", {"a": [0] * 3} | {name: [0] * 4 for name in "bcd"})
    with pytest.raises(DyadflowError, match="session a has predictions for 3 frames"):
        study.evaluate(short)
    turned = study.predict("audio", "linear", {name: [0] * 4 for name in "abcd"}, classes=CLASSES[::-1])
    with pytest.raises(DyadflowError, match="pos, neu, neg"):
        study.evaluate(turned)


def test_a_coded_frame_without_a_prediction_is_refused(study):
    cell = four_dyads(study)
    with h5py.File(cell["probabilities"], "r+") as file:
        file["c"][2] = np.nan
    with pytest.raises(DyadflowError, match="session c has no prediction for frame 2"):
        study.evaluate(cell)


def many_dyads(study):
    """Ten dyads, of whose frames a model gets 60 to 90 % and the majority about half."""
    rng = np.random.default_rng(1)
    good, guess = {}, {}
    for number in range(10):
        name = f"s{number}"
        truth = rng.choice(3, 60, p=[0.5, 0.3, 0.2])
        study.add(name, number % 5, np.arange(60) // 20, A=truth)
        good[name] = np.where(rng.random(60) < 0.6 + 0.03 * number, truth, rng.integers(0, 3, 60))
        guess[name] = rng.integers(0, 3, 60)
    return good, guess


def test_a_comparison_is_the_mean_of_the_dyads_own_differences_with_its_exact_p(study):
    good, guess = many_dyads(study)
    cells = [study.predict("both", "bilstm", good), study.predict("audio", "linear", guess)]
    result = study.evaluate(*cells, settings={"comparisons": [
        {"target": "infant", "stream": "both", "network": "bilstm", "against": ["audio", "linear"]}]})
    [row] = result.comparisons.itertuples()
    truth = {name: codes["A"] for name, codes in study.coded.items()}
    gains = np.array([
        np.mean(good[name] == truth[name]) - np.mean(guess[name] == truth[name]) for name in good])
    flipped = [abs(np.dot(signs, gains)) >= abs(gains.sum()) - 1e-12 for signs in product((1, -1), repeat=10)]
    assert row.difference == pytest.approx(gains.mean())
    assert (row.dyads, row.wins, row.p) == (10, (gains > 0).sum(), np.mean(flipped))
    assert row.p_holm == row.p
    # Student's t with 9 degrees of freedom at 97.5 %: 2.262157.
    reach = 2.262157 * gains.std(ddof=1) / np.sqrt(10)
    assert (row.low, row.high) == pytest.approx((gains.mean() - reach, gains.mean() + reach), abs=1e-6)


def fail(cell, reason):
    """Turn a cell's predictions into what training leaves where it could not be trained."""
    with h5py.File(cell["probabilities"], "w") as file:
        file.attrs["failed"] = reason
    return cell


def test_a_cell_that_could_not_be_trained_is_listed_with_its_reason_and_the_others_are_scored(study):
    good, guess = many_dyads(study)
    cells = [study.predict("both", "bilstm", good), fail(study.predict("audio", "linear", guess), "it diverged")]
    named = {"comparisons": [
        {"target": "infant", "stream": "both", "network": "bilstm", "against": ["audio", "linear"]},
        {"target": "infant", "stream": "audio", "network": "linear"},
        {"target": "infant", "stream": "both", "network": "bilstm"},
    ]}
    result = study.evaluate(*cells, settings=named)
    assert result.missing.to_dict("records") == [{
        "protocol": "corrected", "target": "infant", "stream": "audio", "model": "linear", "reason": "it diverged"}]
    assert set(result.cells.model) == {"majority", "phase", "previous", "bilstm"}
    assert [*result.comparisons.stream] == ["both"], "a comparison with a cell that is not there has no row"


def test_a_protocol_may_deal_other_folds_and_split_by_frame_has_no_fold_scores(study):
    good, _ = many_dyads(study)
    dealt = study.predict("both", "bilstm", good)
    by_frame = study.predict("both", "bilstm", good, protocol="frames", folds={name: -1 for name in good})
    other = study.predict("both", "bilstm", good, protocol="other", folds={name: 9 for name in good})
    again = study.folder / "again.tsv"
    pd.DataFrame(study.rows).assign(outer=9).to_csv(again, sep="\t", index=False)
    own = study.folder / "folds.tsv"
    result = study.evaluate(
        dealt, by_frame, other, tested={"frames": "frames"},
        folds={"corrected": own, "frames": own, "other": again},
    )
    values = result.cells.query("stream == 'both' and phase == 'all' and metric == 'accuracy'")
    assert values.value.nunique() == 1 and list(values.protocol) == ["corrected", "frames", "other"]
    assert values.fold_mean.notna().tolist() == [True, False, True]
    assert set(result.fold_scores[result.fold_scores.stream == "both"].protocol) == {"corrected", "other"}


def test_the_better_baseline_is_the_one_with_the_higher_pooled_metric(study):
    for fold, name in enumerate("abcd"):
        study.add(name, fold, [0, 0, 0, 1, 1], A=[2, 2, 2, 0, 0])
    cell = study.predict("audio", "linear", {name: [2, 2, 2, 0, 0] for name in "abcd"})
    named = {"comparisons": [{"target": "infant", "stream": "audio", "network": "linear"}]}
    [row] = study.evaluate(cell, settings=named).comparisons.itertuples()
    assert (row.against_stream, row.against_model) == ("none", "phase")
    assert (row.difference, row.wins, row.p) == (0, 0, 1)


def test_holm_runs_over_all_comparisons_of_all_protocols(study):
    good, guess = many_dyads(study)
    cells = [study.predict("both", "bilstm", good, protocol=name) for name in ("corrected", "as_published")]
    cells.append(study.predict("audio", "linear", guess))
    table = study.evaluate(*cells, settings={"comparisons": [
        {"target": "infant", "stream": "both", "network": "bilstm"},
        {"target": "infant", "stream": "audio", "network": "linear"},
    ]}).comparisons
    assert [*table.protocol] == ["corrected", "as_published", "corrected"]
    assert table.p_holm[0] == pytest.approx(3 * table.p[0])


def test_a_comparison_with_a_cell_that_was_not_trained_is_refused(study):
    cell = four_dyads(study)
    with pytest.raises(DyadflowError, match=r"video with bilstm.*audio with linear"):
        study.evaluate(cell, settings={"comparisons": [
            {"target": "infant", "stream": "video", "network": "bilstm"}]})


def test_the_six_tables_are_written_where_they_are_asked_for_and_twice_the_same(study, tmp_path):
    cell = four_dyads(study)
    names = ("cells", "groups", "confusion", "fold_scores", "comparisons", "missing")
    written = []
    for time in ("first", "second"):
        paths = {name: tmp_path / time / f"my-{name}.tsv" for name in names}
        study.evaluate(cell).write(**paths)
        written.append([path.read_bytes() for path in paths.values()])
    assert written[0] == written[1]
    table = read_table(tmp_path / "first" / "my-cells.tsv")
    assert [*table.columns] == [
        "protocol", "target", "stream", "model", "phase", "metric", "value", "low", "high", "fold_mean",
        "fold_sd", "dyads", "frames"]
    # Two baselines, an oracle and a cell; `all` and three phases; nine metrics.
    assert len(table) == 4 * 4 * 9


def test_without_phases_in_the_scheme_both_baselines_are_the_majority(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PHASES", ())
    study = Study(tmp_path)
    for fold, name in enumerate("ab"):
        study.add(name, fold, [-1, -1, -1], A=[1, 1, 0])
    result = study.evaluate(study.predict("audio", "linear", {"a": [0] * 3, "b": [1] * 3}))
    assert set(result.cells.phase) == {"all"}
    assert value(result.cells, model="majority").value == value(result.cells, model="phase").value == 2 / 3


def test_where_only_the_last_fold_is_tested_nothing_else_is_scored_and_baselines_learn_from_the_others(study):
    study.add("a", 0, [0, 0, 0, 0], A=[0, 0, 0, 1])
    study.add("b", 1, [0, 0, 0, 0], A=[0, 0, 0, 2])
    study.add("c", 2, [0, 0, 0, 0], A=[0, 1, 1, 1])
    study.add("d", 2, [0, 0, 0, 0], B=[0, 0, 0, 0])
    # Folds 0 and 1 were never predicted.
    cell = study.predict("scene", "mc3", {"c": [0, 1, 1, 0]}, protocol="as_published")
    result = study.evaluate(cell, tested={"as_published": "last"})
    row = value(result.cells, stream="scene", phase="all")
    assert (row.value, row.dyads, row.frames) == (3 / 4, 1, 4)
    # neg is what a and b have most; c, with mostly neu, is not asked.
    assert value(result.cells, model="majority", phase="all").value == 1 / 4
    assert value(result.cells, model="majority", phase="all").frames == 4
    assert set(result.fold_scores.fold) == {2}
    assert result.confusion.query("model == 'mc3' and phase == 'all'").frames.sum() == 4


def test_protocols_are_tested_each_in_its_own_way(study):
    everything = four_dyads(study)
    last = study.predict("scene", "mc3", {"b": [0, 1, 2, 1], "d": [0, 1, 2, 1]}, protocol="as_published")
    result = study.evaluate(everything, last, tested={"corrected": "every", "as_published": "last"})
    assert value(result.cells, stream="audio", phase="all").dyads == 4
    assert value(result.cells, stream="scene", phase="all").dyads == 2


def test_a_last_fold_that_no_scoring_coder_coded_is_an_error(study):
    study.add("a", 0, [0, 0], A=[0, 1])
    study.add("b", 1, [0, 0], B=[0, 1])
    cell = study.predict("scene", "mc3", {"a": [0, 1], "b": [0, 1]})
    with pytest.raises(DyadflowError, match="only fold 1 is scored, and it has no session"):
        study.evaluate(cell, tested={"corrected": "last"})
