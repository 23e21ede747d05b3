"""The scheme is data: it holds together, says so when it does not, and an import sees only what it needs."""

import pytest

from dyadflow.annotations.labels import EXCLUDED, UNSCORABLE, label_spec
from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.vocabulary import Place, Vocabulary
from dyadflow.errors import DyadflowError


def test_the_first_papers_classes_are_merged_from_its_codes(icep_r):
    targets = label_spec(icep_r)["targets"]
    assert targets["infant"]["classes"] == ["Ineg", "Inon", "Ineu", "Ipos"]
    assert targets["infant"]["codes"] == {
        "Ipro": 0,
        "Iwit": 0,
        "Inon": 1,
        "Ineu": 2,
        "Ipos": 3,
        "Islp": EXCLUDED,
        "Iusc": UNSCORABLE,
        "Ineg": 0,
    }
    assert targets["caregiver"]["codes"] == {
        "Cwit": 0,
        "Cint": 0,
        "Chos": 0,
        "Cnon": EXCLUDED,
        "Cneu": 1,
        "Cpvc": 2,
        "Cpos": 3,
        "Cusc": UNSCORABLE,
        "Cneg": 0,
    }
    assert targets["caregiver3"]["classes"] == ["Cneu", "Cpvc", "Cpos"]
    left_out = ("Cwit", "Cint", "Chos", "Cnon", "Cneg")
    assert {targets["caregiver3"]["codes"][code] for code in left_out} == {EXCLUDED}


def test_a_merges_name_stands_for_its_class_in_the_targets_of_its_tier_only(icep_r):
    assert icep_r.class_of_code("infant")["Ineg"] == 0 and "Cneg" not in icep_r.class_of_code("infant")
    assert icep_r.class_of_code("caregiver")["Cneg"] == 0
    assert "Cneg" not in icep_r.class_of_code("caregiver3")


def test_a_merge_is_excluded_where_a_target_tells_its_members_apart(icep_r):
    changed = icep_r.model_dump()
    changed["targets"]["infant"]["classes"] = ["Ipro", "Iwit", "Ineu"]
    codes = label_spec(read_scheme(changed))["targets"]["infant"]["codes"]
    assert [codes[code] for code in ("Ipro", "Iwit", "Ineg")] == [0, 1, EXCLUDED]


def test_a_name_that_is_both_a_code_and_a_merge_means_the_code():
    code = {"title": "x"}
    scheme = read_scheme(
        {
            "name": "s",
            "tiers": {"t": {"title": "t", "codes": {"a": code, "b": code, "c": code}}},
            "merges": {"a": {"codes": ["b", "c"]}},
            "targets": {"t": {"tier": "t", "classes": ["a", "b"]}},
        }
    )
    assert scheme.merges_of("t") == {} and scheme.class_of_code("t") == {"a": 0, "b": 1, "c": 0}


def test_turn_away_is_excluded_and_still_face_instructed(icep_r):
    assert label_spec(icep_r)["phases"]["excluded"] == ["turn-away"]
    assert [name for name, phase in icep_r.phases.codes.items() if phase.instructed] == ["still-face"]


def test_a_vocabulary_knows_the_names_of_merges_but_not_their_members_nor_targets_and_colours(icep_r):
    changed = icep_r.model_dump()
    changed["merges"]["Ineg"] |= {"codes": ["Ipro", "Iusc"], "title": "Upset", "colour": "#000000"}
    changed["targets"] = {"infant": {"tier": "infant", "classes": ["Ineu", "Ipos"]}}
    changed["tiers"]["infant"]["codes"]["Ipos"]["colour"] = "#000000"
    dumped = Vocabulary.of(icep_r).model_dump()
    assert Vocabulary.of(read_scheme(changed)).model_dump() == dumped
    assert Vocabulary.model_validate(dumped).place("Mutter", " cPOS ") == Place("caregiver", "Cpos")


@pytest.mark.parametrize(
    ("tier", "code", "place"),
    [
        ("infant", "Ipos", Place("infant", "Ipos")),
        ("Säugling", "ipos", Place("infant", "Ipos")),
        ("infant@anna", "Ipos", Place("infant", "Ipos", "anna")),
        ("Infant@anna@home", "Ipos", Place("infant", "Ipos", "anna@home")),
        ("infantile", "Ipos", Place(None)),
        ("Episode", "Still  Face", Place("phase", "still-face")),
        ("infant", "Cpos", Place("infant", None)),
        ("infant", "ineg", Place("infant", "Ineg")),
        ("infant", "Cneg", Place("infant", None)),
        ("", "Cneg", Place("caregiver", "Cneg")),
        ("", "Cpos", Place("caregiver", "Cpos")),
        ("", "Cxyz", Place(None)),
    ],
)
def test_what_a_file_says_finds_its_place_or_none(vocabulary, tier, code, place):
    assert vocabulary.place(tier, code) == place


def test_phases_coded_under_the_caregivers_name_are_told_apart_by_code(icep_r):
    changed = icep_r.model_dump()
    changed["phases"]["names"].append("Caregiver")
    vocabulary = Vocabulary.of(read_scheme(changed))
    assert vocabulary.place("Caregiver", "reunion") == Place("phase", "reunion")
    assert vocabulary.place("Caregiver", "Cneu") == Place("caregiver", "Cneu")


def test_codes_that_differ_by_capitals_alone_keep_their_capitals():
    code = {"title": "x"}
    scheme = {
        "name": "s",
        "tiers": {"t": {"title": "t", "codes": {"a": code, "A": code, "b": code}}},
        "targets": {"t": {"tier": "t", "classes": ["a", "A"]}},
    }
    vocabulary = Vocabulary.of(read_scheme(scheme))
    assert vocabulary.place("t", "A").code == "A"
    assert vocabulary.place("t", "a ").code == "a"
    assert vocabulary.place("T", "B").code == "b"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data["merges"]["Ineg"]["codes"].append("Ixyz"), "merge Ineg names Ixyz"),
        (lambda data: data["targets"]["infant"]["classes"].append("Cpos"), "class Cpos is neither"),
        (lambda data: data["phases"]["aliases"].update(game="spiel"), "alias 'game' stands for spiel"),
        (lambda data: data["tiers"].update(phase=data["tiers"]["infant"]), "a tier may not be called phase"),
        (lambda data: data.update(merge={}), "merge: Extra inputs are not permitted"),
    ],
)
def test_a_scheme_that_does_not_hold_together_says_where_in_one_line(icep_r, change, sentence):
    data = icep_r.model_dump()
    change(data)
    with pytest.raises(DyadflowError) as error:
        read_scheme(data)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_scheme_that_is_missing_or_is_not_yaml_says_so(tmp_path):
    with pytest.raises(DyadflowError, match="no such coding scheme"):
        read_scheme(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("name: [icep")
    with pytest.raises(DyadflowError, match="not YAML"):
        read_scheme(tmp_path / "bad.yaml")


@pytest.mark.parametrize(
    ("tier", "code", "place"),
    [
        ("task", " People ", Place("phase", "dolls")),
        ("Task", "EGGS", Place("phase", "shaker")),
        ("task", "drums\n", Place("phase", "drum")),
        ("participating", "Self", Place("task_engagement", "yes")),
        ("participating", " joint", Place("task_engagement", "yes")),
        ("participating", "attending", Place("task_engagement", None)),
        ("Attending ", "attending", Place("social_engagement", "yes")),
        ("attending", "Excited", Place("social_engagement", "yes")),
        ("social_engagement", "no", Place("social_engagement", "no")),
        ("ignore", "joint", Place(None)),
    ],
)
def test_the_second_papers_tiers_and_values_find_their_place(guided_play, tier, code, place):
    assert Vocabulary.of(guided_play).place(tier, code) == place


def test_the_second_papers_targets_are_a_variable_in_a_task_each(guided_play):
    spec = label_spec(guided_play)
    assert list(spec["targets"]) == [
        f"{task}-{variable}_engagement" for task in ("dolls", "shaker", "drum") for variable in ("task", "social")
    ]
    assert spec["targets"]["drum-social_engagement"] == {
        "tier": "social_engagement",
        "classes": ["no", "yes"],
        "codes": {"yes": 1, "no": 0},
        "otherwise": 0,
        "phases": ["drum"],
    }
    assert spec["phases"] == {"names": ["dolls", "shaker", "drum"], "excluded": [], "each_coder": True}


def test_the_first_papers_tiers_are_not_coded_by_presence(icep_r):
    spec = label_spec(icep_r)
    assert {(target["otherwise"], target["phases"]) for target in spec["targets"].values()} == {(None, None)}
    assert spec["phases"]["each_coder"] is False and Vocabulary.of(icep_r).ignored == []


def test_tiers_to_pass_over_are_known_by_name_and_coder(guided_play):
    vocabulary = Vocabulary.of(guided_play)
    assert [name for name in ("ignore", " Ignore", "ignore@anna", "ignored", "") if vocabulary.ignores(name)] == [
        "ignore", " Ignore", "ignore@anna"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data["tiers"]["task_engagement"].update(otherwise="nay"), "otherwise names nay"),
        (lambda data: data.update(phases=None), "tier task_engagement: otherwise is the code of what nobody marks"),
        (lambda data: data["phases"].update(spans="own"), "phases.spans"),
        (lambda data: data["targets"]["drum-task_engagement"].update(phases=["drums"]), "names phase drums, which"),
        (lambda data: data["phases"]["codes"]["drum"].update(excluded=True), "names phase drum, which is excluded"),
        (lambda data: data["ignored"].append("Attending "), "'Attending ' is both ignored and one of the scheme"),
        (lambda data: data["ignored"].append("phase"), "'phase' is both ignored"),
        (
            lambda data: data["tiers"]["task_engagement"].update(codes={True: {"title": "x"}}),
            "write codes such as yes and no in quotes",
        ),
    ],
)
def test_a_scheme_of_presence_that_does_not_hold_together_says_where(guided_play, change, sentence):
    data = guided_play.model_dump()
    change(data)
    with pytest.raises(DyadflowError) as error:
        read_scheme(data)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
