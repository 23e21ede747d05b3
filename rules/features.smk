# Views and audio in; streams out, one row a video frame.


# A job takes a batch of sessions, because loading a backbone costs more than a session, and writes each
# session's stream only if one made from the same picture, backbone and code is not there already.
rule extract_features:
    input:
        views=plan.features.every_session("results/{study}/private/media/{session}"),
        grids=plan.features.every_session("results/{study}/media/{session}/grid.json"),
        probes=plan.features.every_session("results/{study}/media/{session}/probe.json"),
    output:
        index="results/{study}/features/{extractor}/batch{batch}.tsv",
    log:
        "results/{study}/logs/extract_features/{extractor}/batch{batch}.log",
    benchmark:
        "results/{study}/benchmarks/extract_features/{extractor}/batch{batch}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: plan.features.threads
    resources:
        gpu=plan.features.gpus,
        mem_mb=6000,
        runtime=240,
    params:
        sessions=plan.features.batch_sessions,
        settings=plan.features.extractor,
        threads=plan.features.threads,
        code=plan.features.code("extract_features"),
    message:
        "Extracting {wildcards.extractor}, batch {wildcards.batch} of {wildcards.study}"
    script:
        "../workflow/scripts/extract_features.py"
