# What psychologists publish: rates, durations, latencies, transitions, what both do together.


rule summarise_behaviour:
    input:
        segments="results/{study}/annotations/segments.tsv",
        probes=plan.every_session("results/{study}/media/{session}/probe.json"),
        checked="results/{study}/annotations/checked.txt",
    output:
        measures=report(
            "results/{study}/behaviour/measures.tsv",
            caption="../workflow/report/measures.rst",
            category="Behaviour",
        ),
        wide="results/{study}/behaviour/wide.tsv",
        transitions="results/{study}/behaviour/transitions.tsv",
        lags="results/{study}/behaviour/lags.tsv",
        dyadic="results/{study}/behaviour/dyadic.tsv",
        regulation="results/{study}/behaviour/regulation.tsv",
        phases="results/{study}/behaviour/phases.tsv",
        icc="results/{study}/behaviour/icc.tsv",
        codebook=report(
            "results/{study}/behaviour/codebook.tsv",
            caption="../workflow/report/codebook.rst",
            category="Behaviour",
        ),
    log:
        "results/{study}/logs/summarise_behaviour.log",
    benchmark:
        "results/{study}/benchmarks/summarise_behaviour.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(30),
    params:
        scheme=plan.annotations.scheme,
        sessions=plan.annotations.dyads_and_covariates,
        kinds=plan.annotations.kinds,
        sheet_phases=plan.annotations.every_sheet_phases,
        settings=plan.annotations.behaviour,
        code=plan.code("summarise_behaviour"),
    message:
        "Summarising the behaviour in {wildcards.study}"
    script:
        "../workflow/scripts/summarise_behaviour.py"
