"""What follows within a window: by hand, by brute force, and against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import Table2x2

from dyadflow.behaviour.lags import LAG_COLUMNS, describe_two_by_two, tabulate_lags
from dyadflow.behaviour.settings import BehaviourSettings


def lagged(codings, scheme, **chosen):
    return tabulate_lags(codings, scheme, BehaviourSettings(**chosen))


def test_responses_by_hand(plain, gather, only):
    # The parent laughs at 12, 20.5 and 31, is out of the picture from 40 to 44, and coded until 50.
    rows = {("s1", "A"): [
        ("infant", "look", 0, 10), ("infant", "smile", 10, 18), ("infant", "look", 18, 20), ("infant", "smile", 20, 28),
        ("infant", "cry", 28, 38), ("infant", "smile", 38, 48), ("infant", "look", 48, 50),
        ("parent", "watch", 0, 12), ("parent", "laugh", 12, 15), ("parent", "watch", 15, 20.5),
        ("parent", "laugh", 20.5, 25), ("parent", "watch", 25, 31), ("parent", "laugh", 31, 33),
        ("parent", "watch", 33, 40), ("parent", "away", 40, 44), ("parent", "watch", 44, 50),
    ]}
    table = lagged(gather(plain, rows), plain)
    assert tuple(table.columns) == LAG_COLUMNS
    mine = table[(table.session == "s1") & (table.given_tier == "infant") & (table.target_tier == "parent")]
    assert set(mine.lag_from_s) == {0} and set(mine.lag_to_s) == {3}
    # Onsets whose 3 s are observed: smile at 10 and 20, look at 18, cry at 28. Look at 0 was under way when coding
    # began, 38 runs into what could not be seen, 48 over the end.
    row = only(mine, given_code="smile", target_code="laugh")
    assert (row.given, row.given_followed, row.others, row.others_followed) == (2, 2, 2, 2)
    assert (row.probability, row.base_probability) == (1, 1)
    # An onset 3 s later is in the window, one at the very moment is not.
    assert only(mine, given_code="cry", target_code="laugh").given_followed == 1
    assert only(mine, given_code="look", target_code="laugh").given_followed == 1
    watch = only(mine, given_code="smile", target_code="watch")
    assert (watch.given, watch.given_followed) == (2, 0)
    back = table[(table.session == "s1") & (table.given_tier == "parent") & (table.target_tier == "infant")]
    row = only(back, given_code="laugh", target_code="look")
    assert (row.given, row.given_followed) == (3, 0)
    assert only(back, given_code="watch", target_code="cry").given_followed == 1
    assert row.expected_below_5 == "yes"


def test_steps_of_all_sessions(plain, gather, only):
    rows = [("infant", "look", 0, 10), ("infant", "smile", 10, 30), ("parent", "watch", 0, 12.5),
            ("parent", "laugh", 12.5, 30)]
    table = lagged(gather(plain, {("s1", "A"): rows, ("s2", "A"): rows}), plain, lag_step_s=1, lag_max_s=4, lag_s=2.5)
    pooled = table[(table.session == "all") & (table.given_code == "smile") & (table.target_code == "laugh")]
    assert [*zip(pooled.lag_from_s, pooled.lag_to_s, strict=True)] == [(0, 2.5), (0, 1), (1, 2), (2, 3), (3, 4)]
    assert list(pooled.given) == [2] * 5 and list(pooled.given_followed) == [2, 0, 0, 2, 0]
    # Codes without an onset in a session have no row there, and one of all sessions.
    assert set(table[(table.session == "s1") & (table.given_tier == "infant")].given_code) == {"smile"}
    assert set(table[(table.session == "all") & (table.given_tier == "infant")].given_code) == {"cry", "look", "smile"}


def test_overlapping_codes_of_one_tier_answer_each_other_and_never_themselves(plain, gather, only):
    table = lagged(gather(plain, {("s1", "A"): [
        ("signs", "voice", 0, 20), ("signs", "touch", 5, 9), ("signs", "touch", 12, 14), ("signs", "voice", 21, 30)]}),
        plain)
    own = table[(table.session == "s1") & (table.given_tier == "signs") & (table.target_tier == "signs")]
    assert [*zip(own.given_code, own.target_code, strict=True)] == [("voice", "touch"), ("touch", "voice")]
    assert only(own, given_code="touch").given == 2


def test_two_people_coded_by_two_people(plain, gather, only):
    table = lagged(gather(plain, {
        ("s1", "A"): [("infant", "look", 0, 10), ("infant", "smile", 10, 30)],
        ("s1", "B"): [("parent", "watch", 0, 12), ("parent", "laugh", 12, 30)],
    }), plain)
    assert set(table.coder) == {"A+B", "B+A"}
    assert only(table, session="s1", given_code="smile", target_code="laugh").given_followed == 1


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_looking_at_every_onset(icep, gather, seed):
    rng = np.random.default_rng(seed)
    phases = [("play", 0.0, 20.0), ("turn-away", 20.0, 22.0), ("still-face", 22.0, 41.0), ("reunion", 41.0, 60.0)]
    rows = [("phase", *span) for span in phases]
    held = {}
    for tier in ("infant", "caregiver"):
        codes, time_s, held[tier] = [*icep.tiers[tier].codes], 0.0, []
        previous = ""
        while time_s < 60:
            if rng.random() < 0.1:
                time_s, previous = time_s + 1, ""
            code = str(rng.choice([code for code in codes if code != previous]))
            length_s = int(rng.integers(1, 12)) / 4
            held[tier].append((code, time_s, time_s + length_s))
            time_s, previous = time_s + length_s, code
        rows += [(tier, *row) for row in held[tier]]
    table = lagged(gather(icep, {("s1", "A"): rows}), icep)
    mine = table[(table.session == "s1")].set_index(["phase", "given_tier", "given_code", "target_tier", "target_code"])
    spans = {"all": [(0, 20), (22, 60)], "play": [(0, 20)], "still-face": [(22, 41)], "reunion": [(41, 60)]}
    unseen = {"Iusc", "Islp", "Cusc"}
    moments = np.arange(0, 60, 0.25)
    compared = 0
    for phase, stretches in spans.items():
        for tier, other in (("infant", "caregiver"), ("caregiver", "infant")):
            seen = np.array([any(a <= t < b for code, a, b in held[other] if code not in unseen) for t in moments])
            units = {}
            for code, onset_s, _ in held[tier]:
                if code in unseen:
                    continue
                inside = [span for span in stretches if span[0] < onset_s < span[1] and onset_s + 3 <= span[1]]
                if inside and seen[(moments >= onset_s) & (moments < onset_s + 3)].all():
                    follows = {c for c, a, _ in held[other] if onset_s < a <= onset_s + 3 and a < inside[0][1]}
                    units.setdefault(code, []).append(follows)
            total = sum(map(len, units.values()))
            for code, those in units.items():
                for target in icep.tiers[other].codes:
                    if target not in unseen:
                        row = mine.loc[phase, tier, code, other, target]
                        followed = sum(target in follows for follows in those)
                        every = sum(target in follows for many in units.values() for follows in many)
                        assert (row.given, row.given_followed) == (len(those), followed)
                        assert (row.others, row.others_followed) == (total - len(those), every - followed)
                        compared += 1
    assert compared == len(mine)


def test_indices_are_those_of_statsmodels():
    rng = np.random.default_rng(3)
    a, b, c, d = rng.integers(1, 30, (4, 40))
    found = describe_two_by_two(a, b, c, d)
    for number, cells in enumerate(zip(a, b, c, d, strict=True)):
        table = Table2x2(np.array(cells).reshape(2, 2), shift_zeros=False)
        assert found["odds_ratio"][number] == pytest.approx(table.oddsratio)
        assert found["yules_q"][number] == pytest.approx((table.oddsratio - 1) / (table.oddsratio + 1))
        assert found["expected"][number] == pytest.approx(table.fittedvalues[0, 0])
        assert found["adjusted_residual"][number] == pytest.approx(table.standardized_resids[0, 0])
        assert found["expected_below_5"][number] == ("yes" if table.fittedvalues.min() < 5 else "no")
    empty = describe_two_by_two(*np.array([[3, 0], [0, 0], [2, 0], [4, 0]]))
    assert np.isnan(empty["odds_ratio"]).all() and empty["yules_q"][0] == 1 and np.isnan(empty["yules_q"][1])
