"""Engagement shows in motion and in no single frame."""

from dataclasses import replace

import numpy as np
import pytest

from dyadflow.demo.bouts import Bout
from dyadflow.demo.play.behaviour import NO, YES, simulate_play
from dyadflow.demo.play.motion import MOVERS, RHYTHM_HZ, move
from dyadflow.demo.play.recording import Stage
from dyadflow.demo.play.settings import PlaySettings

SETTINGS = PlaySettings()
#: Small pictures, so that many are painted quickly: 104 x 80, halved to the 52 x 40 that the demo's network sees.
SMALL = PlaySettings(height_px=80)
#: Frames of the recording from one frame of the network to the next.
STEP = 4


def settled(session, part, tasks=None, margin_s=1.0):
    """For each frame 1 in a bout of yes, 0 in one of no, NaN near its ends and outside the tasks (all, or those)."""
    times_s = (np.arange(session.frames) + 0.5) / session.rate_hz
    states = np.full(session.frames, np.nan)
    for bout in session.moving[part]:
        inside = (times_s > bout.onset_s + margin_s) & (times_s < bout.offset_s - margin_s)
        states[inside] = bout.code == YES
    played = [(times_s > task.onset_s) & (times_s < task.offset_s) for task in tasks or session.tasks]
    states[~np.any(played, axis=0)] = np.nan
    return states


@pytest.fixture(scope="module")
def moved():
    sessions = [simulate_play(f"test-{number}", SETTINGS) for number in range(250)]
    return [(session, move(session, SETTINGS)) for session in sessions]


@pytest.mark.parametrize("part", ["arm", "head"])
@pytest.mark.parametrize("state", [0, 1])
def test_every_place_on_the_path_is_equally_likely_whatever_the_infant_does(moved, part, state):
    rng = np.random.default_rng(0)
    places = []
    for session, angles in moved:
        frames = np.flatnonzero(settled(session, part) == state)
        places.append(angles[part][rng.choice(frames)])
    # Of angles drawn evenly from the circle, 2 n |mean vector|^2 follows chi-squared with 2 degrees of freedom
    # (Rayleigh's test); the same for the doubled angles, which tell a shorter path from a longer one.
    for angles in (np.array(places), 2 * np.array(places)):
        assert 2 * len(places) * np.abs(np.exp(1j * angles).mean()) ** 2 < 13.8


@pytest.mark.parametrize("part", ["arm", "head"])
def test_between_two_frames_of_the_network_a_moving_part_goes_on_and_a_resting_one_stays(moved, part):
    steps = {0: [], 1: []}
    for session, angles in moved[:80]:
        states = settled(session, part)[::STEP]
        rounds = np.abs(np.diff(angles[part][::STEP])) / (2 * np.pi)
        for state in (0, 1):
            steps[state].append(rounds[(states[1:] == state) & (states[:-1] == state)])
    resting, going = (np.concatenate(steps[state]) for state in (0, 1))
    # Never a whole round, nor half of one: neither would look like movement.
    assert (going > 0.12).all()
    assert (going < 0.46).all()
    assert np.mean(resting < 0.01) > 0.6
    low, high = (hz * STEP / SETTINGS.rate_hz for hz in RHYTHM_HZ)
    assert np.mean(going) == pytest.approx((low + high) / 2, rel=0.05)


def test_a_resting_part_takes_many_postures_within_a_session(moved):
    session, _ = moved[0]
    resting = replace(
        session, moving={part: (Bout(NO, 0.0, session.duration_s),) for part in session.moving}
    )
    angles = move(resting, SETTINGS)["arm"][::STEP] % (2 * np.pi)
    assert len(set(np.round(angles, 1).tolist())) > 20


def test_the_adults_move_in_the_same_way_whatever_the_infant_does(moved):
    session, angles = moved[1]
    other = replace(session, moving={part: (Bout(YES, 0.0, session.duration_s),) for part in session.moving})
    again = move(other, SETTINGS)
    for mover in MOVERS:
        assert (mover in session.moving) != np.array_equal(again[mover], angles[mover])
        if mover not in session.moving:
            assert np.ptp(angles[mover]) > 2 * np.pi


def test_an_attending_head_takes_up_the_experimenters_tempo_and_not_their_place(moved):
    lags = []
    for session, _ in moved[:120]:
        attending = replace(
            session, moving=session.moving | {"head": (Bout(YES, 0.0, session.duration_s),)}
        )
        angles = move(attending, SETTINGS)
        gone = {mover: angles[mover][-1] - angles[mover][0] for mover in ("head", "experimenter")}
        assert gone["head"] == pytest.approx(gone["experimenter"], rel=0.08)
        lags.append(angles["head"][0] - angles["experimenter"][0])
    assert 2 * len(lags) * np.abs(np.exp(1j * np.array(lags)).mean()) ** 2 < 13.8


@pytest.fixture(scope="module")
def pictures():
    """From many sessions the grey picture, and the change to the next, at moments of settled states."""
    rng = np.random.default_rng(1)
    rows = {"arm": [], "head": []}
    for number in range(70):
        session = simulate_play(f"painted-{number}", SMALL)
        stage = Stage(session, SMALL)
        for part, found in rows.items():
            for task in session.tasks:
                states = settled(session, part, [task])[:-STEP]
                # Both states from the same task: what lies on the table tells how likely engagement is.
                for state in (0, 1) if {0, 1} <= set(states.tolist()) else ():
                    frame = rng.choice(np.flatnonzero(states == state))
                    now, later = (grey(stage.paint(frame + shift)) for shift in (0, STEP))
                    found.append((number, state, now, np.abs(later - now)))
    return rows


def grey(picture):
    """A painted picture as the network's 52 x 40, without colour."""
    return picture.mean(2).reshape(40, 2, 52, 2).mean((1, 3))


#: Where arm and head are in the 52 x 40 pictures: rows, columns.
REGIONS = {"arm": (slice(10, 31), slice(21, 41)), "head": (slice(6, 24), slice(11, 31))}


@pytest.mark.parametrize("part", ["arm", "head"])
def test_single_pictures_do_not_tell_engagement_and_pairs_of_them_do(pictures, part):
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    sessions, states, now, change = zip(*pictures[part], strict=True)
    states, region = np.array(states), (slice(None), *REGIONS[part])
    single = np.stack(now)[region].reshape(len(states), -1)
    change = np.stack(change)[region].reshape(len(states), -1)
    learner = make_pipeline(StandardScaler(), PCA(20, random_state=0), LogisticRegression())
    folds = GroupKFold(5)
    chance = 4 * np.sqrt(0.25 / len(states))
    assert abs(cross_val_score(learner, single, states, groups=sessions, cv=folds).mean() - 0.5) < chance
    # One pair of pictures: a resting hand may hop just then, a moving one turn back.
    energy = np.log(change.mean(1, keepdims=True) + 0.1)
    assert cross_val_score(learner[-1:], energy, states, groups=sessions, cv=folds).mean() > 0.75
