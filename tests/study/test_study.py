"""Guards the front door: what is wrong with a study is said in one sentence, before anything is computed."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from dyadflow.errors import DyadflowError
from dyadflow.study.schema import json_schema, settings_table
from dyadflow.study.study import load_study

ROOT = Path(__file__).parents[2]


def sentence(small):
    with pytest.raises(DyadflowError) as raised:
        load_study(small.write())
    text = str(raised.value)
    assert "\n" not in text and text.endswith(".")
    return text.replace(str(small.folder), "S")


def test_a_whole_study_loads_with_paths_from_the_folder_of_the_file(small):
    study = load_study(small.write())
    assert [session.name for session in study.sessions] == ["s1", "s2", "s3", "s4"]
    assert Path(study.session("s2").media) == small.folder / "s2.mp4"
    assert study.session("s3").covariates == {"age": "3"}
    assert study.is_coded("s1")


@pytest.mark.parametrize(("place", "value", "expected"), [
    ("media.rate_hertz", 25, "S/study.yaml: there is no setting called 'media.rate_hertz'. Did you mean 'rate_hz'."),
    ("media.views.infant.heigth_px", 3,
     "S/study.yaml: there is no setting called 'media.views.infant.heigth_px'. Did you mean 'height_px'."),
    ("protocols.corrected.train_coder", ["A"],
     "S/study.yaml: there is no setting called 'protocols.corrected.train_coder'. Did you mean 'train_coders'."),
    ("evaluation", {"comparisons": [{"target": "infant", "stream": "both", "network": "linear", "metrik": 1}]},
     "S/study.yaml: there is no setting called 'evaluation.comparisons.0.metrik'. Did you mean 'metric'."),
    ("targets", ["child"], "S/study.yaml: target 'child' is not in the scheme two-codes; there are infant. "
     "Name one of these under targets."),
    ("folds.outer", 9, "S/study.yaml: folds.outer is 9, but only 4 dyads are coded. Set folds.outer to at most 4, "
     "or add coded dyads."),
    ("folds.inner", 3, "S/study.yaml: folds.inner is 3, but an outer fold may leave no more than 2 to train on. "
     "Set folds.inner to at most 2."),
    ("media.rate_hz", "fast", "S/study.yaml: media.rate_hz: Input should be a valid number, unable to parse string "
     "as a number, not 'fast'. Correct the setting."),
    ("models.streams.both", ["{role}.motio"],
     "S/study.yaml: models.streams.both: '{role}.motio' names extractor 'motio'; there are logmel, motion. "
     "Correct the setting."),
])
def test_a_faulty_setting_is_one_sentence(small, place, value, expected):
    assert sentence(small.change(place, value)) == expected


@pytest.mark.parametrize(("sheet", "line", "expected"), [
    ("sessions", "s1\td9\tx.mp4\t1", "S/sessions.tsv, line 6: session 's1' stands there twice. "
     "Give each session one line."),
    ("sessions", "s 9\td9\tx.mp4\t1", "S/sessions.tsv, line 6: 's 9' cannot name a session. "
     "Use letters, digits, - and _ only, beginning with a letter or digit."),
    ("sessions", "s9\td9\t\t1", "S/sessions.tsv, line 6: session 's9' names no recording. Fill in the column media."),
    ("coding", "s7\tA\tx.txt", "S/coding.tsv, line 6: there is coding for session 's7', which is not in the sheet of "
     "sessions. Correct the name, or add the session with its recording."),
    ("coding", "s1\tA\tx.txt", "S/coding.tsv, line 6: coder 'A' stands twice with session 's1'. Give the two coders "
     "different names, or remove one of the files."),
])
def test_a_faulty_line_of_a_sheet_is_one_sentence(small, sheet, line, expected):
    getattr(small, sheet).append(line)
    assert sentence(small) == expected


def test_a_sheet_without_a_column_says_which_it_has(small):
    small.coding = ["session\tcoder\tfile", "s1\tA\ts1.txt"]
    assert sentence(small) == (
        "S/coding.tsv: column 'path' is missing; there are 'session', 'coder', 'file'. "
        "Add it to the header line, separated by tabs.")


def test_a_session_keeps_its_name_even_if_it_looks_like_a_number(small):
    small.sessions.append("007\t007\ts1.mp4\t4.0")
    study = load_study(small.write())
    assert study.session("007").covariates == {"age": "4.0"}


def test_regions_offsets_and_phases_of_a_session_come_from_the_sheet(small):
    small.sessions = ["session\tdyad\tmedia\tviews\toffset\tphases"] + [
        f"s{n}\td{n}\ts{n}.mp4\tinfant=right\t2,5\tplay 0-20.5; pause 20.5-22" for n in range(1, 5)]
    session = load_study(small.write()).session("s1")
    assert session.views == {"infant": "right"}
    assert session.offset_s == 2.5
    assert session.phases == (("play", 0.0, 20.5), ("pause", 20.5, 22.0))


def test_a_mistyped_region_in_the_sheet_is_one_sentence(small):
    small.sessions = ["session\tdyad\tmedia\tviews"] + [f"s{n}\td{n}\ts{n}.mp4\tinfant=rigth" for n in range(1, 5)]
    assert sentence(small) == (
        "sessions.tsv: session s1 places view 'infant' at 'rigth'. "
        "Use whole, left, right, top, bottom in the column views.")


def test_a_session_without_coding_is_no_fault_and_does_not_count_as_a_coded_dyad(small):
    small.sessions.append("s5\td5\ts5.mp4\t5")
    assert not load_study(small.write()).is_coded("s5")
    assert sentence(small.change("folds.outer", 5)).startswith("S/study.yaml: folds.outer is 5, but only 4 dyads")


def test_the_committed_schema_is_the_one_that_the_settings_generate():
    committed = (ROOT / "config" / "study.schema.json").read_text()
    assert committed == json_schema(), "run: dyadflow schema > config/study.schema.json"


def test_the_committed_table_of_settings_is_the_one_that_the_settings_generate():
    committed = (ROOT / "docs" / "settings.md").read_text()
    assert committed.endswith(settings_table()), "run: make docs"


@pytest.mark.parametrize("file", sorted((ROOT / "config" / "studies").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_study_that_ships_loads_and_names_the_schema(file):
    study = load_study(file)
    assert study.name == file.stem
    assert file.read_text().startswith("# yaml-language-server: $schema=../study.schema.json\n")
    keys = json.loads(json_schema())["properties"]
    assert set(yaml.safe_load(file.read_text())) <= set(keys)


def test_the_second_paper_stands_at_full_size():
    study = load_study(ROOT / "config" / "studies" / "guided-play.yaml")
    assert len(study.sessions) == 23 and len(study.coding) == 5 * 3 + 18 * 2
    held_out = {
        coder: sum(
            coder not in {coding.coder for coding in study.coding_of(session.name)} for session in study.sessions
        )
        for coder in "ABC"
    }
    assert held_out == {"A": 6, "B": 6, "C": 6}
    settings, video = study.settings, study.settings.models.video["mc3"]
    assert settings.media.rate_hz == 25 / 8 and video.frames == 15 and video.passes == 100 and video.strata == 10
    view = settings.media.views["scene"]
    assert (view.width_px, view.height_px, view.fit) == (208, 160, "letterbox")
    assert (settings.folds.method, settings.folds.outer, settings.folds.inner) == ("searched", 5, 4)
    assert settings.folds.candidates == 100_000 and set(settings.folds.in_every_fold) == {"experimenter", "block"}
    assert len(settings.targets) == 6 and set(settings.protocols) == {"corrected", "as_published"}
    assert (video.network, video.weights, video.options) == ("mc3_18", "kinetics400", {})
    assert (video.augmentation.crop_px, video.augmentation.test_crop_px) == (112, 160)


def video_study(small):
    """The small study with a video network in place of the others, and a scheme of two tasks."""
    small.change("models", {"video": {"mc3": {"views": ["infant"], "augmentation": {"test_crop_px": 16}}}})
    return small


def test_a_video_networks_study_says_what_does_not_fit_in_one_sentence(small):
    small = video_study(small)
    assert sentence(small).startswith(
        "S/study.yaml: target infant has 2 classes and 0 phases of its own; a video network tells two classes apart "
        "within one phase. Name targets")
    small.change("models.video.mc3.augmentation.test_crop_px", 500)
    assert "test_crop_px is 500, and view infant is " in sentence(small)
    small.change("models.video.mc3.views", ["scene"])
    assert "models.video.mc3.views: 'scene' is not among infant" in sentence(small)
    small.change("models.video.mc3.views", ["infant"])
    small.change("models.video.mc3.augmentation.test_crop_px", 16)
    small.change("models.video.mc3.weigths", "untrained")
    assert sentence(small).endswith("there is no setting called 'models.video.mc3.weigths'. Did you mean 'weights'.")


def test_as_published_asks_for_the_paper_s_folds_unless_the_study_says_otherwise(small):
    small.change("protocols.corrected.preset", "as_published")
    assert "protocols.corrected.outer is 20, but only" in sentence(small)
    small.change("protocols.corrected.outer", 2)
    small.change("protocols.corrected.inner", 99)
    assert "protocols.corrected.inner is 99, but an outer fold may leave no more than" in sentence(small)
    small.change("protocols.corrected.inner", 2)
    study = load_study(small.write())
    assert study.settings.protocols["corrected"].deals_anew


@pytest.mark.parametrize(("key", "value", "words"), [
    ("streams", ["vision"], "protocols.corrected.streams: 'vision' is not among"),
    ("networks", ["lstm"], "protocols.corrected.networks: 'lstm' is not among"),
    ("extractors", {"motion": "dinov9"}, "protocols.corrected.extractors: 'dinov9' is not among"),
    ("space", {"momentum": [0.9]}, "protocols.corrected.space: 'momentum' is not among"),
    ("split", "frame", "'dyad', 'session' or 'frames'"),
])
def test_a_protocol_names_what_there_is(small, key, value, words):
    small.change(f"protocols.corrected.{key}", value)
    assert words in sentence(small)


def test_a_fold_condition_on_a_column_that_the_sheet_lacks_is_one_sentence(small):
    small.change("folds", {"method": "searched", "outer": 4, "in_every_fold": {"experimenter": ["2"]}})
    assert sentence(small) == (
        "S/study.yaml: folds.in_every_fold names 'experimenter', which is no column of the sheet of sessions. Use one "
        "of age, or add the column.")


def test_a_demo_of_either_paradigm_is_read_and_a_mistyped_key_of_it_is_named(small):
    small.change("demo", {"seed": 3})
    assert load_study(small.write()).settings.demo.paradigm == "still-face"
    small.change("demo", {"paradigm": "guided-play", "seed": 3})
    assert load_study(small.write()).settings.demo.paradigm == "guided-play"
    small.change("demo", {"paradigm": "guided-play", "sed": 3})
    assert "Did you mean 'seed'" in sentence(small)


def test_the_first_paper_stands_at_full_size():
    study = load_study(ROOT / "config" / "studies" / "icep-r.yaml")
    assert len(study.sessions) == 92
    assert sum(session.covariates["group"] == "anxiety" for session in study.sessions) == 39
    extractors = study.settings.features.extractors
    assert extractors["dinov2"].weights == "facebook/dinov2-large"
    assert extractors["w2vbert"].weights == "facebook/w2v-bert-2.0"
    assert all(len(extractors[name].revision) == 40 for name in ("dinov2", "w2vbert"))
    # Algorithm 1 of the paper.
    space = study.settings.models.networks["bilstm"].space
    assert (space["window"], space["batch"], space["hidden"]) == ([25, 50, 400], [64, 128, 512], [128, 256, 512])


def test_a_page_says_of_protocols_of_video_networks_only_what_concerns_them():
    from dyadflow.study.plan import Plan

    root = Path(__file__).parents[2]
    for name, whole in (("guided-play", False), ("icep-r", True)):
        plan = Plan.load([str(root / f"config/studies/{name}.yaml")], root / "workflow/scripts")
        told = plan.report.study(SimpleNamespace(study=name))["protocols"]["as_published"]
        assert told["preset"] == "as_published" and ("projection" in told) is whole and ("split" in told) is whole
