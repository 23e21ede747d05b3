"""What sums a stream up, against NumPy on the whole of it; what is known already is not worked out again."""

import numpy as np
import pandas as pd
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features import stream_file
from dyadflow.features.component_file import read_components
from dyadflow.features.components import describe_stream
from dyadflow.features.describing import BATCH_COLUMNS, describe_batch
from dyadflow.features.stream import StreamWriter
from dyadflow.features.stream_file import StreamFile
from dyadflow.features.summary import SUMMARY_COLUMNS, summarise_streams
from dyadflow.media.grid import FrameGrid
from dyadflow.provenance.fingerprint import sha256_of
from dyadflow.tables import read_table, write_table

RATE_HZ = 12.5


def write_dense(path, values, valid=None):
    with StreamWriter(path, FrameGrid(RATE_HZ, len(values)), {"view": path.parent.name}) as into:
        into.append(values, valid)
    return path


def write_tokens(path, tokens, rank):
    """A store of tokens (frames, patches, dims) in their leading `rank` directions."""
    flat = tokens.reshape(-1, tokens.shape[-1])
    mean = flat.mean(axis=0)
    scatter = (flat - mean).T @ (flat - mean)
    basis = np.linalg.eigh(scatter)[1][:, ::-1][:, :rank]
    with StreamWriter(path, FrameGrid(RATE_HZ, len(tokens)), {"view": path.parent.name}) as into:
        into.append((tokens - mean) @ basis, dtype=np.float16)
        into.finish_tokens(origin=mean, basis=basis, mean=mean, scatter=scatter, count=len(flat))
    return path


def principal_components(rows, count):
    """By SVD of the rows themselves: basis with positive largest loadings, and shares of the variance."""
    centred = rows - rows.mean(axis=0)
    _, singular, vectors = np.linalg.svd(centred, full_matrices=False)
    basis = vectors[:count].T
    signs = np.sign(basis[np.abs(basis).argmax(axis=0), range(count)])
    return basis * signs, (singular**2 / (singular**2).sum())[:count]


@pytest.fixture
def dense_rows():
    rng = np.random.default_rng(0)
    return (rng.standard_normal((300, 7)) * [9, 5, 4, 3, 2, 1, 0.5]).astype(np.float32) + np.float32(20)


def test_a_dense_stream_is_summed_up_over_its_valid_frames(tmp_path, dense_rows):
    valid = np.arange(300) % 10 != 3
    spoilt = np.where(valid[:, None], dense_rows, np.float32(1e6))
    components, numbers = describe_stream(write_dense(tmp_path / "s.h5", spoilt, valid))
    seen = dense_rows[valid].astype(np.float64)
    basis, shares = principal_components(seen, 4)
    assert numbers["frames"] == 300 and numbers["dims"] == 7 and numbers["dead_dimensions"] == 0
    assert numbers["valid_share"] == pytest.approx(0.9) and numbers["kept_variance"] is None
    assert numbers["mean"] == pytest.approx(seen.mean())
    assert numbers["variance"] == pytest.approx(seen.var(axis=0).mean())
    np.testing.assert_allclose(numbers["explained"], shares, rtol=1e-9)
    np.testing.assert_allclose(components.basis, basis, atol=1e-9)
    np.testing.assert_allclose(components.values[valid], (seen - seen.mean(axis=0)) @ basis, atol=1e-5)
    np.testing.assert_allclose(components.level[valid], seen.mean(axis=1), rtol=1e-6)
    assert np.isnan(components.values[~valid]).all() and np.isnan(components.level[~valid]).all()
    assert components.duration_s == 24.0


def test_drift_is_the_rise_of_the_fitted_line_in_deviations(tmp_path, dense_rows):
    valid = np.arange(300) < 280
    describe = describe_stream(write_dense(tmp_path / "s.h5", dense_rows, valid))[1]
    time = (np.arange(280) + 0.5) / 300
    seen = dense_rows[:280].astype(np.float64)
    rises = np.polyfit(time, seen, 1)[0] / seen.std(axis=0)
    most = np.abs(rises).argmax()
    assert describe["drift"] == pytest.approx(np.abs(rises).mean())
    assert describe["largest_drift_dimension"] == most and describe["largest_drift"] == pytest.approx(rises[most])


def test_a_straight_line_drifts_by_the_root_of_twelve_and_what_stands_still_is_dead(tmp_path):
    line = np.linspace(1, -1, 400, dtype=np.float32)
    values = np.column_stack([np.full(400, 0.1, np.float32), np.tile([0.0, 1.0], 200), line, np.zeros(400)])
    numbers = describe_stream(write_dense(tmp_path / "s.h5", values.astype(np.float32)))[1]
    assert numbers["dead_dimensions"] == 2
    assert numbers["largest_drift_dimension"] == 2
    assert numbers["largest_drift"] == pytest.approx(-(12**0.5), rel=1e-4)


def test_small_numbers_that_vary_are_not_dead(tmp_path, dense_rows):
    numbers = describe_stream(write_dense(tmp_path / "s.h5", (dense_rows - 20) * np.float32(1e-9)))[1]
    assert numbers["dead_dimensions"] == 0 and numbers["variance"] > 0


def test_a_token_store_is_summed_up_over_all_its_tokens_exactly(tmp_path):
    rng = np.random.default_rng(1)
    tokens = rng.standard_normal((50, 6, 8)) @ np.diag([8, 6, 4, 3, 2, 1, 0.5, 0]) + rng.standard_normal(8)
    tokens += np.linspace(0, 3, 50)[:, None, None] * np.eye(8)[2]
    components, numbers = describe_stream(write_tokens(tmp_path / "s.h5", tokens, rank=7))
    flat = tokens.reshape(-1, 8)
    basis, shares = principal_components(flat, 4)
    assert numbers["mean"] == pytest.approx(flat.mean())
    assert numbers["variance"] == pytest.approx(flat.var(axis=0).mean())
    assert numbers["dead_dimensions"] == 1 and numbers["kept_variance"] == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(numbers["explained"], shares, rtol=1e-9)
    np.testing.assert_allclose(components.basis, basis, atol=1e-8)
    # By frame, from coordinates in half precision.
    by_frame = tokens.mean(axis=1)
    np.testing.assert_allclose(components.values, (by_frame - flat.mean(axis=0)) @ basis, atol=0.01)
    np.testing.assert_allclose(components.level, by_frame.mean(axis=1), atol=0.01)
    rises = np.polyfit((np.arange(50) + 0.5) / 50, by_frame[:, :7], 1)[0] / by_frame[:, :7].std(axis=0)
    assert numbers["drift"] == pytest.approx(np.abs(rises).mean(), rel=0.01)


@pytest.mark.parametrize("kind", ["dense", "tokens"])
def test_read_in_small_blocks_a_stream_gives_the_same(tmp_path, dense_rows, monkeypatch, kind):
    path = tmp_path / "s.h5"
    if kind == "dense":
        write_dense(path, dense_rows, np.arange(300) >= 40)
    else:
        write_tokens(path, dense_rows.reshape(60, 5, 7).astype(np.float64), rank=4)
    whole, numbers = describe_stream(path)
    monkeypatch.setattr(stream_file, "_BLOCK", 7 * 13)
    with StreamFile(path) as file:
        assert [len(block.valid) for block in file.blocks()][:2] == ([13, 13] if kind == "dense" else [4, 4])
    parts, again = describe_stream(path)
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(again.pop("explained"), numbers.pop("explained"), rtol=1e-9)
    assert again == pytest.approx(numbers, rel=1e-9)


def test_a_silent_stream_has_nothing_to_count(tmp_path):
    components, numbers = describe_stream(write_dense(tmp_path / "s.h5", np.zeros((8, 3)), np.zeros(8, bool)))
    assert numbers["valid_share"] == 0 and numbers["mean"] is None and numbers["explained"] == []
    assert components.values.shape == (8, 0) and np.isnan(components.level).all()


class Streams:
    """Streams of two extractors with their indexes, as extraction leaves them."""

    def __init__(self, folder):
        self.folder, self.rng = folder, np.random.default_rng(5)
        for session in ("s1", "s2"):
            self.write("net", "infant", session)
            self.write("hear", "audio", session)

    def write(self, extractor, view, session):
        place = self.folder / extractor / view / f"{session}.h5"
        write_dense(place, self.rng.standard_normal((20, 5)).astype(np.float32), np.arange(20) > 0)

    def summarise(self, code="c"):
        """The table of all batches, and what was said."""
        tables, said = [], []
        for extractor, view in (("net", "infant"), ("hear", "audio")):
            folder = self.folder / extractor
            rows = [
                {"session": path.stem, "view": view, "file": f"{view}/{path.name}", "kind": "dense",
                 "sha256": sha256_of(path), "untrained": "no"} for path in sorted((folder / view).glob("*.h5"))
            ]
            write_table(pd.DataFrame(rows), folder / "batch0.tsv")
            tables.append(folder / "batch0_streams.tsv")
            describe_batch(folder / "batch0.tsv", tables[-1], code=code, say=said.append)
        summarise_streams(tables, self.folder / "summary.tsv")
        return read_table(self.folder / "summary.tsv", text=("session",)), [line.partition(",")[0] for line in said]


def test_only_streams_and_code_that_changed_are_looked_at_again(tmp_path):
    streams = Streams(tmp_path)
    table, said = streams.summarise()
    assert said == ["net: 2 of 2 streams looked at", "hear: 2 of 2 streams looked at"]
    assert list(table[["extractor", "session"]].itertuples(index=False, name=None)) == [
        ("net", "s1"), ("net", "s2"), ("hear", "s1"), ("hear", "s2")]
    assert table.valid_share.tolist() == [0.95] * 4
    assert list(table.columns) == list(SUMMARY_COLUMNS)
    first = (tmp_path / "summary.tsv").read_bytes()
    batch = read_table(tmp_path / "net/batch0_streams.tsv", BATCH_COLUMNS)
    assert read_components(tmp_path / "net" / batch.components[0]).values.shape == (20, 4)
    assert batch.stream.tolist() == ["infant/s1.h5", "infant/s2.h5"]

    assert streams.summarise()[1] == ["net: 0 of 2 streams looked at", "hear: 0 of 2 streams looked at"]
    assert (tmp_path / "summary.tsv").read_bytes() == first
    streams.write("net", "infant", "s2")
    streams.write("hear", "audio", "s3")
    changed, said = streams.summarise()
    assert said == ["net: 1 of 2 streams looked at", "hear: 1 of 3 streams looked at"]
    assert changed["mean"][0] == table["mean"][0] and changed["mean"][1] != table["mean"][1]
    assert streams.summarise(code="d")[1] == ["net: 2 of 2 streams looked at", "hear: 3 of 3 streams looked at"]


def test_streams_summed_up_twice_are_the_same_bytes(tmp_path):
    Streams(tmp_path / "a").summarise()
    Streams(tmp_path / "b").summarise()
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len([file for file in files if "components" in file.parts]) == 4
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_a_broken_stream_is_answered_in_a_sentence(tmp_path):
    streams = Streams(tmp_path)
    (tmp_path / "net/infant/s1.h5").write_bytes(b"not hdf5")
    with pytest.raises(DyadflowError, match=r"s1\.h5: this is not a whole stream file"):
        streams.summarise()
    assert not (tmp_path / "net/batch0_streams.tsv").exists()


def test_a_batch_in_which_nobody_is_heard_leaves_its_cells_empty(tmp_path):
    streams = Streams(tmp_path)
    for session in ("s1", "s2"):
        write_dense(tmp_path / f"hear/audio/{session}.h5", np.zeros((20, 5)), np.zeros(20, bool))
    table, _ = streams.summarise()
    assert table.valid_share.tolist() == [0.95, 0.95, 0.0, 0.0]
    assert table.dead_dimensions.isna().tolist() == [False, False, True, True]
    lines = (tmp_path / "summary.tsv").read_text().splitlines()
    assert lines[3].split("\t")[:8] == ["s1", "audio", "hear", "dense", "no", "20", "5", "0.0"]
    assert set(lines[3].split("\t")[8:]) == {""}
