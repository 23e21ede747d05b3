"""The recordings: real files, and what happens in them can be seen and heard."""

import av
import numpy as np
import pytest

from dyadflow.demo.behaviour import STILL_FACE, Bout, Session, simulate_session
from dyadflow.demo.dyads import describe_dyad
from dyadflow.demo.poses import FIELDS, pose_role
from dyadflow.demo.settings import DemoSettings
from dyadflow.demo.sound import SOUND_RATE_HZ, synthesise_sound
from dyadflow.demo.voices import plan_voice
from dyadflow.demo.write import make_recording
from dyadflow.errors import DyadflowError

#: As short as a session can be, so that the tests are quick.
SHORT = DemoSettings(duration_s=15.0)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "d01.mp4"
    make_recording("d01", settings=SHORT, path=path)
    return path


def doing(infant, caregiver, *, name="d01", duration_s=24.0):
    """A session in which each role does one thing, with a still-face from 10 to 18 s."""
    phases = (
        Bout("play", 1.0, 9.0),
        Bout("turn-away", 9.0, 10.0),
        Bout(STILL_FACE, 10.0, 18.0),
        Bout("reunion", 18.0, 23.0),
    )
    return Session(
        name,
        describe_dyad(name),
        int(duration_s * 25),
        25.0,
        phases,
        (Bout(infant, 0.0, duration_s),),
        (Bout(caregiver, 0.0, duration_s),),
    )


def pitch_track_hz(samples):
    """Fundamental frequency in windows of 40 ms, by the strongest autocorrelation between 130 and 600 Hz."""
    width, found = SOUND_RATE_HZ // 25, []
    for start in range(0, len(samples) - width, width):
        window = samples[start : start + width] * np.hanning(width)
        power = np.abs(np.fft.rfft(window, 2 * width)) ** 2
        lags = np.fft.irfft(power)[:width]
        first, last = SOUND_RATE_HZ // 600, SOUND_RATE_HZ // 130
        if lags[0] > 0.05 * width * 0.1**2:
            found.append(SOUND_RATE_HZ / (first + lags[first:last].argmax()))
    return np.array(found)


def test_a_recording_is_an_ordinary_mp4_with_picture_and_sound(recording):
    session = simulate_session("d01", SHORT)
    with av.open(str(recording)) as file:
        picture, sound = file.streams.video[0], file.streams.audio[0]
        assert (picture.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        assert (picture.width, picture.height) == (320, 160)
        assert picture.codec_context.pix_fmt == "yuv420p"
        assert float(picture.average_rate) == 25.0
        assert sound.rate == SOUND_RATE_HZ
        frames = [frame for frame in file.decode(picture)]
        assert len(frames) == session.frames
        assert np.allclose(np.diff([frame.time for frame in frames]), 0.04)
    with av.open(str(recording)) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
        assert samples / SOUND_RATE_HZ == pytest.approx(session.duration_s, abs=0.05)


def test_a_player_finds_the_index_before_the_data(recording):
    data = recording.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_same_seed_gives_the_same_recording_byte_for_byte(recording, tmp_path):
    make_recording("d01", settings=DemoSettings(duration_s=15.0), path=tmp_path / "again.tmp")
    assert (tmp_path / "again.tmp").read_bytes() == recording.read_bytes()


def test_the_picture_shows_two_different_halves_that_move(recording):
    with av.open(str(recording)) as file:
        frames = np.stack([frame.to_ndarray(format="gray") for frame in file.decode(video=0)])[::5].astype(
            float
        )
    left, right = frames[:, :, :160], frames[:, :, 160:]
    assert np.abs(left.mean(0) - right.mean(0)).mean() > 10
    for half in (left, right):
        assert half.std() > 20
        assert np.abs(np.diff(half, axis=0)).mean() > 0.5


def test_each_code_has_a_posture_of_its_own():
    from dyadflow.demo.behaviour import CAREGIVER_CODES, INFANT_CODES

    for role, codes in (("infant", INFANT_CODES), ("caregiver", CAREGIVER_CODES)):
        sessions = [
            doing(code if role == "infant" else "Ineu", code if role == "caregiver" else "Cneu")
            for code in codes
        ]
        means = np.stack([pose_role(session, role, SHORT)[:200].mean(0) for session in sessions])
        distances = np.abs(means[:, None] - means[None]).max(2) + np.eye(len(codes)) * 99
        assert distances.min() > 0.3


def test_a_posture_passes_into_the_next_half_way_at_the_boundary():
    session = doing("Ineu", "Cneu")
    infant = (Bout("Ineu", 0.0, 12.0), Bout("Ipos", 12.0, 24.0))
    session = Session(
        session.name, session.dyad, session.frames, 25.0, session.phases, infant, session.caregiver
    )
    smile = pose_role(session, "infant", SHORT)[:, FIELDS.index("smile")]
    before, after = smile[:280].mean(), smile[320:].mean()
    crossing = np.argmax(smile > (before + after) / 2) / 25.0
    assert crossing == pytest.approx(12.0, abs=0.05)


def test_in_the_still_face_the_caregiver_keeps_still_and_silent():
    session = doing("Ineu", "Cneu")
    poses = pose_role(session, "caregiver", SHORT)
    moving = np.abs(np.diff(poses[:, FIELDS.index("head_x")]))
    play, still = moving[2 * 25 : 8 * 25].mean(), moving[11 * 25 : 17 * 25].mean()
    assert still < 0.25 * play
    for name in [f"s{number}" for number in range(20)]:
        spoken = plan_voice(doing("Ineu", "Cneu", name=name), "caregiver", SHORT)
        assert not [one for one in spoken if 10.0 <= one.onset_s < 18.0]


def test_motherese_is_higher_livelier_and_more_frequent_than_flat_speech():
    settings, tracks, counts = DemoSettings(room_noise_db=-80.0), {}, {}
    for code in ("Cneu", "Cpvc"):
        session = doing("Islp", code, duration_s=60.0)
        spoken = plan_voice(session, "caregiver", settings)
        counts[code] = len(spoken)
        samples = synthesise_sound(session, settings) / 32768
        tracks[code] = [
            pitch_track_hz(samples[int(one.onset_s * SOUND_RATE_HZ) : int(one.offset_s * SOUND_RATE_HZ)])
            for one in spoken
        ]
    assert counts["Cpvc"] > 2 * counts["Cneu"] > 0
    medians = {code: np.median(np.concatenate(found)) for code, found in tracks.items()}
    assert medians["Cneu"] == pytest.approx(195, rel=0.15)
    assert medians["Cpvc"] == pytest.approx(275, rel=0.2)
    swings = {
        code: np.median([np.std(np.log(track)) for track in found if len(track) > 5])
        for code, found in tracks.items()
    }
    assert swings["Cpvc"] > 2 * swings["Cneu"]


def test_a_cry_is_loud_and_withdrawal_is_nearly_silent():
    settings = DemoSettings(room_noise_db=-80.0)
    cry, quiet = (
        synthesise_sound(doing(code, "Cwit", name="q"), settings)[: 9 * SOUND_RATE_HZ].astype(float)
        for code in ("Ipro", "Islp")
    )
    assert cry.std() > 5 * quiet.std()
    assert np.abs(cry).max() < 32767


def test_the_sound_is_exactly_as_long_as_the_picture():
    session = simulate_session("d07", SHORT)
    assert len(synthesise_sound(session, SHORT)) == round(session.duration_s * SOUND_RATE_HZ)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(DyadflowError, match="ffmpeg could not encode the session"):
        make_recording("d01", settings=SHORT, path=tmp_path / "nowhere" / "d01.mp4")
