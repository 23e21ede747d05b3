"""Guards that a copy to share holds codes where the lab's own results hold names, or is refused with every reason."""

import json

import h5py
import numpy as np
import pytest
from PIL import Image

from dyadflow.errors import DyadflowError
from dyadflow.privacy.names import tells_more_than
from dyadflow.privacy.share import NotShared
from dyadflow.study.plan import Plan
from dyadflow.study.sharing import find_unshareable, names_of, persons_in, share_study
from dyadflow.study.study import load_study

MEDIA = "Anna_Mueller_2019.mp4"


@pytest.fixture
def study(small):
    """Session s1's files are called after a child, those of s2 lie in a folder that is; the others are codes."""
    small.sessions[1] = f"s1\td1\t{MEDIA}\t2019-03-04"
    small.sessions[2] = "s2\td2\tBertram K/s2.mp4\t2018-11-30"
    small.sessions[3:] = ["s3\td3\ts3.mp4\t2019-01-01", "s4\td4\ts4.mp4\t2019-02-02"]
    small.coding[1] = "s1\tA\tAnna_Mueller_final.eaf"
    return small


@pytest.fixture
def results(study):
    """What a run of it could leave, small."""
    folder = study.folder / "results" / "small"

    def write(name, content):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)

    write("annotations/files.tsv", "session\tcoder\tfile\ns1\tA\tAnna_Mueller_final.eaf\ns2\tA\ts2.txt\n")
    write("annotations/segments.tsv", 'session\tcode\tcomment\ns1\ta\tAnna laughs\ns1\tb\t\ns2\ta\t"so, ""there"""\n')
    write("annotations/account.html", "<html><td>Anna_Mueller_final.eaf</td><td>line 3</td>")
    write("media/s1/probe.json", json.dumps({"file": MEDIA}))
    write("prediction/s2.eaf", '<?xml version="1.0"?><M RELATIVE_MEDIA_URL="../../data/Bertram%20K/s2.mp4"/>')
    write("provenance/features/x.json", json.dumps({"weights": "/home/anna/weights/dinov2"}))
    write("logs/x.log", f"/home/anna/{MEDIA}")
    write("private/media/s1/infant.mp4", "a film")
    write("features/motion/batch0.tsv", "session\tfile\ns1\tinfant/s1.h5\n")
    write("figures/.part-x.pdf", "half")
    with h5py.File(folder / "features/motion/s1.h5", "w") as file:
        file["values"] = np.zeros((4, 2), np.float32)
        file.attrs["weights"] = "/home/anna/weights/dinov2"
    return folder


def copied(study, **settings):
    for place, value in settings.items():
        study.study.setdefault("privacy", {})[place] = value
    into = study.folder / "copy"
    share_study(study.write(), into, results=study.folder / "results")
    return {
        path.relative_to(into).as_posix(): path.read_text() for path in into.rglob("*") if path.is_file()}


def test_in_the_labs_own_results_every_name_is_found_with_what_to_do(study, results):
    found = find_unshareable(study.write(), study.folder / "results")
    assert [finding.sentence() for finding in found if finding.file == "annotations/files.tsv"] == [
        "annotations/files.tsv, line 2: 'Anna_Mueller_final.eaf' is the name of a coding file. "
        "Copy with `dyadflow share`, which writes the code in its place."]
    assert {finding.file for finding in found} == {
        "annotations/files.tsv", "annotations/account.html", "media/s1/probe.json", "prediction/s2.eaf",
        "provenance/features/x.json", "features/motion/s1.h5"}


def test_the_copy_has_codes_and_leaves_the_rest_as_it_is(study, results):
    files = copied(study)
    assert set(files) == {
        "annotations/files.tsv", "annotations/segments.tsv", "annotations/account.html", "media/s1/probe.json",
        "prediction/s2.eaf", "provenance/features/x.json", "features/motion/batch0.tsv", "shared.tsv"}
    assert files["annotations/files.tsv"] == "session\tcoder\tfile\ns1\tA\ts1_A.eaf\ns2\tA\ts2.txt\n"
    assert files["annotations/account.html"] == "<html><td>s1_A.eaf</td><td>line 3</td>"
    assert files["media/s1/probe.json"] == '{"file": "s1.mp4"}'
    assert files["prediction/s2.eaf"] == '<?xml version="1.0"?><M RELATIVE_MEDIA_URL="../../data/d2/s2.mp4"/>'
    assert files["provenance/features/x.json"] == '{"weights": ".../dinov2"}'
    assert files["annotations/segments.tsv"] == "session\tcode\tcomment\ns1\ta\t\ns1\tb\t\ns2\ta\t\n"
    rewritten = {row.split("\t")[0]: row.split("\t")[2] for row in files["shared.tsv"].splitlines()[1:]}
    assert [name for name, how in rewritten.items() if how == "no"] == ["features/motion/batch0.tsv"]
    # The lab's own results stay as they were.
    assert MEDIA in (results / "media/s1/probe.json").read_text()


def test_streams_and_comments_are_copied_when_asked_for(study, results):
    study.study["privacy"] = {"comments": True}
    share_study(study.write(), study.folder / "copy", results=study.folder / "results", features=True)
    with h5py.File(study.folder / "copy/features/motion/s1.h5") as file:
        assert file.attrs["weights"] == ".../dinov2"
    assert "Anna laughs" in (study.folder / "copy/annotations/segments.tsv").read_text()


def test_a_copy_is_refused_as_a_whole_with_every_reason(study, results):
    Image.new("RGB", (8, 8)).save(results / "report.png")
    with pytest.raises(NotShared) as refused:
        copied(study, names=["laughs", "line"], comments=True)
    assert [finding.split(":")[0] for finding in refused.value.findings] == [
        "annotations/account.html, line 1", "annotations/segments.tsv, line 2", "report.png"]
    assert str(refused.value).endswith(
        "nothing was copied, because of 3 things that must not be shared. Do what the lines above say, "
        "and share again.")
    assert not (study.folder / "copy").exists() and not (study.folder / ".part-copy").exists()


def test_a_covariate_that_is_private_reaches_no_rule_and_its_values_are_looked_for(study, results):
    study.study["privacy"] = {"private_covariates": ["age"]}
    loaded = load_study(study.write())
    assert [session.covariates for session in loaded.sessions] == [{}] * 4
    given = Plan({loaded.name: loaded}, scripts="").annotations.dyads_and_covariates(
        type("Job", (), {"study": loaded.name, "session": "s1"}))
    assert "2019-03-04" not in str(given)
    (results / "behaviour").mkdir()
    (results / "behaviour" / "wide.tsv").write_text("session\tage\ns1\t2019-03-04\n")
    with pytest.raises(NotShared) as refused:
        copied(study)
    assert [finding.split(". ")[0] for finding in refused.value.findings] == [
        "behaviour/wide.tsv, line 2: '2019-03-04' is a value of age, which the study keeps private",
        "behaviour/wide.tsv, line 1: 'age' is a covariate that the study keeps private"]


@pytest.mark.parametrize(("setting", "told"), [
    ({"private_covariates": ["agee"]}, "names 'agee', which is no column of the sheet of sessions. Did you mean 'age'"),
    ({"persons": {"scene": 2}}, "privacy.persons: 'scene' is not among infant"),
])
def test_a_mistyped_setting_is_told_because_it_would_be_shared(study, setting, told):
    study.study["privacy"] = setting
    with pytest.raises(DyadflowError) as error:
        load_study(study.write())
    assert told in str(error.value)


def test_a_private_covariate_cannot_be_asked_for_in_a_result(study):
    study.study["privacy"] = {"private_covariates": ["age"]}
    study.study["evaluation"] = {"covariates": ["age"]}
    with pytest.raises(DyadflowError, match=r"evaluation\.covariates names 'age', which privacy"):
        load_study(study.write())


def test_coders_are_looked_for_only_where_their_names_are_private(study):
    def words(**privacy):
        study.study["privacy"] = privacy
        return {name.word for name in names_of(load_study(study.write())).names}

    study.coding[1:] = [line.replace("\tA\t", "\tCarla\t") for line in study.coding[1:]]
    for role in ("train_coders", "score_coders"):
        study.study["protocols"]["corrected"][role] = ["Carla"]
    assert words() == {MEDIA, "Anna_Mueller_2019", "Anna_Mueller_final.eaf", "Anna_Mueller_final", "Bertram K"}
    assert words(coders_are_names=True) - words() == {"Carla"}


@pytest.mark.parametrize(("name", "more"), [
    ("s1", False), ("s1_A", False), ("s1-infant-coding", False), ("A s1 (s1)", False),
    ("s11", True), ("s1_Anna", True), ("2019-03-04", True),
])
def test_a_name_of_nothing_but_codes_gives_nothing_away(name, more):
    assert tells_more_than(name, ["s1", "A", "infant", "coding"]) is more


def test_a_view_of_most_of_the_picture_shows_two_persons_unless_the_study_says_otherwise(study):
    study.study["media"]["views"]["scene"] = {"width_px": 32, "height_px": 32}
    study.study["media"]["views"]["table"] = {"region": [0.1, 0.1, 0.8, 0.8], "width_px": 32, "height_px": 32}
    loaded = load_study(study.write())
    assert [persons_in(loaded, loaded.sessions[0], view) for view in ("infant", "scene", "table")] == [1, 2, 2]
    study.study["privacy"] = {"persons": {"scene": 3}}
    assert persons_in(load_study(study.write()), loaded.sessions[0], "scene") == 3


def test_pictures_leave_with_faces_blurred_and_are_listed(study, results):
    (results / "private/streams").mkdir()
    noise = np.random.default_rng(1).integers(0, 200, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(results / "private/streams/s1.png")
    into = study.folder / "copy"
    share_study(study.write(), into, results=study.folder / "results", pictures=True)
    header, row = (into / "blurred.tsv").read_text().splitlines()
    assert dict(zip(header.split("\t"), row.split("\t"), strict=True)) | {"sha256": ""} == {
        "file": "pictures/s1.png", "parts": "1", "blurred_whole": "1", "share_blurred_whole": "1.0", "sound": "no",
        "sha256": ""}
    with Image.open(into / "pictures/s1.png") as picture:
        assert np.asarray(picture).std() < 0.5 * noise.std()
    assert find_unshareable(into) == []
    # Another picture in its place is not what was blurred.
    Image.fromarray(noise).save(into / "pictures/s1.png")
    assert [(finding.file, finding.kind) for finding in find_unshareable(into)] == [("pictures/s1.png", "picture")]


def test_sound_without_films_is_refused(study, results):
    with pytest.raises(DyadflowError, match="sound is shared with films only"):
        share_study(study.write(), study.folder / "copy", results=study.folder / "results", sound=True)
