"""SSI streams: every type, as bytes and as text, comes back; and what this workflow computed becomes one."""

import json
import math
import struct

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dyadflow.errors import DyadflowError
from dyadflow.features.ssi_export import export_stream
from dyadflow.features.ssi_stream import TYPES, read_stream, write_stream
from dyadflow.features.stream import StreamWriter
from dyadflow.media.grid import FrameGrid

#: Type, size, how struct packs it, and two values at its ends.
KINDS = [
    ("CHAR", 1, "b", (-128, 127)), ("UCHAR", 1, "B", (0, 255)), ("SHORT", 2, "h", (-32768, 32767)),
    ("USHORT", 2, "H", (0, 65535)), ("INT", 4, "i", (-(2**31), 2**31 - 1)), ("UINT", 4, "I", (0, 2**32 - 1)),
    ("LONG", 8, "q", (-(2**63), 2**63 - 1)), ("LONG", 4, "i", (-(2**31), 7)), ("ULONG", 8, "Q", (0, 2**64 - 1)),
    ("ULONG", 4, "I", (0, 2**32 - 1)), ("FLOAT", 4, "f", (-0.1, 3e38)), ("DOUBLE", 8, "d", (-0.1, 1e308)),
    ("LDOUBLE", 8, "d", (0.1, 1e-300)), ("BOOL", 1, "?", (True, False)), ("BOOL", 4, "i", (1, 0)),
]


def header(kind, size, dim, chunks, *, ftype="BINARY", root="stream", rate="25.000000", extra=""):
    listed = "".join(
        f'\t<chunk from="{a}" to="{b}" byte="{place}" num="{num}"/>\n' for a, b, place, num in chunks)
    return (
        f'<?xml version="1.0" ?>\n<{root} ssi-v="2">\n    <info ftype="{ftype}" sr="{rate}" dim="{dim}" byte="{size}" '
        f'type="{kind}"{extra} />\n    <meta name="face"/>\n\t<time ms="7" local="2017/12/18 12:08:03:762"/>\n'
        f"{listed}</{root}>\n"
    )


def put(folder, xml, data):
    (folder / "a.stream").write_text(xml)
    (folder / "a.stream~").write_bytes(data)
    return folder / "a.stream"


def same(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def test_every_type_of_the_list_is_among_those_that_are_tried():
    assert {(kind, size) for kind, size, _, _ in KINDS} == {(kind, size) for kind in TYPES for size in TYPES[kind]}


@pytest.mark.parametrize(("kind", "size", "packed", "values"), KINDS, ids=lambda item: str(item))
def test_bytes_of_every_type_are_read_in_little_endian_order(tmp_path, kind, size, packed, values):
    data = struct.pack(f"<4{packed}", *values, *values)
    stream = read_stream(put(tmp_path, header(kind, size, 2, [(0, 0.08, 0, 2)]), data))
    assert stream.values.tolist() == [[struct.unpack(f"<{packed}", struct.pack(f"<{packed}", value))[0]
                                       for value in values]] * 2
    assert (stream.type, stream.rate_hz, stream.chunks) == (kind, 25.0, ((0.0, 0.08, 2),))
    assert stream.meta == {"name": "face", "time_ms": "7", "time_local": "2017/12/18 12:08:03:762"}


@pytest.mark.parametrize("delimiter", [" ", ";", ",", "\t"])
@pytest.mark.parametrize("kind", ["FLOAT", "INT", "BOOL"])
def test_text_is_read_with_any_delimiter_and_line_end(tmp_path, kind, delimiter):
    data = f"1{delimiter}0\r\n0{delimiter}1.000e+00\r\n".encode()
    xml = header(kind, 4, 2, [(1, 1.08, 0, 2)], ftype="ASCII", extra=f' delim="{delimiter}"'.replace("\t", "&#9;"))
    assert read_stream(put(tmp_path, xml, data)).values.tolist() == [[1, 0], [0, 1]]


def test_text_with_decimal_commas_and_a_comma_in_the_rate_is_read(tmp_path):
    xml = header("FLOAT", 4, 1, [("0,5", "0,58", 0, 3)], ftype="ASCII", rate="25,000000")
    stream = read_stream(put(tmp_path, xml, b"0,5\nnan\n-1e-3"))
    np.testing.assert_array_equal(stream.values[:, 0], np.float32([0.5, np.nan, -1e-3]))
    assert stream.times_s().tolist() == [0.5, 0.54, 0.58]


def test_characters_stand_at_their_places_even_if_one_is_a_line_break(tmp_path):
    xml = header("UCHAR", 1, 2, [(0, 0.08, 0, 2)], ftype="ASCII")
    assert read_stream(put(tmp_path, xml, b"1 \n\n0 a\n")).values.tolist() == [[49, 10], [48, 97]]
    assert read_stream(put(tmp_path, xml, b"1 2\r\n0 a\r\n")).values.tolist() == [[49, 50], [48, 97]]
    with pytest.raises(DyadflowError, match="characters a sample"):
        read_stream(put(tmp_path, xml, b"1;2\n0 a\n"))


def test_a_second_chunk_keeps_its_gap(tmp_path):
    values = np.arange(10, dtype=np.float32).reshape(5, 2)
    chunks = ((0.0, 0.08, 2), (1.0, 1.12, 3))
    write_stream(values, tmp_path / "a.stream", rate_hz=25, chunks=chunks)
    stream = read_stream(tmp_path / "a.stream")
    assert stream.chunks == chunks and same(stream.values, values)
    assert np.round(stream.times_s(), 6).tolist() == [0.0, 0.04, 1.0, 1.04, 1.08]
    assert '<chunk from="1.0" to="1.12" byte="16" num="3" />' in (tmp_path / "a.stream").read_text()


def test_streams_of_nova_utils_with_its_own_names_are_read(tmp_path):
    xml = header("FLOAT", 4, 1, [("0.000", "0.040", 0, 1)], root="annotation").replace("from=", "fromm=")
    assert read_stream(put(tmp_path, xml, struct.pack("<f", 2.5))).values.tolist() == [[2.5]]


LAYOUTS = ["i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8", "?"]
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(st.data())
def test_values_come_back_to_the_last_bit(tmp_path, data):
    layout = np.dtype(data.draw(st.sampled_from(LAYOUTS)))
    shape = data.draw(st.tuples(st.integers(0, 6), st.integers(1, 4)))
    values = data.draw(arrays.arrays(layout, shape))
    rate_hz = data.draw(st.sampled_from([1.0, 12.5, 30000 / 1001, 16000.0]))
    binary, start_s = data.draw(st.booleans()), data.draw(st.integers(-10, 10)) / 7
    names = [f"Größe {n}" for n in range(shape[1])]
    write_stream(values, tmp_path / "a.stream", rate_hz=rate_hz, start_s=start_s, dimensions=names, binary=binary,
                 meta={"view": "infant & <caregiver>"})
    stream = read_stream(tmp_path / "a.stream")
    if binary or layout.kind != "f":
        assert same(stream.values, values)
    else:  # text has no payload of a NaN
        assert stream.values.dtype == layout
        np.testing.assert_array_equal(stream.values, values)
    assert (stream.rate_hz, stream.dimensions, stream.meta["view"]) == (rate_hz, tuple(names), "infant & <caregiver>")
    assert stream.chunks == ((start_s, start_s + shape[0] / rate_hz, shape[0]),)
    again = write_stream(stream.values, tmp_path / "b.stream", rate_hz=stream.rate_hz, chunks=stream.chunks,
                         meta=stream.meta, binary=binary)
    if layout.kind != "f" or not np.isnan(values).any():
        assert [path.read_bytes() for path in again] == [
            (tmp_path / name).read_bytes() for name in ("a.stream", "a.stream~")]


def test_big_endian_values_and_a_single_dimension_are_written_like_any_other(tmp_path):
    write_stream(np.array([1, 256], ">i2"), tmp_path / "a.stream", rate_hz=1)
    assert (tmp_path / "a.stream~").read_bytes() == b"\x01\x00\x00\x01"
    write_stream([0.5, 0.1], tmp_path / "a.stream", rate_hz=1, dtype=np.float32)
    assert same(read_stream(tmp_path / "a.stream").values, np.float32([[0.5], [0.1]]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"values": np.zeros((2, 2, 2))}, "3 axes"),
        ({"values": np.zeros(2, complex)}, "complex128"),
        ({"dtype": np.float16}, "float16"),
        ({"dtype": np.int32}, "float64 as int32"),
        ({"values": np.array([2**40]), "dtype": np.int32}, "do not fit"),
        ({"values": np.array([1e300]), "dtype": np.float32}, "do not fit"),
        ({"chunks": [(0, 1, 3)]}, "of 3 samples, the values of 2"),
        ({"dimensions": ["a", "b"]}, "2 names for 1 dimensions"),
        ({"dimensions": ["a; b"]}, "semicolon"),
        ({"meta": {"a b": "c"}}, "cannot hold 'a b'"),
    ],
)
def test_what_a_stream_cannot_hold_is_one_sentence(tmp_path, change, said):
    values = change.pop("values", np.zeros(2))
    with pytest.raises(DyadflowError, match=said):
        write_stream(values, tmp_path / "a.stream", rate_hz=1.0, **change)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("xml", "data", "said"),
    [
        (header("FLOAT", 4, 2, [(0, 1, 0, 3)]), bytes(20), "3 samples of 2 values, .* 20 bytes, enough for 2.5"),
        (header("FLOAT", 4, 2, [(0, 1, 0, 3)], ftype="ASCII"), b"1 2\n3 4\n", "3 samples of 2 values, .* 2 lines"),
        (header("FLOAT", 4, 2, [(0, 1, 0, 2)], ftype="ASCII"), b"1 2\n3\n", "line 2: these are not 2 values"),
        (header("SHORT", 2, 1, [(0, 1, 0, 1)], ftype="ASCII"), b"40000\n", "type SHORT: 40000"),
        (header("FLOAT", 4, 1, [(0, 1, 0, 1), (2, 3, 8, 1)]), bytes(8), "do not follow each other"),
        (header("FLOAT", 4, 1, [(0, 1, 0, "x")]), bytes(4), "chunk 1 does not say"),
        (header("IMAGE", 3, 1, [(0, 1, 0, 1)]), bytes(3), "type 'IMAGE' of 3 bytes"),
        (header("FLOAT", 8, 1, [(0, 1, 0, 1)]), bytes(8), "type 'FLOAT' of 8 bytes"),
        (header("FLOAT", 4, 1, [(0, 1, 0, 1)], rate="0"), bytes(4), "at '0' Hz"),
        (header("FLOAT", 4, 1, [(0, 1, 0, 1)], ftype="LZ4"), bytes(4), "'LZ4'"),
        (header("FLOAT", 4, 1, [(0, 1, 0, 1)])[:80], bytes(4), "cut off"),
        ("<annotation ssi-v='3'/>", bytes(4), "not a stream of version 2"),
        ("<stream ssi-v='2'/>", bytes(4), "element info is missing"),
    ],
)
def test_a_damaged_stream_is_one_sentence(tmp_path, xml, data, said):
    with pytest.raises(DyadflowError, match=said):
        read_stream(put(tmp_path, xml, data))


def test_each_of_the_two_files_is_asked_for_by_name(tmp_path):
    path = put(tmp_path, header("FLOAT", 4, 1, [(0, 1, 0, 1)]), bytes(4))
    with pytest.raises(DyadflowError, match=r"Give a\.stream, which"):
        read_stream(tmp_path / "a.stream~")
    (tmp_path / "a.stream~").unlink()
    with pytest.raises(DyadflowError, match=r"no a\.stream~"):
        read_stream(path)


def damage(content, rng):
    """Bytes changed, a line left out, or cut off."""
    kind, place = rng.integers(3), rng.integers(len(content))
    if kind == 0:
        return content[:place] + bytes([(content[place] + rng.integers(1, 256)) % 256]) + content[place + 1 :]
    lines = content.splitlines(keepends=True)
    return b"".join(np.delete(np.array(lines, object), rng.integers(len(lines)))) if kind == 1 else content[:place]


def test_no_sample_of_a_damaged_stream_is_lost(tmp_path):
    rng, read = np.random.default_rng(4), 0
    variants = [(dtype, binary) for dtype in ("i1", "<i4", "<f4", "?") for binary in (True, False)]
    for dtype, binary in variants:
        values = rng.integers(0, 2, (8, 3)).astype(dtype)
        write_stream(values, tmp_path / "a.stream", rate_hz=12.5, chunks=[(0, 0.4, 5), (1, 1.24, 3)], binary=binary)
        whole = {name: (tmp_path / name).read_bytes() for name in ("a.stream", "a.stream~")}
        for number in range(1000 // len(variants)):
            name = list(whole)[number % 2]
            for each, content in whole.items():
                (tmp_path / each).write_bytes(damage(content, rng) if each == name else content)
            try:
                stream = read_stream(tmp_path / "a.stream")
            except DyadflowError as error:
                assert str(error)
                continue
            read += 1
            size = (tmp_path / "a.stream~").stat().st_size
            num, dim = stream.values.shape
            assert num == sum(chunk[2] for chunk in stream.chunks) == len(stream.times_s())
            if binary:
                assert size % (num * dim) == 0 and size // (num * dim) in TYPES[stream.type]
            elif dtype != "i1":
                lines = (tmp_path / "a.stream~").read_bytes().rstrip().replace(b"\r\n", b"\n").split(b"\n")
                assert (num, {dim}) == (len(lines), {len(line.split()) for line in lines})
            else:
                assert size == num * 2 * dim
    assert read > 100


# What this workflow computed.


def test_a_feature_stream_becomes_floats_and_frames_that_are_not_valid_become_nan(tmp_path):
    values = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
    with StreamWriter(tmp_path / "s.h5", FrameGrid(12.5, 6), {"view": "infant", "start_s": 2.0}) as into:
        into.append(values, np.array([1, 1, 0, 1, 0, 1], bool))
    written = export_stream(tmp_path / "s.h5", tmp_path / "s.stream")
    assert written.files == (tmp_path / "s.stream", tmp_path / "s.stream~")
    (issue,) = written.issues
    assert issue.rule == "not_held" and issue.what.startswith("2 of 6 frames are not valid")
    stream = read_stream(tmp_path / "s.stream")
    assert same(stream.values[[0, 1, 3, 5]], values[[0, 1, 3, 5]]) and np.isnan(stream.values[[2, 4]]).all()
    assert (stream.rate_hz, stream.chunks, stream.type) == (12.5, ((2.0, 2.48, 6),), "FLOAT")
    assert stream.meta["view"] == "infant"


def write_probabilities(path, sessions):
    with h5py.File(path, "w") as file:
        file.attrs.update({"classes": json.dumps(["Ineg", "Ineu", "Ipos"]), "target": "infant", "rate_hz": 12.5})
        for fold, (session, values) in enumerate(sessions.items()):
            file[session] = values
            file[session].attrs.update({"fold": fold, "adjusted_streams": 0})


def test_probabilities_of_a_session_name_their_classes(tmp_path):
    values = np.random.default_rng(0).dirichlet([1, 1, 1], 5).astype(np.float32)
    values[3] = np.nan
    write_probabilities(tmp_path / "p.h5", {"s01": values, "s02": values[:2]})
    with pytest.raises(DyadflowError, match=r"of 2 sessions, and none is chosen.*Choose one of s01, s02"):
        export_stream(tmp_path / "p.h5", tmp_path / "p.stream")
    with pytest.raises(DyadflowError, match="no probabilities of session 's03'"):
        export_stream(tmp_path / "p.h5", tmp_path / "p.stream", "s03")
    written = export_stream(tmp_path / "p.h5", tmp_path / "p.stream", "s01")
    stream = read_stream(written.files[0])
    assert same(stream.values, values) and stream.dimensions == ("Ineg", "Ineu", "Ipos") and not len(written.issues)
    assert (stream.meta["session"], stream.meta["target"], stream.meta["fold"]) == ("s01", "infant", "0")
    assert math.isclose(stream.times_s()[-1], 4 / 12.5)
    write_probabilities(tmp_path / "p.h5", {"s01": values})
    export_stream(tmp_path / "p.h5", tmp_path / "p.stream")


def test_what_cannot_be_exported_is_one_sentence(tmp_path):
    with pytest.raises(DyadflowError, match="no such file"):
        export_stream(tmp_path / "no.h5", tmp_path / "a.stream")
    (tmp_path / "bad.h5").write_bytes(b"no")
    with pytest.raises(DyadflowError, match="not a whole HDF5 file"):
        export_stream(tmp_path / "bad.h5", tmp_path / "a.stream")
    with StreamWriter(tmp_path / "t.h5", FrameGrid(12.5, 2), {}) as into:
        into.append(np.zeros((2, 4, 2)), dtype=np.float16)
        into.finish_tokens(origin=np.zeros(3), basis=np.eye(3)[:, :2], mean=np.zeros(3), scatter=np.eye(3), count=8)
    with pytest.raises(DyadflowError, match="many vectors"):
        export_stream(tmp_path / "t.h5", tmp_path / "a.stream")
    with StreamWriter(tmp_path / "d.h5", FrameGrid(12.5, 2), {}) as into:
        into.append(np.zeros((2, 4)))
    with pytest.raises(DyadflowError, match="of one session"):
        export_stream(tmp_path / "d.h5", tmp_path / "a.stream", "s01")
