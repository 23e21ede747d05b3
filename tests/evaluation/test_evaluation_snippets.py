"""Snippets of video networks: what is scored, against which bound, and the network among the coders, by hand."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError
from dyadflow.evaluation.differences import sum_up_differences
from dyadflow.evaluation.random_bound import best_random_accuracy, best_random_f1, gain_over_constant
from dyadflow.evaluation.signflip import correct_by_holm
from dyadflow.evaluation.snippets import evaluate_snippets
from dyadflow.tables import read_table

COLUMNS = ["set", "units", "outer", "session", "dyad", "start", "onset_s", "offset_s", "coder", "share", "label",
           "probability", "predicted"]
SPEC = {"tier": "task", "classes": ["no", "yes"], "codes": {"no": 0, "yes": 1}, "otherwise": 0, "phases": ["dolls"]}

#: Tiled test snippets: session, its dyad, what each coder said from frame 0 on, and what the network said. Session b
#: was coded by A only.
TESTED = [("a", "d1", {"A": [1, 1, 0, 0], "B": [0, 1, 0, 0]}, [1, 1, 0, 0]), ("b", "d2", {"A": [0, 1]}, [1, 0])]
VALIDATED = [("a", "d1", {"A": [1], "B": [0]}, [1]), ("b", "d2", {"A": [1]}, [1])]


def tabulate(said, which="test", units="tiled"):
    """Rows as a cell writes them."""
    return [
        (which, units, fold, session, dyad, 15 * place, 4.8 * place, 4.8 * (place + 1), coder, float(label), label,
         0.3 + 0.4 * answer, answer)
        for fold, (session, dyad, by_coder, answers) in enumerate(said)
        for place, answer in enumerate(answers) for coder, labels in by_coder.items() for label in [labels[place]]
    ]


class Study:
    """Snippets and coding on disk."""

    def __init__(self, folder):
        self.folder, self.cells, self.kinds = folder, [], {}

    def add(self, rows, *, protocol="corrected", target="dolls-task", model="mc3"):
        path = self.folder / f"{protocol}-{target}-{model}.tsv"
        table = pd.DataFrame(rows, columns=COLUMNS)
        table.to_csv(path, sep="\t", index=False)
        self.kinds = {(row.session, row.coder): "human" for row in table.itertuples()} | self.kinds
        self.cells.append({"protocol": protocol, "target": target, "stream": "scene", "model": model,
                           "snippets": str(path)})
        return self

    def evaluate(self, *, segments=(), coders=("A", "B", "C"), **more):
        rows = [dict(zip(("session", "coder", "tier", "code", "onset_s", "offset_s"), row, strict=True))
                for row in segments or [("a", "A", "phase", "dolls", 0, 20), ("a", "A", "task", "yes", 0, 10)]]
        Segments.from_rows(rows).write(self.folder / "segments.tsv")
        paths = {name: self.folder / "out" / f"{name}.tsv" for name in ("scores", "raters", "kappas")}
        evaluate_snippets(
            cells=self.cells, segments=self.folder / "segments.tsv", sheet_phases=None,
            specs={cell["target"]: SPEC for cell in self.cells}, kinds={("a", "A"): "human"} | self.kinds,
            score_coders={cell["protocol"]: coders for cell in self.cells},
            presets={cell["protocol"]: cell["protocol"] for cell in self.cells}, level=0.95, seed=0, **paths, **more)
        return tuple(read_table(path) for path in paths.values())


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def test_a_session_of_two_coders_who_disagree_scores_both(study):
    [row] = study.add(tabulate(TESTED)).evaluate()[0].itertuples()
    # By A the first snippet of a is right, by B it is wrong; everything in b is wrong.
    assert (row.snippets, row.codings, row.dyads) == (6, 10, 2)
    assert (row.test_accuracy, row.scored_probability) == (0.7, 0.4)
    # Three hits, two false alarms, one miss.
    assert row.test_f1 == pytest.approx(6 / 9, abs=1e-6)


def test_the_bound_is_that_of_the_scored_codings_and_is_tested_dyad_by_dyad(study):
    [row] = study.add(tabulate(TESTED)).evaluate()[0].itertuples()
    assert (row.bound_accuracy, row.bound_f1) == pytest.approx((0.6, 0.8 / 1.4), abs=1e-6)
    # Always no is right in 5 of 8 codings of d1 and 1 of 2 of d2; the network in 7 of 8 and none.
    assert row.difference == pytest.approx(((7 - 5) / 8 + (0 - 1) / 2) / 2)
    assert (row.wins, row.p, row.p_holm) == (1, 1, 1)
    # Student's t with 1 degree of freedom at 97.5 %: 12.7062; the differences are 0.25 and -0.5.
    reach = 12.706205 * 0.75 / 2
    assert (row.difference_low, row.difference_high) == pytest.approx((-0.125 - reach, -0.125 + reach), abs=1e-5)


def test_validation_pools_the_folds_in_which_sessions_validate(study):
    [row] = study.add(tabulate(TESTED) + tabulate(VALIDATED, "validation")).evaluate()[0].itertuples()
    assert (row.validation_accuracy, row.validation_f1) == pytest.approx((2 / 3, 4 / 5), abs=1e-6)


def test_the_data_set_s_probability_is_that_of_all_human_coding_time(study):
    segments = [
        ("a", "A", "phase", "dolls", 0, 20), ("a", "A", "task", "yes", 0, 10),
        ("a", "B", "phase", "dolls", 2, 20), ("a", "B", "task", "yes", 0, 5),  # 3 s of it within the task
        ("b", "A", "phase", "dolls", 0, 10), ("b", "A", "task", "yes", 15, 20),  # none of it
        ("b", "Z", "phase", "dolls", 0, 10), ("b", "Z", "task", "yes", 0, 10),  # not human
        ("elsewhere", "A", "phase", "drum", 0, 10),
    ]
    study.kinds = {("b", "Z"): "assisted"}
    [row] = study.add(tabulate(TESTED)).evaluate(segments=segments)[0].itertuples()
    assert row.empirical_probability == pytest.approx((10 + 3) / (20 + 18 + 10), abs=1e-6)


def test_as_published_scores_drawn_snippets_against_the_bound_of_the_data_set_but_rates_tiles(study):
    drawn = [("a", "d1", {"B": [0, 1, 1]}, [0, 1, 0])]
    rows = [*tabulate(TESTED), *tabulate(drawn, units="drawn"), *tabulate(VALIDATED, "validation", "drawn")]
    study.add(rows, protocol="as_published").add(rows)
    scores, raters, _ = study.evaluate()
    published, corrected = scores.itertuples()
    assert (published.test_accuracy, published.scored_probability, published.codings) == pytest.approx(
        (2 / 3, 2 / 3, 3), abs=1e-6)
    assert published.validation_accuracy == pytest.approx(2 / 3, abs=1e-6)
    # Half of the coded time is yes.
    assert (published.bound_accuracy, published.bound_f1) == pytest.approx((0.5, 2 / 3), abs=1e-6)
    # The constant answer that suits the drawn codings is yes, right in 2 of 3.
    assert published.difference == 0
    assert (corrected.test_accuracy, corrected.codings, corrected.bound_accuracy) == (0.7, 10, 0.6)
    assert np.isnan(corrected.validation_accuracy), "tiled snippets were not validated"
    columns = ["target", "rater_a", "rater_b", "percent", "kappa", "snippets"]
    by_protocol = {name: table[columns].to_numpy().tolist() for name, table in raters.groupby("protocol")}
    assert by_protocol["as_published"] == by_protocol["corrected"]


def test_the_network_is_one_of_the_raters_of_the_same_snippets(study):
    _, raters, kappas = study.add(tabulate(TESTED)).evaluate()
    table = raters[raters.target == "dolls-task"]
    found = {(row.rater_a, row.rater_b): (row.percent, row.kappa, row.snippets, row.dyads) for row in
             table.itertuples()}
    assert found == {
        ("A", "B"): pytest.approx((75, 0.5, 4, 1)),
        ("A", "network"): pytest.approx((100 * 4 / 6, 1 / 3, 6, 2), abs=1e-4),
        ("B", "network"): pytest.approx((75, 0.5, 4, 1)),
    }
    [row] = kappas.itertuples()
    assert (row.human, row.machine) == pytest.approx((0.5, (1 / 3 + 0.5) / 2), abs=1e-6)
    assert (row.pairs_human, row.pairs_machine) == (1, 2)


def test_all_targets_together_are_one_confusion_of_each_pair(study):
    second = [("a", "d1", {"A": [1, 0], "B": [1, 1]}, [0, 0])]
    study.add(tabulate(TESTED)).add(tabulate(second), target="dolls-social")
    _, raters, kappas = study.evaluate()
    assert [*dict.fromkeys(raters.target)] == ["all", "dolls-task", "dolls-social"]
    # A with B: 3 of 4 and 1 of 2 alike; A says yes to 3 of 6, B to 3 of 6.
    row = raters[(raters.target == "all") & (raters.rater_a == "A") & (raters.rater_b == "B")].iloc[0]
    assert (row.percent, row.kappa, row.snippets) == pytest.approx((100 * 4 / 6, 1 / 3, 6), abs=1e-4)
    assert list(kappas.target) == ["dolls-task", "dolls-social"]


def test_a_kappa_that_is_undefined_is_empty_and_not_averaged(study):
    # A and the network say yes throughout; B once says no, and so has a kappa of 0 with either.
    said = [("a", "d1", {"A": [1, 1], "B": [1, 0]}, [1, 1])]
    _, raters, kappas = study.add(tabulate(said)).evaluate()
    found = raters[raters.target == "dolls-task"].set_index(["rater_a", "rater_b"]).kappa
    assert np.isnan(found["A", "network"])
    assert (found["A", "B"], found["B", "network"]) == (0, 0)
    [row] = kappas.itertuples()
    assert (row.human, row.machine, row.pairs_human, row.pairs_machine) == (0, 0, 1, 1)


def test_f1_is_empty_where_nobody_ever_says_yes_and_nought_where_every_yes_is_missed(study):
    study.add(tabulate([("a", "d1", {"A": [0, 0]}, [0, 0])]))
    study.add(tabulate([("a", "d1", {"A": [0, 1]}, [0, 0])]), target="dolls-social")
    scores = study.evaluate()[0]
    assert np.isnan(scores.test_f1[0])
    assert scores.test_f1[1] == 0


def test_coding_that_does_not_score_is_left_out_everywhere(study):
    study.kinds = {("a", "B"): "assisted"}
    said = [*TESTED, ("c", "d3", {"D": [1]}, [1])]
    scores, raters, kappas = study.add(tabulate(said)).evaluate(coders=["A", "B"])
    [row] = scores.itertuples()
    assert (row.codings, row.dyads, row.test_accuracy) == (6, 2, pytest.approx(4 / 6, abs=1e-6))
    assert set(raters.rater_a) == {"A"} and set(raters.rater_b) == {"network"}
    assert (kappas.pairs_human[0], kappas.pairs_machine[0]) == (0, 1)
    assert np.isnan(kappas.human[0])


def test_two_sessions_of_a_dyad_are_one_unit_and_intervals_leave_out_dyads(study):
    truth = [1, 0] * 5
    # How many of the ten snippets of each session the network gets wrong: the last ones.
    wrong = [("a", "d1", 1), ("b", "d1", 0), ("c", "d2", 2), ("d", "d3", 5), ("e", "d4", 3)]
    said = [
        (session, dyad, {"A": truth}, truth[:10 - misses] + [1 - answer for answer in truth[10 - misses:]])
        for session, dyad, misses in wrong
    ]
    [row] = study.add(tabulate(said)).evaluate()[0].itertuples()
    assert (row.dyads, row.codings, row.test_accuracy) == (4, 50, 39 / 50)
    left_out = np.array([20 / 30, 31 / 40, 34 / 40, 32 / 40])
    logit = np.log(left_out / (1 - left_out))
    # Student's t with 3 degrees of freedom at 97.5 %: 3.182446.
    reach = 3.182446 * np.sqrt(3 / 4 * np.square(logit - logit.mean()).sum())
    centre = np.log(39 / 11)
    # What the jackknife finds of bias, (n - 1) times the difference, is added on the side to which it moves the value.
    correction = 3 * (centre - logit.mean())
    assert correction > 0
    expected = [1 / (1 + np.exp(-(centre + step))) for step in (-reach, reach + correction)]
    assert (row.test_accuracy_low, row.test_accuracy_high) == pytest.approx(expected, abs=1e-5)


def test_holm_runs_over_all_rows_of_the_table(study):
    rng = np.random.default_rng(3)
    for target, skill in (("dolls-task", 0.95), ("dolls-social", 0.8), ("drum-task", 0.5)):
        said = []
        for number in range(9):
            truth = rng.random(30) < 0.5
            answers = np.where(rng.random(30) < skill, truth, ~truth)
            said.append((f"s{number}", f"d{number}", {"A": truth.astype(int).tolist()}, answers.astype(int).tolist()))
        study.add(tabulate(said), target=target)
    scores = study.evaluate()[0]
    assert scores.p[0] == pytest.approx(2 / 2**9, abs=1e-6)
    assert list(scores.p_holm) == pytest.approx(correct_by_holm(list(scores.p)), abs=1e-5)
    assert scores.p_holm[0] == pytest.approx(3 * scores.p[0], abs=1e-5)


@pytest.mark.parametrize(("accuracy", "f1", "q"), [(0.6, 0.75, 0.6), (0.72, 2 * 0.72 / 1.72, 0.72), (0.59, None, 0.41)])
def test_no_rate_of_yes_beats_the_bound(accuracy, f1, q):
    assert best_random_accuracy(q) == pytest.approx(accuracy)
    assert f1 is None or best_random_f1(q) == pytest.approx(f1)
    rates = np.linspace(0.001, 1, 1000)
    assert (rates * q + (1 - rates) * (1 - q)).max() <= best_random_accuracy(q) + 1e-12
    # Precision q and recall r: F1 is 2 q r / (q + r).
    assert (2 * q * rates / (q + rates)).max() <= best_random_f1(q) + 1e-12


def test_the_constant_answer_itself_gains_nothing_and_no_constant_answer_gains():
    truth = np.array([[3, 5], [4, 1], [0, 6]])  # no and yes in three dyads: yes is commoner
    for answer, expected in ((1, [0, 0, 0]), (0, [-2 / 8, 3 / 5, -1])):
        confusion = np.zeros((3, 2, 2), dtype=int)
        confusion[:, :, answer] = truth
        assert list(gain_over_constant(confusion)) == pytest.approx(expected)
    assert np.isnan(gain_over_constant(np.array([[[1, 0], [0, 1]], [[0, 0], [0, 0]]]))[1])


@pytest.mark.parametrize(("rate", "typical"), product((0.5, 0.9), (0.5, 0.7)))
def test_a_classifier_that_does_not_look_stands_above_the_bound_about_as_often_as_alpha_says_at_most(rate, typical):
    """Dyads differ in length and in how much yes they have; significant and better is half of a two-sided test."""
    rng = np.random.default_rng(int(100 * rate + 10 * typical))
    studies, above = 800, 0
    for _ in range(studies):
        length = rng.integers(5, 40, 12)
        yes = rng.binomial(length, rng.beta(4 * typical, 4 * (1 - typical), 12))
        hits, alarms = rng.binomial(yes, rate), rng.binomial(length - yes, rate)
        confusion = np.stack([length - yes - alarms, alarms, yes - hits, hits], axis=1).reshape(12, 2, 2)
        found = sum_up_differences(gain_over_constant(confusion))
        above += found["difference"] > 0 and found["p"] <= 0.05
    # 0.025, and two standard errors of a share of 800.
    assert above / studies <= 0.025 + 2 * np.sqrt(0.025 * 0.975 / studies)


def test_a_classifier_that_looks_is_found_above_the_bound():
    confusion = np.tile(np.array([[12, 3], [4, 11]]), (12, 1, 1))
    found = sum_up_differences(gain_over_constant(confusion))
    assert (found["difference"], found["wins"], found["p"]) == (pytest.approx((23 - 15) / 30), 12, 2 / 2**12)


def test_what_cannot_be_scored_is_said_in_a_sentence(study):
    with pytest.raises(DyadflowError, match="no test snippet that a scoring coder of protocol corrected coded"):
        study.add(tabulate(TESTED)).evaluate(coders=["nobody"])
    with pytest.raises(DyadflowError, match="session a has the snippet at frame 0 twice"):
        Study(study.folder).add(tabulate(TESTED) + tabulate(TESTED[:1])).evaluate()


def test_the_tables_have_their_columns_and_are_written_twice_the_same(study):
    study.add(tabulate(TESTED) + tabulate(VALIDATED, "validation"))
    columns = [list(table.columns) for table in study.evaluate()]
    before = [path.read_bytes() for path in sorted((study.folder / "out").iterdir())]
    study.evaluate()
    assert before == [path.read_bytes() for path in sorted((study.folder / "out").iterdir())]
    assert columns[0] == [
        "protocol", "target", "stream", "model", "empirical_probability", "scored_probability",
        "validation_accuracy", "validation_f1", "test_accuracy", "test_accuracy_low", "test_accuracy_high",
        "test_f1", "test_f1_low", "test_f1_high", "bound_accuracy", "bound_f1", "difference", "difference_low",
        "difference_high", "wins", "dyads", "snippets", "codings", "p", "p_holm"]
    assert columns[1] == ["protocol", "stream", "model", "target", "rater_a", "rater_b", "percent", "kappa",
                          "kappa_low", "kappa_high", "snippets", "dyads"]
    assert columns[2] == ["protocol", "stream", "model", "target", "human", "machine", "pairs_human",
                          "pairs_machine"]
