# Coding files in; one table of segments, one of issues, frame labels out.


rule import_annotations:
    input:
        coding=plan.annotations.coding_files,
    output:
        segments="results/{study}/annotations/sessions/{session}.segments.tsv",
        issues="results/{study}/annotations/sessions/{session}.issues.tsv",
        account="results/{study}/annotations/sessions/{session}.account.tsv",
    log:
        "results/{study}/logs/import_annotations/{session}.log",
    benchmark:
        "results/{study}/benchmarks/import_annotations/{session}.benchmark.tsv"
    priority: 10
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        coding=plan.annotations.coding,
        recording=plan.media.file_name,
        vocabulary=plan.annotations.vocabulary,
        code=plan.annotations.code("import_annotations"),
    message:
        "Importing the coding of {wildcards.session}"
    script:
        "../workflow/scripts/import_annotations.py"


rule collect_annotations:
    input:
        segments=plan.every_session(
            "results/{study}/annotations/sessions/{session}.segments.tsv"
        ),
        issues=plan.every_session(
            "results/{study}/annotations/sessions/{session}.issues.tsv"
        ),
        accounts=plan.every_session(
            "results/{study}/annotations/sessions/{session}.account.tsv"
        ),
        probes=plan.every_session("results/{study}/media/{session}/probe.json"),
    output:
        segments=report(
            "results/{study}/annotations/segments.tsv",
            caption="../workflow/report/segments.rst",
            category="Annotations",
        ),
        issues=report(
            "results/{study}/annotations/issues.tsv",
            caption="../workflow/report/issues.rst",
            category="Annotations",
        ),
        files=report(
            "results/{study}/annotations/files.tsv",
            caption="../workflow/report/files.rst",
            category="Annotations",
        ),
    log:
        "results/{study}/logs/collect_annotations.log",
    benchmark:
        "results/{study}/benchmarks/collect_annotations.benchmark.tsv"
    priority: 10
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        coding=plan.annotations.coders_by_session,
        phased=plan.annotations.phased,
        vocabulary=plan.annotations.vocabulary,
        severities=plan.annotations.severities,
        needs_sound=plan.annotations.needs_sound,
        least_phase_s=plan.annotations.least_phase_s,
        each_coder=plan.annotations.each_coder,
        kinds=plan.annotations.kinds,
        sheet_phases=plan.annotations.every_sheet_phases,
        code=plan.code("collect_annotations"),
    message:
        "Gathering segments and issues of {wildcards.study}"
    script:
        "../workflow/scripts/collect_annotations.py"


# Apart from collecting, so that the tables stay when their errors stop the study.
rule check_study:
    input:
        issues="results/{study}/annotations/issues.tsv",
    output:
        checked="results/{study}/annotations/checked.txt",
    log:
        "results/{study}/logs/check_study.log",
    benchmark:
        "results/{study}/benchmarks/check_study.benchmark.tsv"
    priority: 10
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(5),
    params:
        code=plan.code("check_study"),
    message:
        "Checking {wildcards.study}"
    script:
        "../workflow/scripts/check_study.py"


# Until a study has passed its check once, nothing long is computed. From then on the rule is gone and its file a plain
# one: what waits for a job is, even through ancient(), not asked by Snakemake 9 whether its own settings have changed.
rule open_gate:
    input:
        checked="results/{study}/annotations/checked.txt",
    output:
        passed="results/{study}/annotations/passed.txt",
    log:
        "results/{study}/logs/open_gate.log",
    benchmark:
        "results/{study}/benchmarks/open_gate.benchmark.tsv"
    wildcard_constraints:
        study=plan.annotations.unchecked(),
    priority: 10
    localrule: True
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(5),
    params:
        code=plan.code("open_gate"),
    message:
        "Opening the gate of {wildcards.study}: its check is passed"
    script:
        "../workflow/scripts/open_gate.py"


rule label_frames:
    input:
        segments="results/{study}/annotations/sessions/{session}.segments.tsv",
        grid="results/{study}/media/{session}/grid.json",
        passed=ancient("results/{study}/annotations/passed.txt"),
    output:
        labels="results/{study}/annotations/labels/{session}.h5",
    log:
        "results/{study}/logs/label_frames/{session}.log",
    benchmark:
        "results/{study}/benchmarks/label_frames/{session}.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        spec=plan.annotations.label_spec,
        phases=plan.annotations.sheet_phases,
        coders=plan.annotations.coders,
        code=plan.code("label_frames"),
    message:
        "Labelling the frames of {wildcards.session}"
    script:
        "../workflow/scripts/label_frames.py"


# One small file that stands for all labels: a training job reads it instead of a thousand inputs.
rule index_labels:
    input:
        labels=plan.annotations.every_coded_session(
            "results/{study}/annotations/labels/{session}.h5"
        ),
    output:
        index="results/{study}/annotations/labels.tsv",
    log:
        "results/{study}/logs/index_labels.log",
    benchmark:
        "results/{study}/benchmarks/index_labels.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        sessions=plan.annotations.coded_sessions,
        code=plan.code("index_labels"),
    message:
        "Listing the labels of {wildcards.study}"
    script:
        "../workflow/scripts/index_labels.py"
