"""Guards architecture rule 3: which rules a module concerns, told by the digests that rules carry."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
NETWORKS = ("bilstm", "linear", "logreg", "tcn", "trees")
#: What `plan` names beside a script: modules that it loads by name.
BY_NAME = {
    "extract_features": [f"dyadflow.features.backbones.{name}" for name in ("dinov2", "logmel", "motion", "w2vbert")],
    "train_cell": [f"dyadflow.models.networks.{name}" for name in NETWORKS],
    "predict_session": [f"dyadflow.models.networks.{name}" for name in NETWORKS],
    "train_video_cell": ["dyadflow.models.video.networks.mc3_18"],
    "import_annotations": [f"dyadflow.annotations.formats.readers.{path.stem}" for path in sorted(
        (SCRIPTS / "dyadflow/annotations/formats/readers").glob("[a-z]*.py"))],
    "predict_clips": ["dyadflow.models.video.networks.mc3_18"],
}
READ_LABELS = {"label_frames", "index_labels", "compare_coders", "assign_folds", "train_cell", "evaluate_study",
               "build_report", "predict_session", "compare_task_spans", "compare_events", "evaluate_snippets",
               "draw_figures", "draw_streams", "colour_frames", "train_video_cell", "predict_clips", "deal_folds",
               "draw_results", "tabulate_results", *(SCORED := {
                   "score_classes", "score_calibration", "score_bouts", "compare_with_chance", "compare_with_coders",
                   "compare_summaries", "compare_protocols"})}
VIDEO = {"train_video_cell", "predict_clips"}


@pytest.fixture(scope="module")
def reached(code):
    return {
        script.stem: set(code.reached(script, BY_NAME.get(script.stem, ()))) for script in SCRIPTS.glob("*.py")
    }


@pytest.mark.parametrize(("module", "expected"), [
    ("demo.render", {"make_demo_session"}),
    ("media.settings", {"decode_session"}),
    ("media.probe", {"probe_recording", "collect_annotations", "write_account", "summarise_behaviour",
                     "extract_features"}),
    ("media.decode", {"decode_session"}),
    ("media.read", {"decode_session", "extract_features", "write_clips", "colour_frames", *VIDEO}),
    ("annotations.importing", {"import_annotations"}),
    ("annotations.formats.readers.observer", {"import_annotations"}),
    ("annotations.check", {"collect_annotations"}),
    ("annotations.labels", READ_LABELS),
    ("agreement.coders", {"compare_coders", "compare_task_spans", "compare_events"}),
    ("agreement.pairs", {"compare_coders", "compare_task_spans", "compare_events"}),
    ("agreement.matching", {"compare_events"}),
    ("agreement.icc", {"summarise_behaviour", "compare_summaries"}),
    ("behaviour.transitions", {"summarise_behaviour"}),
    ("annotations.doctor.shifts", {"collect_annotations"}),
    ("report.account", {"write_account"}),
    ("report.paper.code_transitions", {"draw_figures"}),
    ("features.settings", {"extract_features"}),
    ("features.backbones.dinov2", {"extract_features"}),
    ("features.stream", {"extract_features", "describe_streams", "colour_frames", "train_cell", "predict_session"}),
    ("features.components", {"describe_streams"}),
    ("features.summary", {"describe_streams", "summarise_streams", "build_report"}),
    ("report.paper.stream_curves", {"draw_streams"}),
    ("report.stream_colours", {"colour_frames"}),
    ("folds.assign", {"assign_folds", "deal_folds"}),
    ("folds.search", {"assign_folds", "deal_folds"}),
    ("demo.play.scene", {"make_play_session", "make_play_coding"}),
    ("annotations.spans", {"compare_task_spans", "train_video_cell", "evaluate_snippets", "predict_clips"}),
    ("agreement.task_spans", {"compare_task_spans"}),
    ("media.clips", {"write_clips", *VIDEO}),
    ("models.video.networks.mc3_18", VIDEO),
    ("models.video.augmentation", VIDEO),
    ("models.video.cell", {"train_video_cell"}),
    ("evaluation.snippets", {"evaluate_snippets"}),
    ("prediction.clips", {"predict_clips"}),
    ("report.front", {"build_front_page"}),
    ("models.settings", {"train_cell", "train_video_cell"}),
    ("models.search", {"train_cell"}),
    ("models.predict", {"train_cell", "predict_session"}),
    ("models.training", {"train_cell", "predict_session"}),
    ("models.smoothing", {"train_cell", "predict_session", "evaluate_study", *SCORED}),
    ("evaluation.scored", {"evaluate_study", *SCORED}),
    ("evaluation.cells", {"evaluate_study", "compare_protocols"}),
    ("evaluation.chance", {"compare_with_chance"}),
    ("evaluation.bout_scores", {"score_bouts"}),
    ("report.results", {"build_report", "draw_results", "tabulate_results"}),
    ("report.paper.fold_boxes", {"draw_results"}),
    ("report.leaks", {"draw_results", "tabulate_results"}),
    ("prediction.predict", {"predict_session"}),
    ("report.page", {"build_report"}),
    ("study.plan", set()),
    ("cli", set()),
])
def test_a_module_concerns_exactly_these_rules(reached, module, expected):
    assert {rule for rule, modules in reached.items() if f"dyadflow.{module}" in modules} == expected


def test_every_rule_has_a_script_of_its_name_a_log_a_benchmark_an_environment_and_resources(rules):
    for name, body in rules.items():
        assert f'"../workflow/scripts/{name}.py"' in body, name
        assert all(part in body for part in ("log:", "benchmark:", "conda:", "mem_mb=", "runtime=", "message:")), name
        assert re.search(rf'code=plan\.(\w+\.)?code\("{name}"\)', body), name
        # Snakemake asks of every file that it wants whether it might be a benchmark, by how names end.
        assert re.search(rf'benchmarks/{name}(/[^"]+)?\.benchmark\.tsv"', body), name
    assert set(rules) == {script.stem for script in SCRIPTS.glob("*.py")}
