"""Agreement by time unit with a tolerance: by hand, against a plain loop, and what may not change it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dyadflow.agreement.kappa import cohen_kappa, percent_agreement
from dyadflow.agreement.tolerance import tally_within

CODES = st.integers(1, 40).flatmap(
    lambda frames: st.tuples(*[arrays(np.int8, frames, elements=st.integers(-3, 2))] * 2))
REACHES = st.integers(0, 6)


def tally(a, b, reach, classes=3):
    """The table of one phase."""
    return tally_within(np.array(a, np.int8), np.array(b, np.int8), classes, reach, np.zeros(len(a), np.int64), 1)[0]


def plain_table(a, b, classes=3):
    """Frames that both coded, as without a tolerance."""
    table = np.zeros((classes, classes), int)
    both = (a >= 0) & (b >= 0)
    np.add.at(table, (a[both], b[both]), 1)
    return table


def test_a_late_coder_by_hand():
    # B changes from 0 to 1 two frames later than A.
    a, b = [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1, 1, 1]
    assert tally(a, b, 0).tolist() == [[6, 0, 0], [4, 6, 0], [0, 0, 0]]
    # Within one frame: of A's early ones only the second finds a 1 of B; of B's late zeros only the first a 0 of A.
    # Seen from A: 0 0 in 3 frames, 1 1 in 4, one 1 0. Seen from B: 0 0 in 4, 1 1 in 3, one 1 0.
    assert tally(a, b, 1).tolist() == [[7, 0, 0], [2, 7, 0], [0, 0, 0]]
    # Within two frames everything is agreed: from A three 0 and five 1, from B five 0 and three 1.
    assert tally(a, b, 2).tolist() == [[8, 0, 0], [0, 8, 0], [0, 0, 0]]
    assert percent_agreement(tally(a, b, 1)) == pytest.approx(100 * 14 / 16)
    # Chance: 7 of 16 zeros of A, 9 of 16 of B.
    chance = (7 * 9 + 9 * 7) / 16**2
    assert cohen_kappa(tally(a, b, 1)) == pytest.approx((14 / 16 - chance) / (1 - chance))


def test_a_moment_that_only_one_coder_noticed_is_disagreed_from_either_side_unless_it_is_close():
    # Seen from B every 0 of B has a 0 of A near; seen from A the 1 has none.
    table = tally([0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0], 2)
    assert table.tolist() == [[13, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_what_is_uncoded_by_either_is_no_unit_and_no_neighbour():
    # The only 1 of B lies where A coded nothing, so that A's 1 next to it finds none.
    table = tally([0, 1, -1, 0], [0, 0, 1, 0], 3)
    assert table.sum() == 2 * 3
    assert table.tolist() == [[5, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_a_frame_counts_in_its_own_phase_and_looks_into_the_next():
    a, b = np.array([0, 0, 1, 1], np.int8), np.array([0, 0, 0, 1], np.int8)
    tables = tally_within(a, b, 2, 1, np.array([0, 0, 1, 1]), 2)
    assert tables[0].tolist() == [[4, 0], [0, 0]]
    assert tables[1].tolist() == [[1, 0], [0, 3]]


@settings(max_examples=100, deadline=None)
@given(CODES, REACHES)
def test_the_table_is_that_of_a_plain_loop(codes, reach):
    a, b = codes
    both = (a >= 0) & (b >= 0)
    expected = np.zeros((3, 3), int)
    for frame in np.flatnonzero(both):
        near = [other for other in np.flatnonzero(both) if abs(other - frame) <= reach]
        expected[a[frame], a[frame] if any(b[other] == a[frame] for other in near) else b[frame]] += 1
        expected[b[frame] if any(a[other] == b[frame] for other in near) else a[frame], b[frame]] += 1
    assert (tally(a, b, reach) == expected).all()


@settings(max_examples=100, deadline=None)
@given(CODES, REACHES)
def test_swapped_coders_renamed_classes_and_time_turned_round_change_nothing(codes, reach):
    a, b = codes
    table = tally(a, b, reach)
    assert (tally(b, a, reach) == table.T).all()
    assert (tally(a[::-1], b[::-1], reach) == table).all()
    renamed = [np.where(said >= 0, (said + 1) % 3, said) for said in codes]
    assert (tally(*renamed, reach) == np.roll(table, 1, (0, 1))).all()
    assert table.sum() == 2 * ((a >= 0) & (b >= 0)).sum()


@settings(max_examples=100, deadline=None)
@given(CODES, REACHES)
def test_without_a_tolerance_it_is_the_plain_table_and_more_tolerance_never_agrees_less(codes, reach):
    a, b = codes
    assert (tally(a, b, 0) == 2 * plain_table(a, b)).all()
    assert np.trace(tally(a, b, reach + 1)) >= np.trace(tally(a, b, reach))
