"""What was planted in the infants' engagement is found again in many simulated sessions."""

from itertools import pairwise

import numpy as np
import pytest

from dyadflow.demo.play.behaviour import NO_SIGNAL, TASKS, VARIABLES, YES, YES_SHARE, simulate_play
from dyadflow.demo.play.dyads import BLOCKS, SESSIONS, describe_dyad
from dyadflow.demo.play.settings import PlaySettings

SETTINGS = PlaySettings()


@pytest.fixture(scope="module")
def sessions():
    return [simulate_play(f"test-{number}", SETTINGS) for number in range(500)]


def span(session, task):
    return next(bout for bout in session.tasks if bout.code == task)


def holds(bouts, time_s):
    return next(bout for bout in bouts if bout.onset_s <= time_s < bout.offset_s).code == YES


def yes_share(session, task, variable):
    """Share of the task's time that is yes."""
    time_s = {True: 0.0, False: 0.0}
    here = span(session, task)
    for bout in session.engaged[variable]:
        overlap_s = min(bout.offset_s, here.offset_s) - max(bout.onset_s, here.onset_s)
        time_s[bout.code == YES] += max(overlap_s, 0.0)
    return time_s[True] / sum(time_s.values())


def test_a_session_depends_on_its_name_and_the_seed_alone():
    assert simulate_play("p03", SETTINGS) == simulate_play("p03", PlaySettings())
    assert simulate_play("p03", SETTINGS) != simulate_play("p04", SETTINGS)
    assert simulate_play("p03", SETTINGS) != simulate_play("p03", PlaySettings(seed=2))
    assert simulate_play("p03", SETTINGS).dyad == simulate_play("p03", PlaySettings(seed=2)).dyad


def test_three_tasks_of_about_half_a_minute_with_pauses_between(sessions):
    for session in sessions:
        assert tuple(task.code for task in session.tasks) == TASKS
        edges = [0.0, *(edge for task in session.tasks for edge in (task.onset_s, task.offset_s)), session.duration_s]
        lengths = np.diff(edges)
        assert ((lengths[1::2] >= 30.0) & (lengths[1::2] <= 36.0)).all()
        assert (lengths[0::2] > 3.0).all()
        assert 100 <= session.duration_s <= 130
    assert len({session.frames for session in sessions}) > 50


def test_bouts_touch_alternate_and_fill_the_recording(sessions):
    for session in sessions:
        for bouts in (*session.engaged.values(), *session.moving.values()):
            assert bouts[0].onset_s == 0.0
            assert bouts[-1].offset_s == pytest.approx(session.duration_s, abs=1e-3)
            for before, after in pairwise(bouts):
                assert before.offset_s == after.onset_s
                assert before.code != after.code


@pytest.mark.parametrize(("task", "variable"), list(YES_SHARE))
def test_engagement_has_the_planted_probability_at_every_moment_of_a_task(sessions, task, variable):
    planted = YES_SHARE[task, variable]
    shares = [yes_share(session, task, variable) for session in sessions]
    assert np.mean(shares) == pytest.approx(planted, abs=0.015)
    # Dyads spread about it by the planted log odds; the logistic curve's slope is p (1 - p).
    assert np.std(shares) == pytest.approx(SETTINGS.dyad_spread * planted * (1 - planted), rel=0.15)
    for place in (0.02, 0.5, 0.98):
        found = [
            holds(session.engaged[variable], span(session, task).onset_s + place * span(session, task).duration_s)
            for session in sessions
        ]
        assert np.mean(found) == pytest.approx(planted, abs=4 * np.sqrt(0.25 / len(sessions)))


def test_bouts_last_long_enough_that_most_snippets_are_of_one_kind(sessions):
    pure = total = 0
    for session in sessions[:150]:
        for task in session.tasks:
            for variable in VARIABLES:
                edges = np.array([bout.onset_s for bout in session.engaged[variable]])
                for onset_s in np.arange(task.onset_s, task.offset_s - 4.8, 4.8):
                    crossed = edges[(edges > onset_s) & (edges < onset_s + 4.8)]
                    # Nearly pure: at least nine tenths of the 4.8 s.
                    pure += all(min(edge - onset_s, onset_s + 4.8 - edge) < 0.48 for edge in crossed)
                    total += 1
    assert pure / total > 0.55


def test_the_two_kinds_of_engagement_know_nothing_of_each_other(sessions):
    for task in TASKS:
        times_s = [span(session, task).onset_s + 0.5 * span(session, task).duration_s for session in sessions]
        states = np.array(
            [[holds(session.engaged[v], t) for v in VARIABLES] for session, t in zip(sessions, times_s, strict=True)]
        )
        assert abs(np.corrcoef(states.T.astype(float))[0, 1]) < 4 / np.sqrt(len(sessions))


def test_movement_follows_engagement_but_for_the_one_target_without_signal(sessions):
    agreeing = {}
    for session in sessions:
        for task in TASKS:
            here = span(session, task)
            for part, variable in (("arm", "task_engagement"), ("head", "social_engagement")):
                for place in (0.1, 0.9):
                    time_s = here.onset_s + place * here.duration_s
                    states = holds(session.engaged[variable], time_s), holds(session.moving[part], time_s)
                    agreeing.setdefault((task, variable), []).append(states)
    for target, states in agreeing.items():
        if target != NO_SIGNAL:
            assert all(coded == shown for coded, shown in states)
            continue
        coded, shown = np.array(states, dtype=float).T
        assert np.mean(shown) == pytest.approx(YES_SHARE[target], abs=0.05)
        # Dyads who are more often engaged than others also move more; within a dyad nothing is shared, and the
        # spread between dyads is too small to correlate moments by more than a few hundredths.
        assert abs(np.corrcoef(coded, shown)[0, 1]) < 4 / np.sqrt(len(sessions))


def test_dyads_differ_more_when_the_spread_between_them_is_larger():
    def spread(settings):
        return np.std([yes_share(simulate_play(f"x{n}", settings), "drum", "task_engagement") for n in range(60)])

    assert spread(PlaySettings(dyad_spread=0.8)) > 1.8 * spread(PlaySettings(dyad_spread=0.3))
    assert spread(PlaySettings(dyad_spread=0.0)) < 0.005


def test_the_second_experimenter_occurs_in_every_block_and_at_least_five_times():
    dyads = [describe_dyad(name) for name in SESSIONS]
    assert len(SESSIONS) == 12 == len({dyad.name for dyad in dyads})
    assert sum(dyad.experimenter == "2" for dyad in dyads) >= 5
    for block, sessions in BLOCKS.items():
        assert len(sessions) == 3
        assert {describe_dyad(name).experimenter for name in sessions} == {"1", "2"}
        assert {describe_dyad(name).block for name in sessions} == {block}
    assert all(13.0 <= dyad.infant_age_months <= 15.0 for dyad in dyads)
    assert {dyad.infant_sex for dyad in dyads} == {"female", "male"}


def test_a_session_of_no_study_can_be_made_too():
    assert describe_dyad("q01").block == ""
    assert simulate_play("q01", SETTINGS).frames > 0
