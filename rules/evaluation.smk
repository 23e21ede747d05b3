# Held-out probabilities and labels in; tables of results out.


rule evaluate_study:
    input:
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        labels="results/{study}/annotations/labels.tsv",
        folds=plan.folds.of_protocols,
        # Coding may be edited while models are trained: of what is faulty there is no result.
        checked="results/{study}/annotations/checked.txt",
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
        missing="results/{study}/evaluation/missing.tsv",
    log:
        "results/{study}/logs/evaluate_study.log",
    benchmark:
        "results/{study}/benchmarks/evaluate_study.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(2000),
        runtime=plan.minutes(30),
    params:
        cells=plan.models.every,
        protocols=plan.evaluation.protocols,
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


# How well each class is told from all others, at every threshold.
rule score_classes:
    input:
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        labels="results/{study}/annotations/labels.tsv",
        folds=plan.folds.of_protocols,
    output:
        classes="results/{study}/evaluation/classes.tsv",
        curves="results/{study}/evaluation/curves.tsv",
    log:
        "results/{study}/logs/score_classes.log",
    benchmark:
        "results/{study}/benchmarks/score_classes.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(3000),
        runtime=plan.minutes(60),
    params:
        cells=plan.models.every,
        protocols=plan.evaluation.protocols,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        tested=plan.evaluation.tested,
        level=plan.evaluation.level,
        seed=plan.seed,
        instructed=plan.evaluation.instructed_phases,
        code=plan.code("score_classes"),
    message:
        "Scoring the classes of {wildcards.study}"
    script:
        "../workflow/scripts/score_classes.py"


# Whether probabilities mean what they say.
rule score_calibration:
    input:
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        labels="results/{study}/annotations/labels.tsv",
        folds=plan.folds.of_protocols,
    output:
        calibration="results/{study}/evaluation/calibration.tsv",
        bins="results/{study}/evaluation/reliability.tsv",
    log:
        "results/{study}/logs/score_calibration.log",
    benchmark:
        "results/{study}/benchmarks/score_calibration.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(3000),
        runtime=plan.minutes(60),
    params:
        cells=plan.models.every,
        protocols=plan.evaluation.protocols,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        tested=plan.evaluation.tested,
        level=plan.evaluation.level,
        seed=plan.seed,
        code=plan.code("score_calibration"),
    message:
        "Scoring the probabilities of {wildcards.study}"
    script:
        "../workflow/scripts/score_calibration.py"


# Whether bouts begin and end where coders say.
rule score_bouts:
    input:
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        labels="results/{study}/annotations/labels.tsv",
        folds=plan.folds.of_protocols,
    output:
        bouts="results/{study}/evaluation/bouts.tsv",
    log:
        "results/{study}/logs/score_bouts.log",
    benchmark:
        "results/{study}/benchmarks/score_bouts.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(3000),
        runtime=plan.minutes(60),
    params:
        cells=plan.models.every,
        protocols=plan.evaluation.protocols,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        tested=plan.evaluation.tested,
        level=plan.evaluation.level,
        seed=plan.seed,
        code=plan.code("score_bouts"),
    message:
        "Scoring the bouts of {wildcards.study}"
    script:
        "../workflow/scripts/score_bouts.py"


# What the same predictions would score by chance, with their autocorrelation left as it is.
rule compare_with_chance:
    input:
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        labels="results/{study}/annotations/labels.tsv",
        folds=plan.folds.of_protocols,
    output:
        chance="results/{study}/evaluation/chance.tsv",
    log:
        "results/{study}/logs/compare_with_chance.log",
    benchmark:
        "results/{study}/benchmarks/compare_with_chance.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(3000),
        runtime=plan.minutes(240),
    params:
        cells=plan.models.every,
        protocols=plan.evaluation.protocols,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        tested=plan.evaluation.tested,
        level=plan.evaluation.level,
        seed=plan.seed,
        draws=plan.evaluation.chance_draws,
        code=plan.code("compare_with_chance"),
    message:
        "Shifting and exchanging the predictions of {wildcards.study}"
    script:
        "../workflow/scripts/compare_with_chance.py"


# Models against each coder, and coders against one another, on the same frames.
rule compare_with_coders:
    input:
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        labels="results/{study}/annotations/labels.tsv",
        folds=plan.folds.of_protocols,
    output:
        ceiling="results/{study}/evaluation/ceiling.tsv",
    log:
        "results/{study}/logs/compare_with_coders.log",
    benchmark:
        "results/{study}/benchmarks/compare_with_coders.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(3000),
        runtime=plan.minutes(60),
    params:
        cells=plan.models.every,
        protocols=plan.evaluation.protocols,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        tested=plan.evaluation.tested,
        level=plan.evaluation.level,
        seed=plan.seed,
        code=plan.code("compare_with_coders"),
    message:
        "Setting the models beside the coders of {wildcards.study}"
    script:
        "../workflow/scripts/compare_with_coders.py"


# Whether the numbers that a psychologist would publish come out the same from predicted codes.
rule compare_summaries:
    input:
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        labels="results/{study}/annotations/labels.tsv",
        folds=plan.folds.of_protocols,
    output:
        summaries="results/{study}/evaluation/summaries.tsv",
    log:
        "results/{study}/logs/compare_summaries.log",
    benchmark:
        "results/{study}/benchmarks/compare_summaries.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(3000),
        runtime=plan.minutes(60),
    params:
        cells=plan.models.every,
        protocols=plan.evaluation.protocols,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        tested=plan.evaluation.tested,
        level=plan.evaluation.level,
        seed=plan.seed,
        code=plan.code("compare_summaries"),
    message:
        "Summing up coded and predicted behaviour of {wildcards.study}"
    script:
        "../workflow/scripts/compare_summaries.py"


# What a leaking split would have claimed, whom models err with, and repeated cross-validation.
rule compare_protocols:
    input:
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        labels="results/{study}/annotations/labels.tsv",
        folds=plan.folds.of_protocols,
    output:
        claims="results/{study}/evaluation/claims.tsv",
        group_gaps="results/{study}/evaluation/group_gaps.tsv",
        repeated="results/{study}/evaluation/repeated.tsv",
    log:
        "results/{study}/logs/compare_protocols.log",
    benchmark:
        "results/{study}/benchmarks/compare_protocols.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(3000),
        runtime=plan.minutes(60),
    params:
        cells=plan.models.every,
        protocols=plan.evaluation.protocols,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        tested=plan.evaluation.tested,
        level=plan.evaluation.level,
        seed=plan.seed,
        sessions=plan.evaluation.covariates,
        settings=plan.evaluation.settings,
        repeats=plan.evaluation.repeats,
        code=plan.code("compare_protocols"),
    message:
        "Comparing the protocols of {wildcards.study}"
    script:
        "../workflow/scripts/compare_protocols.py"
