"""The recordings of guided play: real files with pixels that are not square, and what they show."""

from fractions import Fraction

import av
import numpy as np
import pytest

from dyadflow.demo.play.behaviour import simulate_play
from dyadflow.demo.play.looks import draw_play_look
from dyadflow.demo.play.recording import Stage, paint_play
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.play.write import SESSIONS, make_play_recording
from dyadflow.errors import DyadflowError
from dyadflow.media.decode import decode_session
from dyadflow.media.settings import MediaSettings, View

#: As short as a session can be, so that the tests are quick.
SHORT = PlaySettings(task_s=12.0, pause_s=2.0)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("play") / "p01.mp4"
    make_play_recording("p01", settings=SHORT, path=path)
    return path


def test_a_recording_is_an_mp4_with_wide_pixels_and_no_sound(recording):
    session = simulate_play("p01", SHORT)
    with av.open(str(recording)) as file:
        picture = file.streams.video[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (picture.width, picture.height) == (234, 240)
        assert picture.sample_aspect_ratio == Fraction(4, 3)
        assert picture.display_aspect_ratio == Fraction(208, 160)
        assert picture.average_rate == Fraction(25, 2)
        assert not file.streams.audio
        times_s = [frame.time for frame in file.decode(picture)]
    assert len(times_s) == session.frames
    assert np.allclose(np.diff(times_s), 0.08)


def test_a_player_finds_the_index_before_the_data(recording):
    data = recording.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_same_seed_gives_the_same_recording_byte_for_byte(recording, tmp_path):
    make_play_recording("p01", settings=PlaySettings(task_s=12.0, pause_s=2.0), path=tmp_path / "again.tmp")
    assert (tmp_path / "again.tmp").read_bytes() == recording.read_bytes()


def test_a_view_of_it_shows_what_was_painted_undistorted_and_at_the_right_time(recording, tmp_path):
    from dyadflow.media.read import read_frames

    session = simulate_play("p01", SHORT)
    grid = decode_session(
        recording,
        views={"scene": View(region="whole", width_px=52, height_px=40)},
        settings=MediaSettings(rate_hz=3.125),
        view_paths={"scene": tmp_path / "scene.mp4"},
        audio_path=tmp_path / "audio.wav",
    )
    assert grid.frames == pytest.approx(session.duration_s * 3.125, abs=0.5)
    seen = np.concatenate([np.asarray(batch) for batch in read_frames(tmp_path / "scene.mp4")]).astype(float)
    assert seen.shape == (grid.frames, 40, 52, 3)
    painted = np.stack([frame.reshape(40, 6, 52, 6, 3).mean((1, 3)) for frame in paint_play(session, SHORT)])
    numbers = np.arange(8, grid.frames - 8)
    # A picture of the view shows what was on display at the middle of its 0.32 s: of four, the second.
    shown = 4 * numbers + 1
    differences = [np.abs(seen[numbers] - painted[shown + late]).mean((1, 2, 3)) for late in (-2, -1, 0, 1, 2)]
    assert np.argmin(np.mean(differences, axis=1)) == 2
    assert np.max(differences[2]) < 6


def test_what_stands_on_the_table_is_there_during_its_task_alone():
    session = simulate_play("p02", SHORT)
    stage = Stage(session, SHORT)
    drum = np.array(stage.pen.look.toys["drum"][1])

    def near(time_s):
        picture = stage.paint(int(time_s * session.rate_hz))
        return int((np.abs(picture - drum).sum(2) < 12).sum())

    for task in session.tasks:
        middle = near((task.onset_s + task.offset_s) / 2)
        assert (middle > 300) == (task.code == "drum")
    assert near(0.4) < 100


def test_arm_and_head_move_by_several_pixels_of_what_the_network_sees():
    session = simulate_play("p03", SHORT)
    stage = Stage(session, SHORT)
    small = np.stack([
        stage.paint(number).mean(2).reshape(40, 6, 52, 6).mean((1, 3)) for number in range(0, session.frames, 4)
    ])
    swing = np.ptp(small, axis=0)
    # Arm and toy pass over a fan 15 pixels high; the head over its own width and half of it again.
    assert (swing[10:31, 24:40] > 25).sum() > 80
    assert (swing[6:20, 12:30] > 25).sum() > 50
    # Wall and floor stay as they are.
    assert swing[:4, :25].max() < 1 and swing[37:, 35:].max() < 1


def test_dyads_look_different_and_each_experimenter_the_same():
    looks = {name: draw_play_look(simulate_play(name, SHORT), SHORT) for name in SESSIONS}
    assert len({look.infant for look in looks.values()}) == 12
    assert len({look.wall for look in looks.values()}) == 12
    assert len({look.experimenter for look in looks.values()}) == 2
    by_hand = {"p02", "p05", "p07", "p09", "p12"}
    assert len({looks[name].experimenter for name in by_hand}) == 1
    assert looks["p01"].experimenter != looks["p02"].experimenter


def test_a_height_that_gives_no_whole_width_is_refused():
    with pytest.raises(ValueError, match="multiple of 80"):
        PlaySettings(height_px=200)
    assert (PlaySettings(height_px=160).shown_px, PlaySettings(height_px=160).stored_px) == (208, 156)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(DyadflowError, match="ffmpeg could not encode the session"):
        make_play_recording("p01", settings=SHORT, path=tmp_path / "nowhere" / "p01.mp4")
