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
        reliability=report(
            "results/{study}/agreement/reliability.tsv",
            caption="../workflow/report/reliability.rst",
            category="Agreement",
        ),
    log:
        "results/{study}/logs/compare_coders.log",
    benchmark:
        "results/{study}/benchmarks/compare_coders.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        dyads=plan.annotations.dyads,
        kinds=plan.annotations.kinds,
        ordered=plan.annotations.ordered_targets,
        settings=plan.annotations.agreement,
        code=plan.code("compare_coders"),
    message:
        "Comparing the coders of {wildcards.study}"
    script:
        "../workflow/scripts/compare_coders.py"


# The same codes as events, not frames: their onsets matched within a tolerance.
rule compare_events:
    input:
        segments="results/{study}/annotations/segments.tsv",
        labels="results/{study}/annotations/labels.tsv",
    output:
        events=report(
            "results/{study}/agreement/events.tsv",
            caption="../workflow/report/events.rst",
            category="Agreement",
        ),
    log:
        "results/{study}/logs/compare_events.log",
    benchmark:
        "results/{study}/benchmarks/compare_events.benchmark.tsv"
    conda:
        "../envs/agreement.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(30),
    params:
        spec=plan.annotations.label_spec,
        sheet_phases=plan.annotations.every_sheet_phases,
        dyads=plan.annotations.dyads,
        kinds=plan.annotations.kinds,
        settings=plan.annotations.agreement,
        seed=plan.seed,
        code=plan.code("compare_events"),
    message:
        "Matching the events of the coders of {wildcards.study}"
    script:
        "../workflow/scripts/compare_events.py"


# Only where every coder marks the phases: how far they agree on those, and on the clock within what they share.
rule compare_task_spans:
    input:
        segments="results/{study}/annotations/segments.tsv",
        checked="results/{study}/annotations/checked.txt",
    output:
        spans="results/{study}/agreement/spans.tsv",
        durations=report(
            "results/{study}/agreement/durations.tsv",
            caption="../workflow/report/durations.rst",
            category="Agreement",
        ),
        clock=report(
            "results/{study}/agreement/clock.tsv",
            caption="../workflow/report/clock.rst",
            category="Agreement",
        ),
    log:
        "results/{study}/logs/compare_task_spans.log",
    benchmark:
        "results/{study}/benchmarks/compare_task_spans.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        spec=plan.annotations.label_spec,
        sheet_phases=plan.annotations.every_sheet_phases,
        coders=plan.annotations.coders_by_session,
        dyads=plan.annotations.dyads,
        kinds=plan.annotations.kinds,
        code=plan.code("compare_task_spans"),
    message:
        "Comparing the task spans of {wildcards.study}"
    script:
        "../workflow/scripts/compare_task_spans.py"
