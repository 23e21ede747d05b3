# One page a study; one of its coding files; the figures.


# What was read of each coding file, and everything odd about it. It goes before the check whose errors stop the study;
# as an input of the check it would hide from Snakemake that later jobs have to run again.
rule write_account:
    input:
        files="results/{study}/annotations/files.tsv",
        issues="results/{study}/annotations/issues.tsv",
        segments="results/{study}/annotations/segments.tsv",
        probes=plan.every_session("results/{study}/media/{session}/probe.json"),
    output:
        page=report(
            "results/{study}/annotations/account.html",
            caption="../workflow/report/account.rst",
            category="Annotations",
        ),
    log:
        "results/{study}/logs/write_account.log",
    benchmark:
        "results/{study}/benchmarks/write_account.benchmark.tsv"
    priority: 10
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        study=plan.report.names,
        scheme=plan.annotations.scheme,
        sheet_phases=plan.annotations.every_sheet_phases,
        code=plan.code("write_account"),
    message:
        "Writing the account of {wildcards.study}'s coding files"
    script:
        "../workflow/scripts/write_account.py"


rule draw_figures:
    input:
        agreement="results/{study}/agreement/agreement.tsv",
        confusion="results/{study}/agreement/confusion.tsv",
        clock=plan.report.task_spans("results/{study}/agreement/clock.tsv"),
        measures="results/{study}/behaviour/measures.tsv",
        transitions="results/{study}/behaviour/transitions.tsv",
        dyadic="results/{study}/behaviour/dyadic.tsv",
        regulation="results/{study}/behaviour/regulation.tsv",
    output:
        agreement_figure=multiext("results/{study}/figures/agreement", ".pdf", ".svg"),
        confusion_figure=multiext("results/{study}/figures/confusion", ".pdf", ".svg"),
        behaviour_figure=multiext("results/{study}/figures/behaviour", ".pdf", ".svg"),
        transitions_figure=multiext(
            "results/{study}/figures/transitions", ".pdf", ".svg"
        ),
        dyadic_figure=multiext("results/{study}/figures/dyadic", ".pdf", ".svg"),
    log:
        "results/{study}/logs/draw_figures.log",
    benchmark:
        "results/{study}/benchmarks/draw_figures.benchmark.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        scheme=plan.annotations.scheme,
        code=plan.code("draw_figures"),
    message:
        "Drawing the figures of {wildcards.study}"
    script:
        "../workflow/scripts/draw_figures.py"


# The paper's tables, one a target.
rule tabulate_results:
    input:
        cells="results/{study}/evaluation/cells.tsv",
    output:
        table=report(
            "results/{study}/tables/{target}.tsv",
            caption="../workflow/report/cells.rst",
            category="Evaluation",
        ),
    log:
        "results/{study}/logs/tabulate_results/{target}.log",
    benchmark:
        "results/{study}/benchmarks/tabulate_results/{target}.benchmark.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        scheme=plan.annotations.scheme,
        tested=plan.evaluation.tested,
        code=plan.code("tabulate_results"),
    message:
        "Tabulating the results of {wildcards.study} for {wildcards.target}"
    script:
        "../workflow/scripts/tabulate_results.py"


# The paper's figures of results.
rule draw_results:
    input:
        cells="results/{study}/evaluation/cells.tsv",
        fold_scores="results/{study}/evaluation/fold_scores.tsv",
        labels="results/{study}/annotations/labels.tsv",
        classes="results/{study}/evaluation/classes.tsv",
        curves="results/{study}/evaluation/curves.tsv",
        calibration="results/{study}/evaluation/calibration.tsv",
        reliability="results/{study}/evaluation/reliability.tsv",
        searches=plan.report.stream_cells(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/search.tsv"
        ),
        histories=plan.report.stream_cells(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/history.tsv"
        ),
    output:
        labels_figure=multiext("results/{study}/figures/labels", ".pdf", ".svg", ".png"),
        folds_figure=multiext("results/{study}/figures/folds", ".pdf", ".svg", ".png"),
        learning_figure=multiext(
            "results/{study}/figures/learning_curves", ".pdf", ".svg", ".png"
        ),
        search_figure=multiext(
            "results/{study}/figures/search_effects", ".pdf", ".svg", ".png"
        ),
        curves_figure=multiext(
            "results/{study}/figures/class_curves", ".pdf", ".svg", ".png"
        ),
        reliability_figure=multiext(
            "results/{study}/figures/reliability", ".pdf", ".svg", ".png"
        ),
        search_table="results/{study}/evaluation/search_effects.tsv",
    log:
        "results/{study}/logs/draw_results.log",
    benchmark:
        "results/{study}/benchmarks/draw_results.benchmark.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=plan.memory(2000),
        runtime=plan.minutes(20),
    params:
        scheme=plan.annotations.scheme,
        headline=plan.report.headline,
        cells=plan.report.searched,
        targets=plan.folds.targets,
        tested=plan.evaluation.tested,
        code=plan.code("draw_results"),
    message:
        "Drawing the results of {wildcards.study}"
    script:
        "../workflow/scripts/draw_results.py"


rule build_report:
    input:
        segments="results/{study}/annotations/segments.tsv",
        issues="results/{study}/annotations/issues.tsv",
        labels="results/{study}/annotations/labels.tsv",
        agreement="results/{study}/agreement/agreement.tsv",
        agreement_confusion="results/{study}/agreement/confusion.tsv",
        features=plan.features.every_index,
        streams=plan.features.summary,
        grids=plan.every_session("results/{study}/media/{session}/grid.json"),
        folds=plan.report.trained("results/{study}/folds/folds.tsv"),
        cells=plan.report.trained("results/{study}/evaluation/cells.tsv"),
        groups=plan.report.trained("results/{study}/evaluation/groups.tsv"),
        confusion=plan.report.trained("results/{study}/evaluation/confusion.tsv"),
        fold_scores=plan.report.trained("results/{study}/evaluation/fold_scores.tsv"),
        comparisons=plan.report.trained("results/{study}/evaluation/comparisons.tsv"),
        probabilities=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5"
        ),
        predictions=plan.prediction.tables,
        balance=plan.report.trained("results/{study}/folds/balance.tsv"),
        task_spans=plan.report.task_spans("results/{study}/agreement/spans.tsv"),
        durations=plan.report.task_spans("results/{study}/agreement/durations.tsv"),
        clock=plan.report.task_spans("results/{study}/agreement/clock.tsv"),
        snippet_scores=plan.report.snippets(
            "results/{study}/evaluation/snippet_scores.tsv"
        ),
        snippet_raters=plan.report.snippets(
            "results/{study}/evaluation/snippet_raters.tsv"
        ),
        snippet_kappas=plan.report.snippets(
            "results/{study}/evaluation/snippet_kappas.tsv"
        ),
        reliability="results/{study}/agreement/reliability.tsv",
        events="results/{study}/agreement/events.tsv",
        measures="results/{study}/behaviour/measures.tsv",
        transitions="results/{study}/behaviour/transitions.tsv",
        dyadic="results/{study}/behaviour/dyadic.tsv",
        regulation="results/{study}/behaviour/regulation.tsv",
        icc="results/{study}/behaviour/icc.tsv",
        missing=plan.report.trained("results/{study}/evaluation/missing.tsv"),
        classes=plan.report.trained("results/{study}/evaluation/classes.tsv"),
        calibration=plan.report.trained("results/{study}/evaluation/calibration.tsv"),
        reliability_bins=plan.report.trained(
            "results/{study}/evaluation/reliability.tsv"
        ),
        bouts=plan.report.trained("results/{study}/evaluation/bouts.tsv"),
        chance=plan.report.trained("results/{study}/evaluation/chance.tsv"),
        ceiling=plan.report.trained("results/{study}/evaluation/ceiling.tsv"),
        summaries=plan.report.trained("results/{study}/evaluation/summaries.tsv"),
        claims=plan.report.trained("results/{study}/evaluation/claims.tsv"),
        group_gaps=plan.report.trained("results/{study}/evaluation/group_gaps.tsv"),
        repeated=plan.report.trained("results/{study}/evaluation/repeated.tsv"),
    output:
        page=report(
            "results/{study}/report/index.html",
            caption="../workflow/report/page.rst",
            category="Report",
        ),
    log:
        "results/{study}/logs/build_report.log",
    benchmark:
        "results/{study}/benchmarks/build_report.benchmark.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=plan.memory(2000),
        runtime=plan.minutes(30),
    params:
        study=plan.report.study,
        headline=plan.report.headline,
        scheme=plan.annotations.scheme,
        sessions=plan.report.sessions,
        cells=plan.models.every,
        result_figures=plan.report.result_links,
        code=plan.code("build_report"),
    message:
        "Writing the report of {wildcards.study}"
    script:
        "../workflow/scripts/build_report.py"


# The page that links the pages of all studies. It needs their list only: where they lie is known beforehand, and
# Snakemake does not look at the settings of a job whose inputs are all ancient.
rule build_front_page:
    output:
        page=report(
            plan.report.FRONT,
            caption="../workflow/report/front.rst",
            category="Report",
        ),
    log:
        "results/logs/build_front_page.log",
    benchmark:
        "results/benchmarks/build_front_page.benchmark.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(5),
    params:
        studies=plan.report.studies(),
        code=plan.code("build_front_page"),
    message:
        "Writing the page that links all studies"
    script:
        "../workflow/scripts/build_front_page.py"
