"""Guards the agreement of two coders at every shift: the same numbers as counted one shift at a time."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from dyadflow.annotations.doctor.alignment import align
from dyadflow.annotations.doctor.lags import LEAST_COMMON_S, agree_by_lag, kappa_at
from dyadflow.annotations.doctor.timeline import MOST_MOMENTS, NOTHING, STEP_S, Timeline, draw_timeline, step_for
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary


def table(*rows):
    """Segments of one coder of one session: tier, code, onset, offset."""
    return Segments.from_rows(
        {"session": "s01", "coder": "anna", "tier": tier, "code": code, "onset_s": on, "offset_s": off}
        for tier, code, on, off in rows
    ).table


def held(timeline, tier, code, vocabulary):
    """Times of the moments that have a code."""
    number = vocabulary.terms(tier).codes.index(code)
    return [(timeline.start + n + 0.5) * timeline.step_s for n in np.flatnonzero(timeline.codes[tier] == number)]


def test_a_moment_has_the_code_of_the_segment_that_holds_it(vocabulary):
    line = draw_timeline(table(("infant", "Ipos", -0.5, 0.5), ("infant", "Ineu", 0.5, 1.2)), vocabulary)
    assert held(line, "infant", "Ipos", vocabulary) == [-0.375, -0.125, 0.125, 0.375]
    # 1.125 is before the end, 1.375 is not.
    assert held(line, "infant", "Ineu", vocabulary) == [0.625, 0.875, 1.125]
    assert (line.codes["infant"] == NOTHING).sum() == len(line.codes["infant"]) - 7


def test_a_coder_without_a_segment_that_lasts_has_no_timeline(vocabulary):
    assert draw_timeline(table(("infant", "Ipos", 1.0, 1.0)), vocabulary) is None


def test_what_presence_leaves_open_inside_a_phase_is_coded_too(guided_play):
    vocabulary = Vocabulary.of(guided_play)
    rows = [("task_engagement", "yes", 2.0, 3.0)]
    own = draw_timeline(table(("phase", "dolls", 1.0, 4.0), *rows), vocabulary)
    sheet = draw_timeline(table(*rows, ("task_engagement", "yes", 4.0, 4.5)), vocabulary, phases=[["dolls", 1.0, 4.0]])
    for line in (own, sheet):
        assert held(line, "task_engagement", "yes", vocabulary)[:4] == [2.125, 2.375, 2.625, 2.875]
        no = held(line, "task_engagement", "no", vocabulary)
        # Nothing is known of it before the coder's first segment, where the phases are the sheet's.
        assert no == [time for time in np.arange(1.125, 4.0, 0.25) if not 2 < time < 3 and (line is own or time > 2)]


def test_codes_that_may_overlap_are_told_one_by_one(icep_r):
    scheme = icep_r.model_dump()
    scheme["tiers"]["infant"]["exclusive"] = False
    vocabulary = Vocabulary.of(type(icep_r).model_validate(scheme))
    line = draw_timeline(table(("infant", "Ipos", 0.0, 1.0), ("infant", "Ineu", 0.5, 2.0)), vocabulary)
    assert line.codes["infant: Ipos"].tolist()[:8] == [1, 1, 1, 1, 0, 0, 0, 0]
    assert line.codes["infant: Ineu"].tolist()[:8] == [0, 0, 1, 1, 1, 1, 1, 1]


def test_a_very_long_session_gets_a_coarser_grid():
    assert step_for([table(("infant", "Ipos", 0.0, 3600.0))]) == STEP_S
    longest = 10 * 3600.0
    step_s = step_for([table(("infant", "Ipos", 0.0, longest)), table(("infant", "Ipos", 0.0, 9.0))])
    assert step_s == 2.0 and longest / step_s <= MOST_MOMENTS < 2 * longest / step_s


def random_timeline(rng, *, start, moments, tiers=("x",), codes=3):
    """Random codes with holes, in runs of a few moments."""
    lengths = rng.integers(1, 9, moments)
    return Timeline(start, STEP_S, {
        tier: np.repeat(rng.integers(NOTHING, codes, moments), lengths)[:moments].astype(np.int16) for tier in tiers
    })


def one_by_one(first, second, lag):
    """Moments that both coded, of each tier, with the second moved back by a lag."""
    counts = []
    for tier in first.codes:
        one = {first.start + n: code for n, code in enumerate(first.codes[tier]) if code != NOTHING}
        other = {second.start + n - lag: code for n, code in enumerate(second.codes[tier]) if code != NOTHING}
        counts.append([(one[moment], other[moment]) for moment in one.keys() & other.keys()])
    return counts


@pytest.mark.parametrize("seed", range(5))
def test_kappa_at_each_lag_is_that_of_statsmodels(seed):
    rng = np.random.default_rng(seed)
    first, second = (random_timeline(rng, start=start, moments=count) for start, count in ((0, 200), (-30, 260)))
    curve = agree_by_lag(first, second, ["x"])
    checked = 0
    for lag, kappa in zip(curve.lags, curve.kappa, strict=True):
        (pairs,) = one_by_one(first, second, lag)
        if np.isfinite(kappa):
            expected = cohens_kappa(pd.crosstab(*zip(*pairs, strict=True)).reindex(
                index=range(3), columns=range(3), fill_value=0)).kappa
            assert kappa == pytest.approx(expected, abs=1e-12)
            assert len(pairs) * STEP_S >= LEAST_COMMON_S
            checked += 1
    assert checked > 100
    assert kappa_at(first, second, ["x"]) == pytest.approx(curve.at(0), abs=1e-12)


def test_tiers_are_put_together_before_the_quotient():
    rng = np.random.default_rng(7)
    first, second = (random_timeline(rng, start=0, moments=150, tiers=("x", "y")) for _ in range(2))
    both = same = chance = 0.0
    for pairs in one_by_one(first, second, 0):
        one, other = np.array(pairs).T
        both, same = both + len(one), same + (one == other).sum()
        chance += sum((one == code).mean() * (other == code).mean() for code in range(3)) * len(one)
    expected = (same - chance) / (both - chance)
    assert kappa_at(first, second, ["x", "y"]) == pytest.approx(expected, abs=1e-12)
    assert agree_by_lag(first, second, ["x", "y"]).at(0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("by_s", [-30.0, -2.25, 0.0, 5.0, 40.0])
def test_a_moved_copy_is_found_where_it_was_moved_to(by_s):
    line = random_timeline(np.random.default_rng(3), start=8, moments=400, tiers=("x", "y"))
    found = align(line, line.moved(by_s))
    assert found.shift_s == pytest.approx(by_s, abs=0.05) and found.kappa == pytest.approx(1.0)
    assert found.tells and found.shifted == (by_s != 0)


def test_coders_with_little_in_common_say_nothing_of_each_other():
    rng = np.random.default_rng(5)
    short = random_timeline(rng, start=0, moments=30)
    assert align(short, short) is None
    assert np.isnan(kappa_at(short, short, ["x"]))
    one, other = (random_timeline(rng, start=0, moments=300, tiers=(tier,)) for tier in "xy")
    assert align(one, other) is None
    strangers = align(one, random_timeline(rng, start=0, moments=300))
    assert not strangers.tells and not strangers.shifted


def test_a_small_gain_counts_if_it_comes_from_the_whole_of_a_long_session():
    # Bouts of about 20 s: moved by 1 s, not much of kappa is lost.
    rng = np.random.default_rng(9)
    long = np.repeat(rng.integers(0, 3, 400), rng.integers(40, 121, 400)).astype(np.int16)
    line = Timeline(0, STEP_S, {"x": long})
    late = line.moved(1.0)
    found = align(line, late)
    assert found.kappa - found.kappa_as_is < 0.1 and found.shifted
    part = Timeline(0, STEP_S, {"x": long[:480]})
    assert not align(part, part.moved(1.0)).shifted
