"""Planted coder noise comes out as planted: the ceiling, and the share of it that a model reaches."""

import numpy as np
import pytest

from dyadflow.agreement.kappa import cohen_kappa
from dyadflow.evaluation.ceiling import compare_with_coders
from dyadflow.tables import read_table

from .conftest import draw_runs


def noisy(rng, codes, share):
    """Codes of somebody who says anything at all in a share of the frames."""
    return np.where(rng.random(len(codes)) < share, rng.integers(0, 3, len(codes)), codes)


def test_ceiling_and_share_come_out_as_planted(ward, tmp_path):
    rng, said = np.random.default_rng(4), {}
    for number in range(20):
        codes = draw_runs(rng, 1000, 3)
        ward.add(f"s{number}", {"A": noisy(rng, codes, 0.2), "B": noisy(rng, codes, 0.2)})
        said[f"s{number}"] = noisy(rng, codes, 0.5)
    ward.cell(said)
    compare_with_coders(ward.request(), level=0.95, ceiling=tmp_path / "ceiling.tsv")
    found = read_table(tmp_path / "ceiling.tsv").set_index(["coder", "other"])
    assert set(found.index) == {("A", "B"), ("B", "A")}
    # With even classes kappa is the share of frames in which both say what they see: 0.8 x 0.8, and 0.5 x 0.8.
    for pair in found.index:
        row = found.loc[pair]
        assert row.human_low < 0.64 < row.human_high and row.machine_low < 0.40 < row.machine_high
        assert row.share_low < 0.625 < row.share_high and row.dyads == 20 and row.frames == 20_000
        assert row.share == pytest.approx(row.kappa_machine / row.kappa_human, abs=1e-5)


def test_units_are_those_that_both_people_coded_and_assisted_coding_never_counts(ward, tmp_path):
    rng, said, confusion = np.random.default_rng(1), {}, {"human": 0, "machine": 0}
    for number in range(6):
        codes = {name: draw_runs(rng, 90, 3) for name in "ABC"}
        codes["A"][:20], codes["B"][60:] = -1, -3
        ward.add(f"s{number}", codes)
        said[f"s{number}"] = draw_runs(rng, 90, 3)
        both = (codes["A"] >= 0) & (codes["B"] >= 0)
        for name, theirs in (("human", codes["B"]), ("machine", said[f"s{number}"])):
            table = np.zeros((3, 3), int)
            np.add.at(table, (codes["A"][both], theirs[both]), 1)
            confusion[name] = confusion[name] + table
    ward.cell(said)
    request = ward.request()
    for key in request.kinds:
        if key[1] == "C":
            request.kinds[key] = "assisted"
    compare_with_coders(request, level=0.95, ceiling=tmp_path / "ceiling.tsv")
    found = read_table(tmp_path / "ceiling.tsv").set_index(["coder", "other"])
    assert set(found.index) == {("A", "B"), ("B", "A")}
    row = found.loc[("A", "B")]
    assert row.frames == 6 * 40
    assert row.kappa_human == pytest.approx(float(cohen_kappa(confusion["human"])), abs=1e-6)
    assert row.kappa_machine == pytest.approx(float(cohen_kappa(confusion["machine"])), abs=1e-6)


def test_with_three_coders_a_cell_begins_with_the_mean_over_all_pairs(ward, tmp_path):
    rng, said, frames = np.random.default_rng(2), {}, 0
    for number in range(7):
        codes = draw_runs(rng, 200, 3)
        own = {name: noisy(rng, codes, share) for name, share in zip("ABC", (0.1, 0.2, 0.4), strict=True)}
        own["A"][:30] = own["C"][:150] = -1
        own["B"][180:] = -1
        ward.add(f"s{number}", own)
        said[f"s{number}"] = noisy(rng, codes, 0.3)
        frames += sum(sum(int(own[name][frame] >= 0) for name in "ABC") > 1 for frame in range(200))
    ward.cell(said)
    compare_with_coders(ward.request(), level=0.95, ceiling=tmp_path / "ceiling.tsv")
    found = read_table(tmp_path / "ceiling.tsv")
    first, pairs = found.iloc[0], found.iloc[1:]
    assert first.coder == first.other == "all pairs" and len(pairs) == 6
    assert first.kappa_machine == pytest.approx(pairs.kappa_machine.mean(), abs=1e-5)
    assert first.kappa_human == pytest.approx(pairs.kappa_human.mean(), abs=1e-5)
    assert first.share == pytest.approx(first.kappa_machine / first.kappa_human, abs=1e-5)
    assert first.share_low < first.share < first.share_high
    # Frames 30 to 179 by A and B, from 150 on by C too.
    assert (first.dyads, first.frames) == (7, frames) and frames == 7 * 170


def test_the_interval_of_the_share_is_the_jackknife_of_the_ratio_over_dyads(ward, tmp_path):
    from sklearn.metrics import cohen_kappa_score

    from dyadflow.agreement.intervals import interval_from_left_out

    rng, said = np.random.default_rng(8), {}
    coded = {f"s{number}": {name: draw_runs(rng, 120, 3) for name in "AB"} for number in range(5)}
    for name, own in coded.items():
        own["B"] = noisy(rng, own["A"], rng.uniform(0.1, 0.6))
        ward.add(name, own, dyad="d0" if name in ("s0", "s1") else name)
        said[name] = noisy(rng, own["A"], rng.uniform(0.2, 0.7))
    ward.cell(said)
    compare_with_coders(ward.request(), level=0.9, ceiling=tmp_path / "ceiling.tsv")
    row = read_table(tmp_path / "ceiling.tsv").set_index(["coder", "other"]).loc[("A", "B")]

    def share(names):
        coder, other, model = (
            np.concatenate([each[name] for name in names])
            for each in ({n: c["A"] for n, c in coded.items()}, {n: c["B"] for n, c in coded.items()}, said))
        return cohen_kappa_score(coder, model) / cohen_kappa_score(coder, other)

    left_out = [share([name for name in coded if name not in gone]) for gone in (("s0", "s1"), "s2", "s3", "s4")
                for gone in [gone if isinstance(gone, tuple) else (gone,)]]
    low, high = interval_from_left_out(share(list(coded)), np.array(left_out), bounds=(0, np.inf), level=0.9)
    assert (row.share_low, row.share_high) == pytest.approx((low, high), abs=1e-5) and row.dyads == 4


def test_one_coder_alone_is_no_pair(ward, tmp_path):
    ward.add("a", np.zeros(10, int))
    ward.cell({"a": np.zeros(10, int)})
    compare_with_coders(ward.request(), level=0.95, ceiling=tmp_path / "ceiling.tsv")
    assert read_table(tmp_path / "ceiling.tsv").empty
