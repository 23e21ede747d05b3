"""The three coders: near the truth and each other, by as much as was planted."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from dyadflow.agreement.clock import compare_on_clock
from dyadflow.annotations.importing import import_coding
from dyadflow.annotations.labels import label_spec
from dyadflow.annotations.scheme import PHASE_TIER, read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary
from dyadflow.demo.bouts import Bout
from dyadflow.demo.play.behaviour import NO, VARIABLES, YES, PlaySession, simulate_play
from dyadflow.demo.play.coders import CODERS, USUAL_BOUT_S, code_play, coders_of
from dyadflow.demo.play.dyads import BLOCKS, SESSIONS, describe_dyad
from dyadflow.demo.play.planted import planted_agreement
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.play.write import coding_file_name, make_play_coding
from dyadflow.errors import DyadflowError

SETTINGS = PlaySettings()
SCHEME = Path(__file__).parents[2] / "config" / "schemes" / "guided-play.yaml"


@pytest.fixture(scope="module")
def scheme():
    return read_scheme(SCHEME)


@pytest.fixture(scope="module")
def planted(scheme):
    return planted_agreement(SETTINGS, scheme, dyads=100)


def alternating(name, length_s, bouts_a_task=60):
    """A session whose infant is engaged and not in turn, each for the same time, in three long tasks."""
    task_s = length_s * bouts_a_task
    tasks = tuple(Bout(task, 10 + n * (task_s + 10), 10 + n * (task_s + 10) + task_s)
                  for n, task in enumerate(("dolls", "shaker", "drum")))
    bouts, time_s = [Bout(NO, 0.0, 10.0)], 10.0
    for task in tasks:
        for number in range(bouts_a_task):
            bouts.append(Bout((YES, NO)[number % 2], time_s, time_s + length_s))
            time_s += length_s
        bouts[-1] = Bout(bouts[-1].code, bouts[-1].onset_s, task.offset_s + 10)
        time_s = task.offset_s + 10
    engaged = {variable: tuple(bouts) for variable in VARIABLES}
    return PlaySession(name, describe_dyad(name), int(time_s * 12.5), 12.5, tasks, engaged, {})


def test_each_coder_marks_own_spans_that_meet_in_about_94_percent():
    ratios = []
    for number in range(150):
        session = simulate_play(f"t{number}", SETTINGS)
        tables = {coder: code_play(session, coder, seed=1).select(tier=PHASE_TIER).table for coder in CODERS}
        assert all(list(table.code) == [task.code for task in session.tasks] for table in tables.values())
        groups = [tuple(CODERS), *combinations(CODERS, 2)]
        for group, weight in zip(groups, (3, 3, 3, 3), strict=True):
            onsets, offsets = (np.stack([tables[c][column] for c in group]) for column in ("onset_s", "offset_s"))
            ratio = (offsets.min(0) - onsets.max(0)) / (offsets.max(0) - onsets.min(0))
            ratios += ratio.tolist() * weight
    assert np.mean(ratios) == pytest.approx(0.94, abs=0.01)


def test_only_yes_is_marked_and_only_inside_the_coders_own_spans():
    for number in range(25):
        session = simulate_play(f"t{number}", SETTINGS)
        for coder in CODERS:
            coded = code_play(session, coder, seed=SETTINGS.seed)
            spans = coded.select(tier=PHASE_TIER).table
            assert spans.onset_s.min() > 0 and spans.offset_s.max() < session.duration_s
            for variable in VARIABLES:
                table = coded.select(tier=variable).table
                assert set(table.code) <= {YES}
                assert (table.onset_s.to_numpy()[1:] >= table.offset_s.to_numpy()[:-1]).all()
                for row in table.itertuples():
                    assert ((spans.onset_s <= row.onset_s) & (row.offset_s <= spans.offset_s)).sum() == 1


def test_boundaries_are_moved_by_the_planted_spread_and_delay():
    for coder, habits in CODERS.items():
        shifts = []
        for number in range(8):
            # Bouts of 40 s are misjudged half as often as usual, and not one of them is missed.
            session = alternating(f"long-{number}", 40.0)
            edges = np.array([bout.onset_s for bout in session.engaged["task_engagement"]])
            table = code_play(session, coder, seed=1).select(tier="task_engagement").table
            found = np.concatenate([table.onset_s, table.offset_s])
            inner = [edge for task in session.tasks for edge in edges
                     if task.onset_s + 5 < edge < task.offset_s - 5]
            nearest = found[np.abs(found[None] - np.array(inner)[:, None]).argmin(1)] - inner
            shifts.extend(nearest[np.abs(nearest) < 10])
        assert len(shifts) > 900
        assert np.mean(shifts) == pytest.approx(habits.delay_s, abs=0.09)
        assert np.std(shifts) == pytest.approx(habits.jitter_sd_s, rel=0.08)


@pytest.mark.parametrize("coder", list(CODERS))
def test_bouts_are_misjudged_with_the_planted_probability(coder):
    wrong = {YES: [], NO: []}
    for number in range(12):
        session = alternating(f"usual-{number}", USUAL_BOUT_S)
        table = code_play(session, coder, seed=1).select(tier="social_engagement").table
        for bout in session.engaged["social_engagement"]:
            middle_s = (bout.onset_s + bout.offset_s) / 2
            if any(task.onset_s < middle_s < task.offset_s for task in session.tasks):
                marked = ((table.onset_s <= middle_s) & (middle_s < table.offset_s)).any()
                wrong[bout.code].append(marked != (bout.code == YES))
    for code, probability in ((YES, CODERS[coder].strict), (NO, CODERS[coder].lenient)):
        assert len(wrong[code]) > 1000
        assert np.mean(wrong[code]) == pytest.approx(probability, abs=0.022)


def test_planted_agreement_lies_where_the_papers_coders_were(planted):
    assert set(planted) == {("A", "B"), ("A", "C"), ("B", "C")}
    assert all(0.6 <= one.kappa <= 0.7 for one in planted.values())
    assert all(80 <= one.percent <= 85 for one in planted.values())


def test_agreement_found_in_the_files_agrees_with_the_planted_one(tmp_path, scheme, planted):
    vocabulary, parts, kinds = Vocabulary.of(scheme), [], {}
    for session in SESSIONS:
        for coder in coders_of(session):
            path = tmp_path / coding_file_name(session, coder)
            make_play_coding(session, coder, settings=SETTINGS, path=path)
            segments, issues = import_coding(path, session=session, coder=coder, vocabulary=vocabulary)
            assert {issue.rule for issue in issues.rows} == {"ignored_tier"}
            parts.append(segments)
            kinds[session, coder] = "human"
    found = compare_on_clock(Segments.concat(parts), label_spec(scheme), {name: name for name in SESSIONS}, kinds)
    overall = found[(found.phase == "all") & (found.tier == "all")]
    assert len(overall) == 3
    for row in overall.itertuples():
        truth = planted[row.coder_a, row.coder_b]
        assert row.dyads == 6
        assert row.kappa_low < truth.kappa < row.kappa_high
        assert row.percent_low < truth.percent < row.percent_high


def test_the_design_gives_every_coder_a_block_held_out():
    assert all(coders_of(session) == ("A", "B", "C") for session in BLOCKS["pilot"])
    held_out = {}
    for block in ("1", "2", "3"):
        found = {coders_of(session) for session in BLOCKS[block]}
        assert len(found) == 1 and len(next(iter(found))) == 2
        held_out[block] = set(CODERS) - set(next(iter(found)))
    assert sorted(next(iter(coder)) for coder in held_out.values()) == sorted(CODERS)
    with pytest.raises(DyadflowError, match="nobody coded a session called 'x'"):
        coders_of("x")
