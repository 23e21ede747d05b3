# Held-out probabilities and labels in; tables of results out.


rule evaluate_study:
    input:
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        labels="results/{study}/annotations/labels.tsv",
        folds="results/{study}/folds/folds.tsv",
    output:
        cells=report(
            "results/{study}/evaluation/cells.tsv",
            caption="../workflow/report/cells.rst",
            category="Evaluation",
        ),
        groups="results/{study}/evaluation/groups.tsv",
        confusion="results/{study}/evaluation/confusion.tsv",
        fold_scores="results/{study}/evaluation/fold_scores.tsv",
        comparisons=report(
            "results/{study}/evaluation/comparisons.tsv",
            caption="../workflow/report/comparisons.rst",
            category="Evaluation",
        ),
    log:
        "results/{study}/logs/evaluate_study.log",
    benchmark:
        "results/{study}/benchmarks/evaluate_study.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        cells=plan.models.every,
        sessions=plan.evaluation.covariates,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        tested=plan.evaluation.tested,
        instructed=plan.evaluation.instructed_phases,
        settings=plan.evaluation.settings,
        seed=plan.seed,
        code=plan.code("evaluate_study"),
    message:
        "Evaluating the cells of {wildcards.study}"
    script:
        "../workflow/scripts/evaluate_study.py"


# What the second paper reports of its networks: snippet by snippet, coder by coder.
rule evaluate_snippets:
    input:
        snippets=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/snippets.tsv",
            video=True,
        ),
        segments="results/{study}/annotations/segments.tsv",
    output:
        scores=report(
            "results/{study}/evaluation/snippet_scores.tsv",
            caption="../workflow/report/snippet_scores.rst",
            category="Evaluation",
        ),
        raters="results/{study}/evaluation/snippet_raters.tsv",
        kappas=report(
            "results/{study}/evaluation/snippet_kappas.tsv",
            caption="../workflow/report/snippet_kappas.rst",
            category="Evaluation",
        ),
    log:
        "results/{study}/logs/evaluate_snippets.log",
    benchmark:
        "results/{study}/benchmarks/evaluate_snippets.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        cells=plan.models.video_cells,
        spec=plan.annotations.label_spec,
        sheet_phases=plan.annotations.every_sheet_phases,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        presets=plan.models.presets,
        level=plan.evaluation.level,
        seed=plan.seed,
        code=plan.code("evaluate_snippets"),
    message:
        "Scoring the snippets of {wildcards.study}"
    script:
        "../workflow/scripts/evaluate_snippets.py"
