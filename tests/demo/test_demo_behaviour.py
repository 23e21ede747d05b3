"""What was planted in the infants' and caregivers' behaviour is found again in many simulated sessions."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from dyadflow.demo.behaviour import (
    CAREGIVER_CODES,
    INFANT_CODES,
    MEAN_DWELL_S,
    MIN_DWELL_S,
    STILL_FACE,
    simulate_session,
)
from dyadflow.demo.dyads import SESSIONS, describe_dyad
from dyadflow.demo.settings import DemoSettings

SETTINGS = DemoSettings()


@pytest.fixture(scope="module")
def sessions():
    return [simulate_session(f"test-{number}", SETTINGS) for number in range(300)]


def phase_shares(sessions, role, phase):
    """Share of the phase's time that each code takes, by cutting every bout to the phase."""
    time_s = Counter()
    for session in sessions:
        span = next(bout for bout in session.phases if bout.code == phase)
        for bout in getattr(session, role):
            overlap_s = min(bout.offset_s, span.offset_s) - max(bout.onset_s, span.onset_s)
            time_s[bout.code] += max(overlap_s, 0.0)
    return {code: spent / sum(time_s.values()) for code, spent in time_s.items()}


def test_a_session_depends_on_its_name_and_the_seed_alone():
    assert simulate_session("d03", SETTINGS) == simulate_session("d03", DemoSettings())
    assert simulate_session("d03", SETTINGS) != simulate_session("d04", SETTINGS)
    assert simulate_session("d03", SETTINGS) != simulate_session("d03", DemoSettings(seed=2))
    assert simulate_session("d03", SETTINGS).dyad == simulate_session("d03", DemoSettings(seed=2)).dyad


def test_bouts_touch_fill_the_recording_and_have_whole_milliseconds(sessions):
    for session in sessions:
        for role, codes in (("infant", INFANT_CODES), ("caregiver", CAREGIVER_CODES)):
            bouts = getattr(session, role)
            assert bouts[0].onset_s == 0.0
            assert bouts[-1].offset_s == pytest.approx(session.duration_s, abs=1e-3)
            for before, after in pairwise(bouts):
                assert before.offset_s == after.onset_s
                assert before.code != after.code
            for bout in bouts:
                assert bout.code in codes
                assert bout.duration_s > 0
                assert round(bout.onset_s, 3) == bout.onset_s


def test_the_four_phases_follow_each_other_with_unequal_lengths(sessions):
    lengths = np.array([[phase.duration_s for phase in session.phases] for session in sessions])
    assert [phase.code for phase in sessions[0].phases] == ["play", "turn-away", STILL_FACE, "reunion"]
    assert all(phase.offset_s < session.duration_s for session in sessions for phase in session.phases)
    # 60 s times the share of each phase, jittered evenly by up to 12 %: standard deviation 0.12 / sqrt(3).
    means = 60.0 * np.array([0.35, 0.065, 0.26, 0.285])
    assert lengths.mean(0) == pytest.approx(means, rel=0.02)
    assert lengths.std(0) == pytest.approx(means * 0.12 / np.sqrt(3), rel=0.15)
    durations = {simulate_session(name, SETTINGS).frames for name in SESSIONS}
    assert len(durations) > 6


def test_bouts_that_nothing_cut_short_have_the_planted_mean_length(sessions):
    lengths = {code: [] for code in ("Ineu", "Inon", "Ipos")}
    for session in sessions:
        play = session.phases[0]
        for bout in session.infant[1:-1]:
            # A bout is kept by when it begins, so that long ones are not left out.
            if bout.code in lengths and play.onset_s <= bout.onset_s < play.offset_s:
                lengths[bout.code].append(bout.duration_s)
    for code, found in lengths.items():
        assert len(found) > 300
        assert np.mean(found) == pytest.approx(MEAN_DWELL_S[code], rel=0.08)
        assert min(found) >= MIN_DWELL_S - 1e-3
        # A gamma of shape 3 above the minimum, widened a little by the dyads' tempo; a Markov process has 1.
        excess = np.array(found) - MIN_DWELL_S
        assert np.std(excess) / np.mean(excess) == pytest.approx(1 / np.sqrt(3), abs=0.07)


def test_in_the_still_face_the_caregiver_is_neutral_and_the_infant_more_negative(sessions):
    play, still = (phase_shares(sessions, "caregiver", phase) for phase in ("play", STILL_FACE))
    assert still["Cneu"] > 0.65 > 0.4 > play["Cneu"]
    assert still["Cpvc"] + still["Cpos"] < 0.2 < play["Cpvc"] + play["Cpos"]

    negative = {
        phase: sum(phase_shares(sessions, "infant", phase).get(code, 0) for code in ("Ipro", "Iwit"))
        for phase in ("play", STILL_FACE, "reunion")
    }
    assert negative[STILL_FACE] > negative["reunion"] > negative["play"]


def test_the_caregiver_answers_a_smile_with_a_smile(sessions):
    begun = {"Ipos": Counter(), "Ineu": Counter()}
    for session in sessions:
        for bout in session.caregiver[1:]:
            if session.phases[0].onset_s < bout.onset_s < session.phases[0].offset_s:
                infant = next(one for one in session.infant if one.onset_s <= bout.onset_s < one.offset_s)
                if infant.code in begun:
                    begun[infant.code][bout.code] += 1
    share = {code: counts["Cpos"] / counts.total() for code, counts in begun.items()}
    assert share["Ipos"] > 1.3 * share["Ineu"]


def test_a_protest_seldom_turns_into_a_smile(sessions):
    followed = Counter(
        (first.code, second.code) for session in sessions for first, second in pairwise(session.infant)
    )
    after = {code: sum(count for pair, count in followed.items() if pair[0] == code) for code in INFANT_CODES}
    assert followed["Ipro", "Ipos"] / after["Ipro"] < 0.4 * followed["Ineu", "Ipos"] / after["Ineu"]


def test_rare_codes_occur_here_and_there_in_the_study_itself():
    study = [simulate_session(name, SETTINGS) for name in SESSIONS]
    having = Counter(
        code
        for session in study
        for code in {bout.code for role in ("infant", "caregiver") for bout in getattr(session, role)}
    )
    for code in ("Iusc", "Cusc", "Cnon", "Islp"):
        assert having[code] >= 1
    for code in ("Ineu", "Inon", "Ipos", "Cneu", "Cpvc", "Cpos"):
        assert having[code] >= 10


def test_dyads_differ_more_when_the_spread_between_them_is_larger():
    def spread_of_smiles(settings):
        shares = [phase_shares([simulate_session(f"x{n}", settings)], "infant", "play") for n in range(40)]
        return np.std([share.get("Ipos", 0.0) for share in shares])

    alike = DemoSettings(dyad_spread=0.0, duration_s=600.0)
    assert spread_of_smiles(DemoSettings(dyad_spread=0.7, duration_s=600.0)) > 1.5 * spread_of_smiles(alike)


def test_covariates_of_a_dyad_are_plausible_and_both_groups_are_there():
    dyads = [describe_dyad(name) for name in SESSIONS]
    assert {dyad.group for dyad in dyads} == {"control", "anxiety"}
    assert all(2.0 <= dyad.infant_age_months <= 8.0 for dyad in dyads)
