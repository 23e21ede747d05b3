# How far coders agree, on identical frames.


rule compare_coders:
    input:
        labels="results/{study}/annotations/labels.tsv",
    output:
        agreement=report(
            "results/{study}/agreement/agreement.tsv",
            caption="../workflow/report/agreement.rst",
            category="Agreement",
        ),
        confusion="results/{study}/agreement/confusion.tsv",
    log:
        "results/{study}/logs/compare_coders.log",
    benchmark:
        "results/{study}/benchmarks/compare_coders.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        dyads=plan.annotations.dyads,
        kinds=plan.annotations.kinds,
        code=plan.code("compare_coders"),
    message:
        "Comparing the coders of {wildcards.study}"
    script:
        "../workflow/scripts/compare_coders.py"
