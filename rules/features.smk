# Views and audio in; streams out, one row a video frame.


# A job takes a batch of sessions, because loading a backbone costs more than a session, and writes each
# session's stream only if one made from the same picture, backbone and code is not there already.
rule extract_features:
    input:
        # Of a folder the time is all that is looked at; the grid beside it is written by the same job.
        views=ancient(
            plan.features.every_session("results/{study}/private/media/{session}")
        ),
        grids=plan.features.every_session("results/{study}/media/{session}/grid.json"),
        probes=plan.features.every_session("results/{study}/media/{session}/probe.json"),
    output:
        index="results/{study}/features/{extractor}/batch{batch}.tsv",
    log:
        "results/{study}/logs/extract_features/{extractor}/batch{batch}.log",
    benchmark:
        "results/{study}/benchmarks/extract_features/{extractor}/batch{batch}.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    threads: plan.features.threads
    resources:
        gpu=plan.features.gpus,
        mem_mb=plan.memory(6000),
        runtime=plan.minutes(240),
    params:
        sessions=plan.features.batch_sessions,
        settings=plan.features.extractor,
        weights=plan.features.weights_content,
        threads=plan.features.threads,
        code=plan.features.code("extract_features"),
    message:
        "Extracting {wildcards.extractor}, batch {wildcards.batch} of {wildcards.study}"
    script:
        "../workflow/scripts/extract_features.py"


# One small file that stands for all batches: a training job reads it, however many sessions there are.
rule index_features:
    input:
        batches=plan.features.every_batch,
    output:
        index="results/{study}/features/{extractor}/index.tsv",
    log:
        "results/{study}/logs/index_features/{extractor}.log",
    benchmark:
        "results/{study}/benchmarks/index_features/{extractor}.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        code=plan.code("index_features"),
    message:
        "Listing the streams of {wildcards.extractor} in {wildcards.study}"
    script:
        "../workflow/scripts/index_features.py"


# Reads every stream once: one whose components are there already, made by the same code, is left alone.
rule describe_streams:
    input:
        index="results/{study}/features/{extractor}/batch{batch}.tsv",
    output:
        table="results/{study}/features/{extractor}/batch{batch}_streams.tsv",
    log:
        "results/{study}/logs/describe_streams/{extractor}/batch{batch}.log",
    benchmark:
        "results/{study}/benchmarks/describe_streams/{extractor}/batch{batch}.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    threads: plan.features.threads
    resources:
        mem_mb=plan.memory(3000),
        runtime=plan.minutes(60),
    params:
        threads=plan.features.threads,
        code=plan.code("describe_streams"),
    message:
        "Looking at the streams of {wildcards.extractor}, batch {wildcards.batch} of {wildcards.study}"
    script:
        "../workflow/scripts/describe_streams.py"


rule summarise_streams:
    input:
        tables=plan.features.every_table,
    output:
        summary=report(
            "results/{study}/features/summary.tsv",
            caption="../workflow/report/streams.rst",
            category="Features",
        ),
    log:
        "results/{study}/logs/summarise_streams.log",
    benchmark:
        "results/{study}/benchmarks/summarise_streams.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        code=plan.code("summarise_streams"),
    message:
        "Summing up the streams of {wildcards.study}"
    script:
        "../workflow/scripts/summarise_streams.py"


rule draw_streams:
    input:
        tables=plan.features.drawn_tables,
        labels="results/{study}/annotations/labels.tsv",
    output:
        figures=multiext("results/{study}/figures/streams_{extractor}", ".pdf", ".svg"),
    log:
        "results/{study}/logs/draw_streams/{extractor}.log",
    benchmark:
        "results/{study}/benchmarks/draw_streams/{extractor}.benchmark.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(20),
    params:
        motion=plan.features.motion,
        sheet_phases=plan.annotations.every_sheet_phases,
        phases=plan.features.phase_looks,
        code=plan.code("draw_streams"),
    message:
        "Drawing the components of {wildcards.extractor} over the sessions of {wildcards.study}"
    script:
        "../workflow/scripts/draw_streams.py"


# Shows persons.
rule colour_frames:
    input:
        views=ancient("results/{study}/private/media/{session}"),
        grid="results/{study}/media/{session}/grid.json",
        tables=plan.features.token_tables,
        labels=plan.features.labels,
    output:
        picture="results/{study}/private/streams/{session}.png",
    log:
        "results/{study}/logs/colour_frames/{session}.log",
    benchmark:
        "results/{study}/benchmarks/colour_frames/{session}.benchmark.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(20),
    params:
        sheet_phases=plan.annotations.sheet_phases,
        phases=plan.features.phase_looks,
        code=plan.code("colour_frames"),
    message:
        "Colouring pictures of {wildcards.session} by their components"
    script:
        "../workflow/scripts/colour_frames.py"
