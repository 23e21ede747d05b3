"""Guards that no face is to be seen in what is exported: what is found is destroyed, what is missed takes all along."""

import re
from pathlib import Path

import av
import matplotlib
import numpy as np
import pytest
from PIL import Image

import dyadflow
from dyadflow.errors import DyadflowError
from dyadflow.media.encoding import encode_frames
from dyadflow.media.read import read_frames
from dyadflow.privacy.faces.blurring import blur_faces, blur_whole
from dyadflow.privacy.faces.detectors.yunet import YuNetDetector
from dyadflow.privacy.faces.exporting import blur_film, blur_picture, regions_of
from dyadflow.privacy.faces.holding import WHOLE, plan_blurring
from dyadflow.privacy.faces.registry import Face, load_detector


@pytest.fixture(scope="module")
def portrait():
    """A portrait in the public domain (Grace Hopper, U.S. Navy), which comes with Matplotlib."""
    with Image.open(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg") as picture:
        return np.asarray(picture.convert("RGB").resize((192, 224)))


@pytest.fixture(scope="module")
def haar():
    return load_detector("haar")


def likeness(one, other):
    """Correlation of two pictures' details: what is left once each is taken relative to its surroundings."""
    def details(picture):
        grey = picture.astype(float).mean(axis=2)
        padded = np.pad(grey, 8, mode="edge")
        around = np.lib.stride_tricks.sliding_window_view(padded, (17, 17)).mean(axis=(2, 3))
        return (grey - around).ravel()

    return float(np.corrcoef(details(one), details(other))[0, 1])


def middle(face):
    return face.x + face.width / 2, face.y + face.height / 2


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_haar_finds_a_face_however_the_picture_is_turned(portrait, haar, quarter_turns):
    turned = np.ascontiguousarray(np.rot90(portrait, quarter_turns))
    sure = [face for face in haar.find(turned, 1) if face.sure]
    # In the portrait the nose is at about 102, 82 of 192 by 224; np.rot90 turns against the clock.
    expected = [(102, 82), (82, 90), (90, 142), (142, 102)][quarter_turns]
    assert any(np.hypot(middle(face)[0] - expected[0], middle(face)[1] - expected[1]) < 20 for face in sure)


def test_what_was_blurred_is_not_found_again_and_is_not_like_what_it_was(portrait, haar):
    faces = haar.find(portrait, 1)
    blurred = blur_faces(portrait, faces)
    assert [face for face in haar.find(blurred, 1) if face.sure] == []
    face = max(faces, key=lambda face: face.width)
    place = np.s_[int(face.y):int(face.y + face.height), int(face.x):int(face.x + face.width)]
    assert likeness(portrait[place], blurred[place]) < 0.5
    # Four cells and the space between them: far fewer levels of detail than there are pixels.
    spectrum = np.abs(np.fft.fft2(blurred[place].mean(axis=2)))
    kept = np.abs(np.fft.fft2(portrait[place].mean(axis=2)))
    assert spectrum[5:-5, 5:-5].sum() < 0.05 * kept[5:-5, 5:-5].sum()
    assert (blurred[-20:] == portrait[-20:]).all(), "what is no face stays as it was"


def test_a_picture_in_which_nobody_is_found_is_blurred_whole(tmp_path, portrait, haar):
    wall = np.full((224, 192, 3), 120, np.uint8)
    wall[::4] = 30
    Image.fromarray(wall).save(tmp_path / "wall.png")
    made = blur_picture(tmp_path / "wall.png", tmp_path / "out.png", haar)
    assert (made.parts, made.whole) == (1, 1)
    with Image.open(tmp_path / "out.png") as picture:
        assert np.asarray(picture).std() < 0.2 * wall.std()


def test_each_picture_on_a_page_is_judged_by_itself_and_letters_stay(tmp_path, portrait, haar):
    page = np.full((300, 500, 3), 255, np.uint8)
    page[40:264, 20:212], page[40:264, 230:422] = portrait, portrait[::-1, :, ::-1] // 2
    page[10:20, 30:60] = 0
    assert sorted(regions_of(page)) == [(20, 40, 192, 224), (230, 40, 192, 224)]
    page[40:264, 230:422][::2] = 90
    Image.fromarray(page).save(tmp_path / "page.png")
    made = blur_picture(tmp_path / "page.png", tmp_path / "out.png", haar)
    with Image.open(tmp_path / "out.png") as picture:
        out = np.asarray(picture)
    assert (made.parts, made.whole) == (2, 1)
    assert (out[10:20, 30:60] == 0).all()
    assert [face for face in haar.find(out[40:264, 20:212], 1) if face.sure] == []
    # With two persons expected in each, one found is not enough.
    told = Told([Face(65, 45, 80, 80)], [])
    assert blur_picture(tmp_path / "page.png", tmp_path / "out.png", told, persons=2).whole == 2


HERE, NEAR, FAR = Face(10, 10, 20, 20), Face(14, 10, 20, 20), Face(80, 10, 20, 20)


def test_a_face_is_held_over_a_short_gap_and_all_is_blurred_beyond_it():
    found = [[HERE], [HERE], [], [NEAR], [NEAR], [], [], [], [], []]
    plan = plan_blurring(found, persons=1, gap_frames=2)
    assert plan[:2] == [[HERE], [HERE]] and plan[3:5] == [[NEAR], [NEAR]]
    # The gap: where the face was, will be, and what lies between.
    assert set(plan[2]) == {HERE, NEAR, Face(10, 10, 24, 20)}
    assert plan[5:] == [WHOLE] * 5


def test_fewer_faces_than_persons_is_not_enough():
    found = [[HERE], [HERE], [HERE]]
    assert plan_blurring(found, persons=2, gap_frames=2) == [WHOLE] * 3
    assert plan_blurring([[HERE, FAR]] * 3, persons=2, gap_frames=2) == [[HERE, FAR]] * 3
    # The same face found twice is one.
    assert plan_blurring([[HERE, NEAR]] * 3, persons=2, gap_frames=2) == [WHOLE] * 3


def test_what_is_seen_in_one_frame_alone_or_is_not_sure_counts_as_nobody():
    assert plan_blurring([[], [HERE], [], [FAR], []], persons=1, gap_frames=3) == [WHOLE] * 5
    doubtful = Face(10, 10, 20, 20, sure=False)
    assert plan_blurring([[doubtful]] * 3, persons=1, gap_frames=3) == [WHOLE] * 3


class Told:
    """A detector that is told when it finds what; films are looked at frame by frame, in order."""

    def __init__(self, *found):
        self.found = iter(found)

    def find(self, picture, persons):
        return next(self.found)


def film(path, picture, frames, rate_hz):
    encode_frames([picture] * frames, path, width_px=192, height_px=224, rate_hz=rate_hz, preset="ultrafast", crf=10)


def test_a_film_is_blurred_frame_by_frame_and_is_silent(tmp_path, portrait):
    film(tmp_path / "view.mp4", portrait, 8, 5)
    face = Face(65, 45, 80, 80)
    # Found twice, missed once, found twice; then missed for longer than 0.4 s, which is two frames.
    told = Told([face], [face], [], [face], [face], [], [], [])
    made = blur_film(tmp_path / "view.mp4", tmp_path / "out.mp4", told, persons=1, rate_hz=5)
    assert (made.parts, made.whole, made.whole_share) == (8, 3, 3 / 8)
    frames = np.concatenate(list(read_frames(tmp_path / "out.mp4")))
    assert all(likeness(frame[45:125, 65:145], portrait[45:125, 65:145]) < 0.5 for frame in frames)
    # Her jacket is left where the face was found, and gone where it was not.
    assert all(likeness(frame[170:], portrait[170:]) > 0.8 for frame in frames[:5])
    assert all(likeness(frame[170:], portrait[170:]) < 0.5 for frame in frames[5:])
    with av.open(str(tmp_path / "out.mp4")) as opened:
        assert [stream.type for stream in opened.streams] == ["video"]


def test_in_a_film_haar_finds_the_face_and_the_rest_stays(tmp_path, portrait, haar):
    film(tmp_path / "view.mp4", portrait, 5, 16)
    made = blur_film(tmp_path / "view.mp4", tmp_path / "out.mp4", haar, persons=1, rate_hz=16)
    assert (made.parts, made.whole) == (5, 0)
    frames = np.concatenate(list(read_frames(tmp_path / "out.mp4")))
    # Faces are looked for in every other frame; frame 1 is one between.
    assert [face for face in haar.find(frames[1], 1) if face.sure] == []
    assert all(likeness(frame[170:], portrait[170:]) > 0.8 for frame in frames)


def test_a_whole_picture_keeps_no_detail(portrait):
    assert likeness(blur_whole(portrait), portrait) < 0.5


def test_what_is_missing_for_a_detector_is_said_in_a_sentence(tmp_path):
    with pytest.raises(DyadflowError, match=r"called 'har'\. Use one of haar, yunet"):
        load_detector("har")
    with pytest.raises(DyadflowError, match=r"YuNet needs its weights\. Name the \.onnx file"):
        load_detector("yunet")
    (tmp_path / "net.onnx").write_bytes(b"no network")
    with pytest.raises(DyadflowError, match=r"net\.onnx: OpenCV cannot read this as YuNet"):
        load_detector("yunet", tmp_path / "net.onnx")


def test_what_yunet_says_becomes_faces():
    class Network:
        """Answers as cv2.FaceDetectorYN does: box, five points, score."""

        def setInputSize(self, size):
            self.size = size

        def detect(self, picture):
            self.first = picture[0, 0].tolist()
            return 1, np.array([[1, 2, 3, 4, *[0] * 10, 0.9], [5, 6, 7, 8, *[0] * 10, 0.6]], np.float32)

    network, picture = Network(), np.zeros((20, 30, 3), np.uint8)
    picture[..., 0] = 255
    assert YuNetDetector(network).find(picture, 1) == [Face(1, 2, 3, 4, sure=True), Face(5, 6, 7, 8, sure=False)]
    assert network.size == (30, 20) and network.first == [0, 0, 255]


def test_opencv_is_loaded_nowhere_but_where_faces_are_looked_for():
    library = Path(dyadflow.__file__).parent
    users = {
        path.relative_to(library).parts[:2] for path in library.rglob("*.py")
        if re.search(r"^\s*(import|from) cv2", path.read_text(), flags=re.MULTILINE)}
    assert users == {("privacy", "faces")}
    assert not [path for path in library.rglob("*.py") if re.search(r"^(import|from) cv2", path.read_text(), re.M)]
