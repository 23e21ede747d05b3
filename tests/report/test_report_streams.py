"""Pictures of streams show what was planted in them: phases that differ, and patches that differ."""

import re
import subprocess

import h5py
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from dyadflow.annotations.label_index import write_label_index
from dyadflow.annotations.labels import SessionLabels
from dyadflow.errors import DyadflowError
from dyadflow.features.component_file import Components
from dyadflow.features.components import describe_stream
from dyadflow.features.stream import StreamWriter
from dyadflow.media.ffmpeg import ffmpeg_binary
from dyadflow.media.grid import FrameGrid
from dyadflow.report import stream_colours
from dyadflow.report.paper import style
from dyadflow.report.paper.stream_curves import COLOURS, Block, Panel, draw_page
from dyadflow.report.session_phases import Phase, read_phases
from dyadflow.report.stream_colours import colour_frames, patch_grid, pick_frames
from dyadflow.report.stream_figures import draw_streams
from dyadflow.tables import write_table

RATE_HZ, FRAMES = 5.0, 100
GRID = FrameGrid(RATE_HZ, FRAMES)
LOOKS = {
    "play": {"title": "Play", "colour": "#e5f2d9", "ink": "#000000"},
    "still-face": {"title": "Still face", "colour": "#e3ddf0", "ink": "#000000"},
}
#: Play for the first half, still face from 12 s on; between them nothing.
SPANS = [("play", 0.0, 10.0), ("still-face", 12.0, 20.0)]


def make_components(components=4, step=3.0):
    """Noise whose first component is higher by `step` in the second half."""
    rng = np.random.default_rng(2)
    values = 0.1 * rng.standard_normal((FRAMES, components)).astype(np.float32)
    values[FRAMES // 2:, 0] += step
    shares = 0.5 ** np.arange(1, components + 1)
    return Components(RATE_HZ, np.eye(components), np.zeros(components), shares, values, np.abs(values[:, 0]))


def phases():
    return [Phase(**LOOKS[name], onset_s=onset_s, offset_s=offset_s) for name, onset_s, offset_s in SPANS]


def write_labels(path):
    phase = np.full(FRAMES, -1, np.int8)
    phase[:50], phase[60:] = 0, 1
    SessionLabels(GRID, tuple(LOOKS), phase, {}, {}).write(path)
    return path


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_text()]


def test_phases_come_from_labels_and_of_an_uncoded_session_from_the_sheet(tmp_path):
    assert read_phases(write_labels(tmp_path / "l.h5"), None, LOOKS) == phases()
    assert read_phases(None, SPANS, LOOKS) == phases()
    assert read_phases(None, None, LOOKS) == []


def test_a_page_says_sessions_views_phases_and_shares_and_draws_each_on_its_lane():
    panel = Panel(make_components(), make_components())
    with style.drawing():
        figure = draw_page([Block("s1", phases(), {"infant": panel, "caregiver": Panel(make_components(2))})],
                           ["infant", "caregiver"], lanes=5, duration_s=20.0, foot="Said below.")  # fmt: skip
    written = texts(figure)
    assert {"s1", "infant", "caregiver", "Play", "Still face", "Said below.", "0:20"} <= set(written)
    assert written.count("50 %") == 2 and written.count("12 %") == 1 and written.count("motion") == 1
    infant, caregiver = figure.axes
    curves = {line.get_color(): line.get_ydata() for line in infant.lines if line.get_color() in COLOURS}
    assert list(curves) == list(COLOURS) and len([line for line in caregiver.lines if line.get_color() in COLOURS]) == 2
    # Downwards: each lane lies below the one before, and the planted step goes up.
    lows, highs = [curve.min() for curve in curves.values()], [curve.max() for curve in curves.values()]
    assert all(high < low for high, low in zip(highs[:-1], lows[1:], strict=True))
    first = curves[COLOURS[0]]
    assert first[:50].min() > first[50:].max() + 3
    bars = [line for line in infant.lines if line.get_color() == style.INK]
    assert len(bars) == 2 * 5
    assert [tuple(bar.get_xdata()) for bar in bars[:2]] == [(0.0, 10.0), (12.0, 20.0)]
    assert bars[0].get_ydata()[0] > bars[1].get_ydata()[0] + 3


class Study:
    """Components of sessions, their summary and labels, as the workflow leaves them."""

    def __init__(self, folder, sessions):
        self.folder, self.tables = folder, []
        for extractor in ("net", "motion"):
            rows = []
            for session in sessions:
                file = f"components/infant/{session}.h5"
                make_components().write(folder / extractor / file, key="k", numbers={})
                rows.append({"session": session, "view": "infant", "extractor": extractor, "kind": "tokens",
                             "untrained": "yes", "components": file})  # fmt: skip
            self.tables.append(folder / extractor / "batch0_streams.tsv")
            write_table(pd.DataFrame(rows), self.tables[-1])
        labels = {session: write_labels(folder / f"{session}.h5") for session in sessions[:-1]}
        write_label_index(labels, folder / "labels.tsv", place=folder)
        self.sheet = {sessions[-1]: [list(span) for span in SPANS]}

    def draw(self, name, **changes):
        figures = [self.folder / f"{name}.pdf", self.folder / f"{name}.svg"]
        draw_streams(**{
            "tables": self.tables, "extractor": "net", "motion": "motion", "labels": self.folder / "labels.tsv",
            "sheet_phases": self.sheet, "phases": LOOKS, "figures": figures,
        } | changes)  # fmt: skip
        return figures


def test_a_pdf_has_the_pages_it_needs_and_the_same_streams_give_the_same_bytes(tmp_path):
    study = Study(tmp_path, [f"s{number}" for number in range(8)])
    pdf, svg = study.draw("a")
    # Six sessions of five lanes fit on a page.
    assert len(re.findall(rb"/Type /Page\b", pdf.read_bytes())) == 2
    drawn = svg.read_text()
    assert all(f"<!-- s{number} -->" in drawn for number in range(8))
    assert drawn.count("<!-- Still face -->") == 8 and drawn.count("<!-- motion -->") == 8
    assert "never trained" in drawn
    for first, second in zip((pdf, svg), study.draw("b"), strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_without_motion_energy_nothing_is_said_of_it(tmp_path):
    assert "motion" not in Study(tmp_path, ["s0", "s1"]).draw("a", motion="")[1].read_text()


@pytest.mark.parametrize(("patches", "size", "expected"), [(256, (224, 224), (16, 16)), (6, (28, 42), (2, 3))])
def test_patches_fill_the_picture(patches, size, expected):
    assert patch_grid(patches, *size) == expected


def test_patches_that_do_not_fill_the_picture_are_refused():
    with pytest.raises(ValueError, match="7 square patches do not fill 42 x 28 pixels"):
        patch_grid(7, 28, 42)


def test_moments_are_spread_evenly():
    assert pick_frames(100, 4).tolist() == [12, 37, 62, 87]
    assert pick_frames(3, 12).tolist() == [0, 1, 2]


class Coloured:
    """A session of 42 x 28 pixels with 2 x 3 patches, of which the right column differs from the rest."""

    def __init__(self, folder):
        rng = np.random.default_rng(4)
        tokens = 0.01 * rng.standard_normal((FRAMES, 6, 5))
        tokens[:, [2, 5]] += 4 * np.eye(5)[1]
        flat = tokens.reshape(-1, 5)
        mean = flat.mean(axis=0)
        self.stream, self.table = folder / "net/infant/s1.h5", folder / "net/batch0_streams.tsv"
        with StreamWriter(self.stream, GRID, {"view": "infant"}) as into:
            into.append(tokens - mean, dtype=np.float16)
            into.finish_tokens(origin=mean, basis=np.eye(5), mean=mean, scatter=(flat - mean).T @ (flat - mean),
                               count=len(flat))  # fmt: skip
        components, numbers = describe_stream(self.stream)
        components.write(folder / "net/components/infant/s1.h5", key="k", numbers=numbers)
        write_table(pd.DataFrame([{
            "session": "s1", "view": "infant", "extractor": "net", "kind": "tokens", "untrained": "yes",
            "stream": "infant/s1.h5", "components": "components/infant/s1.h5",
        }]), self.table)  # fmt: skip
        GRID.write(folder / "grid.json")
        self.folder = folder

    def draw(self, name="picture.png"):
        colour_frames(
            session="s1", views=self.folder / "media", grid=self.folder / "grid.json", tables=[self.table],
            labels=None, sheet_phases=SPANS, phases=LOOKS, picture=self.folder / name,
        )
        return self.folder / name


@pytest.fixture
def coloured(tmp_path):
    """Frame n of the view is a plain grey of 2n, so that a wrong frame would show."""
    levels = np.repeat(2 * np.arange(FRAMES, dtype=np.uint8), 28 * 42 * 3)
    (tmp_path / "media").mkdir()
    subprocess.run(
        [ffmpeg_binary(), "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "42x28", "-r", "5", "-i",
         "-", "-c:v", "libx264", "-qp", "0", "-threads", "1", str(tmp_path / "media" / "infant.mp4")],
        input=levels.tobytes(), check=True,
    )  # fmt: skip
    return Coloured(tmp_path)


def test_patches_that_differ_have_another_colour_and_pictures_are_of_the_same_frames(coloured, monkeypatch):
    drawn = []
    monkeypatch.setattr(stream_colours, "_draw_row", lambda figure, row, *place: drawn.append(row))
    coloured.draw()
    pictures, colours = drawn
    assert pictures.name == "infant"
    # A neighbour's grey is two steps away.
    np.testing.assert_allclose(pictures.pictures[:, 14, 21, 1], 2.0 * pick_frames(FRAMES), atol=1)
    assert colours.shares[0] > 0.99 and colours.pictures.shape == (12, 2, 3, 3)
    red = colours.pictures[..., 0]
    # Most patches are dark.
    assert red[:, :, :2].max() < 30 and red[:, :, 2].min() > 220


def test_the_picture_is_drawn_and_the_same_streams_give_the_same_bytes(coloured):
    first, second = coloured.draw("a.png"), coloured.draw("b.png")
    assert first.read_bytes() == second.read_bytes()
    pixels = imread(first)
    assert pixels.shape[1] > 1500 and pixels[..., :3].min(axis=2).std() > 0.1


def test_a_store_whose_patches_do_not_fill_the_view_is_answered_in_a_sentence(coloured):
    with h5py.File(coloured.stream, "r+") as file:
        values = file["values"][:, :5]
        del file["values"]
        file["values"] = values
    with pytest.raises(DyadflowError, match="5 square patches do not fill 42 x 28 pixels"):
        coloured.draw()
