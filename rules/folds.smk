# Which dyad is held out when.


rule assign_folds:
    input:
        labels="results/{study}/annotations/labels.tsv",
        pins=plan.folds.pins,
    output:
        folds=report(
            "results/{study}/folds/folds.tsv",
            caption="../workflow/report/folds.rst",
            category="Evaluation",
        ),
        balance="results/{study}/folds/balance.tsv",
    log:
        "results/{study}/logs/assign_folds.log",
    benchmark:
        "results/{study}/benchmarks/assign_folds.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=plan.folds.settings,
        covariates=plan.folds.covariates,
        seed=plan.seed,
        dyads=plan.annotations.dyads,
        coders=plan.folds.coders,
        targets=plan.folds.targets,
        code=plan.code("assign_folds"),
    message:
        "Assigning the dyads of {wildcards.study} to folds"
    script:
        "../workflow/scripts/assign_folds.py"
