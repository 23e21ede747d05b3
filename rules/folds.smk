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
        "results/{study}/benchmarks/assign_folds.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
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


# A protocol that deals anew (split by session, other numbers of folds, another deal) has folds of its own.
rule deal_folds:
    input:
        labels="results/{study}/annotations/labels.tsv",
    output:
        folds="results/{study}/folds/{protocol}/folds.tsv",
        balance="results/{study}/folds/{protocol}/balance.tsv",
    log:
        "results/{study}/logs/deal_folds/{protocol}.log",
    benchmark:
        "results/{study}/benchmarks/deal_folds/{protocol}.benchmark.tsv"
    wildcard_constraints:
        protocol=plan.folds.dealt(),
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        settings=plan.folds.protocol_settings,
        covariates=plan.folds.covariates,
        seed=plan.seed,
        dyads=plan.annotations.dyads,
        coders=plan.folds.coders,
        targets=plan.folds.targets,
        deal=plan.folds.deal,
        by_session=plan.folds.by_session,
        code=plan.code("deal_folds"),
    message:
        "Dealing the sessions of {wildcards.study} to folds for {wildcards.protocol}"
    script:
        "../workflow/scripts/deal_folds.py"
