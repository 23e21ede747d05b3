# One page a study.


rule build_report:
    input:
        segments="results/{study}/annotations/segments.tsv",
        issues="results/{study}/annotations/issues.tsv",
        labels="results/{study}/annotations/labels.tsv",
        agreement="results/{study}/agreement/agreement.tsv",
        agreement_confusion="results/{study}/agreement/confusion.tsv",
        features=plan.features.every_index,
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
    output:
        page=report(
            "results/{study}/report/index.html",
            caption="../workflow/report/page.rst",
            category="Report",
        ),
    log:
        "results/{study}/logs/build_report.log",
    benchmark:
        "results/{study}/benchmarks/build_report.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=plan.report.study,
        headline=plan.report.headline,
        scheme=plan.annotations.scheme,
        sessions=plan.report.sessions,
        cells=plan.models.every,
        code=plan.code("build_report"),
    message:
        "Writing the report of {wildcards.study}"
    script:
        "../workflow/scripts/build_report.py"
