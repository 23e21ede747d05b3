"""The demo of guided play: what the second paper's method must show on planted behaviour."""

import numpy as np
import pandas as pd
import pytest
import yaml

# The worker that has the demo studies made.
pytestmark = pytest.mark.xdist_group("demo")

TARGETS = {"dolls-task_engagement", "shaker-social_engagement", "drum-social_engagement"}
#: The target whose coded state shows in nothing that the camera sees.
WITHOUT_SIGNAL = "drum-social_engagement"


def table(project, *place, **options):
    return pd.read_csv(project.path("results", "demo-play", *place), sep="\t", **options)


def test_targets_stand_above_the_random_bound_of_their_own_snippets_and_one_without_signal_within_chance(demo):
    scores = table(demo, "evaluation", "snippet_scores.tsv").set_index("target")
    assert set(scores.index) == TARGETS and (scores.dyads == 12).all()
    q = scores.scored_probability
    # Tables have six decimals.
    np.testing.assert_allclose(scores.bound_accuracy, np.maximum(q, 1 - q), atol=1e-6)
    np.testing.assert_allclose(scores.bound_f1, 2 * q / (1 + q), atol=1e-6)
    planted = scores.drop(WITHOUT_SIGNAL)
    assert (planted.test_accuracy > planted.bound_accuracy).all()
    assert (planted.p_holm < 0.05).all() and (planted.difference_low > 0).all()
    assert scores.loc[WITHOUT_SIGNAL, "p"] > 0.05
    assert scores.loc[WITHOUT_SIGNAL, "test_accuracy_low"] < scores.loc[WITHOUT_SIGNAL, "bound_accuracy"]


def test_human_machine_kappa_stands_beside_human_human_kappa_on_identical_snippets(demo):
    kappas = table(demo, "evaluation", "snippet_kappas.tsv").set_index("target")
    assert set(kappas.index) == TARGETS
    assert (kappas.pairs_human == 3).all() and (kappas.pairs_machine == 3).all()
    assert (kappas.human > 0.3).all()
    assert (kappas.machine.drop(WITHOUT_SIGNAL) > 0.2).all() and kappas.machine[WITHOUT_SIGNAL] < 0.25
    raters = table(demo, "evaluation", "snippet_raters.tsv")
    overall = raters[raters.target == "all"]
    pairs = set(overall[["rater_a", "rater_b"]].apply(frozenset, axis=1))
    assert pairs == {frozenset(pair) for pair in ("AB", "AC", "BC")} | {frozenset([c, "network"]) for c in "ABC"}
    # A coder's pair with the network rests on every snippet that the coder coded; a pair of coders on those of both.
    by_pair = {frozenset([row.rater_a, row.rater_b]): row.snippets for row in overall.itertuples()}
    snippets = pd.concat([
        table(demo, "models", "corrected", target, "scene", "mc3", "snippets.tsv").assign(target=target)
        for target in sorted(TARGETS)
    ])
    test = snippets[snippets.set == "test"]
    assert by_pair[frozenset(["A", "network"])] == (test.coder == "A").sum()
    key = ["target", "session", "start"]
    both = test[test.coder == "A"].merge(test[test.coder == "B"], on=key)
    assert by_pair[frozenset("AB")] == len(both)


def test_every_dyad_is_held_out_once_and_never_seen_by_the_network_that_codes_it(demo):
    from dyadflow.models.video.checkpoint import load_video_checkpoint

    folds = table(demo, "folds", "folds.tsv")
    for outer in sorted(set(folds.outer)):
        cell = demo.path("results/demo-play/models/corrected/dolls-task_engagement/scene/mc3")
        config = load_video_checkpoint(cell / "folds" / f"fold{outer}.safetensors").config
        held_out = set(folds.dyad[folds.outer == outer])
        assert not held_out & {*config["training_dyads"], *config["validation_dyads"]}
        assert {*config["training_dyads"], *config["validation_dyads"]} == set(folds.dyad) - held_out


def test_coders_files_come_in_the_papers_design_with_blanks_capitals_and_typos(demo):
    coding = pd.read_csv(demo.path("config/studies/demo-play/coding.tsv"), sep="\t")
    sheet = pd.read_csv(demo.path("config/studies/demo-play/sessions.tsv"), sep="\t", dtype=str)
    coders = coding.groupby("session").coder.apply(frozenset)
    by_block = sheet.set_index("session").block
    assert {coders[session] for session in by_block.index[by_block == "pilot"]} == {frozenset("ABC")}
    pairs = {block: {coders[name] for name in by_block.index[by_block == block]} for block in "123"}
    assert sorted(map(sorted, (next(iter(found)) for found in pairs.values()))) == [["A", "B"], ["A", "C"], ["B", "C"]]
    written = "".join(
        path.read_text() for path in demo.path("results/demo-play/private/recordings").glob("*.eaf"))
    assert all(f'TIER_ID="{tier}"' in written for tier in ("task", "participating", "attending", "ignore"))
    import re

    values = set(re.findall(r"<ANNOTATION_VALUE>(.*?)</ANNOTATION_VALUE>", written))
    assert {"people", "eggs", "drums", "self", "joint", "attending", "excited"} <= values
    assert any(value != value.strip() for value in values) and any(value != value.lower() for value in values)
    segments = table(demo, "annotations", "segments.tsv")
    assert set(segments.code) == {"dolls", "shaker", "drum", "yes"}
    assert "ignored_tier" in set(table(demo, "annotations", "issues.tsv").rule)


def test_found_agreement_contains_what_was_planted(demo):
    from dyadflow.annotations.scheme import read_scheme
    from dyadflow.demo.play.planted import planted_agreement
    from dyadflow.demo.play.settings import PlaySettings

    study = yaml.safe_load(demo.path("config/studies/demo-play.yaml").read_text())
    planted = planted_agreement(
        PlaySettings(**study["demo"]), read_scheme(demo.path("config/schemes/guided-play.yaml")), dyads=120)
    clock = table(demo, "agreement", "clock.tsv")
    overall = clock[(clock.phase == "all") & (clock.tier == "all")]
    assert len(overall) == 3
    for row in overall.itertuples():
        assert row.kappa_low < planted[row.coder_a, row.coder_b].kappa < row.kappa_high
    durations = table(demo, "agreement", "durations.tsv").set_index("phase")
    assert 0.85 < durations.ratio_mean["all"] < 0.99 and durations.codings["all"] == 3 * 27


def test_folds_are_balanced_and_every_fold_has_the_second_experimenter(demo):
    folds = table(demo, "folds", "folds.tsv", dtype={"outer": int})
    sheet = pd.read_csv(demo.path("config/studies/demo-play/sessions.tsv"), sep="\t", dtype=str)
    second = folds.merge(sheet, on="session").groupby("outer").experimenter.apply(lambda found: "2" in set(found))
    assert second.all() and set(folds.groupby("outer").size()) == {3}
    balance = table(demo, "folds", "balance.tsv")
    assert set(balance.target) == TARGETS and balance.relative_deviation.abs().max() < 0.6


@pytest.mark.parametrize(("module", "started"), [
    ("models/video/fine_tuning", {"train_video_cell"}),
    ("media/clips", {"write_clips"}),
    ("agreement/clock", {"compare_task_spans"}),
    ("evaluation/random_bound", {"evaluate_snippets", "build_report"}),
    ("folds/search", {"assign_folds", "deal_folds"}),
])
def test_a_changed_function_starts_the_rules_that_reach_it(demo, module, started):
    file = demo.path(f"workflow/scripts/dyadflow/{module}.py")
    before = file.read_text()
    file.write_text(before + "\n\ndef _one_more():\n    return 1\n")
    try:
        _, reasons = demo.dry_run()
    finally:
        file.write_text(before)
    assert {rule for rule, why in reasons.items() if "Params have changed since last execution" in why} == started


def test_shareable_files_hold_no_pictures(demo):
    shareable = [path for path in demo.path("results/demo-play").rglob("*") if "private" not in path.parts]
    # Figures show numbers, no persons.
    pictures = [path for path in shareable if path.suffix in {".mp4", ".wav", ".png", ".jpg"}]
    assert not [path for path in pictures if path.parent.name != "figures"]
    assert not [path for path in shareable if "clips" in path.parts and path.suffix == ".h5"]
    page = demo.path("results/demo-play/report/index.html").read_text()
    assert "untrained" in page.lower() or "not trained" in page


def test_an_uncoded_session_with_its_tasks_in_the_sheet_is_coded_within_them(demo, tmp_path):
    project = demo.copy(tmp_path / "project")
    project.path("config", "config.yaml").write_text("studies: [config/studies/demo-play.yaml]\n")
    sheets = project.path("config/studies/demo-play")
    lines = (sheets / "sessions.tsv").read_text().splitlines()
    header = lines[0].split("\t")
    new = dict(zip(header, lines[1].split("\t"), strict=True)) | {"session": "q01", "dyad": "q01", "media": "q01.mp4"}
    rows = [[*line.split("\t"), ""] for line in lines[1:]] + [[*new.values(), "dolls 10-40; drum 90-115"]]
    (sheets / "sessions.tsv").write_text("\n".join("\t".join(row) for row in [[*header, "phases"], *rows]) + "\n")
    project.run()
    found = table(project, "prediction", "q01.tsv")
    assert set(found.tier) == {"task_engagement", "social_engagement"} and set(found.code) <= {"yes", "no"}
    inside = found.onset_s.between(9.5, 40.5) | found.onset_s.between(89.5, 115.5)
    assert inside.all() and found.confidence.between(0.5, 1).all()
    # Of the dolls the one network looks at task engagement, of the drum the other at social engagement.
    lengths = (found.offset_s - found.onset_s).groupby(found.tier).sum()
    assert lengths.to_dict() == {
        "task_engagement": pytest.approx(30, abs=0.5), "social_engagement": pytest.approx(25, abs=0.5)}
    assert project.path("results/demo-play/prediction/q01.eaf").exists()
