# Recordings in; a probe, constant-rate views and 16 kHz mono audio out.


# With import and check it goes before everything else, so that what is wrong with a study is said first.
rule probe_recording:
    input:
        made=plan.media.made,
        recording=ancient(plan.media.linked),
    output:
        probe="results/{study}/media/{session}/probe.json",
    log:
        "results/{study}/logs/probe_recording/{session}.log",
    benchmark:
        "results/{study}/benchmarks/probe_recording/{session}.benchmark.tsv"
    priority: 10
    conda:
        "../envs/media.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        content=plan.media.content,
        code=plan.code("probe_recording"),
    message:
        "Looking at the recording of {wildcards.session}"
    script:
        "../workflow/scripts/probe_recording.py"


# What a recording from elsewhere holds is told by its fingerprint: a new time, or another place, reruns nothing.
rule decode_session:
    input:
        made=plan.media.made,
        recording=ancient(plan.media.linked),
        passed=ancient("results/{study}/annotations/passed.txt"),
    output:
        views=directory("results/{study}/private/media/{session}"),
        grid="results/{study}/media/{session}/grid.json",
    log:
        "results/{study}/logs/decode_session/{session}.log",
    benchmark:
        "results/{study}/benchmarks/decode_session/{session}.benchmark.tsv"
    conda:
        "../envs/media.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(60),
    params:
        content=plan.media.content,
        settings=plan.media.settings,
        views=plan.media.views,
        code=plan.code("decode_session"),
    message:
        "Decoding {wildcards.session}"
    script:
        "../workflow/scripts/decode_session.py"
