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


# Pictures as numbers, so that training reads any snippet without decoding what lies before it.
rule write_clips:
    input:
        views=ancient("results/{study}/private/media/{session}"),
        grid="results/{study}/media/{session}/grid.json",
    output:
        clips="results/{study}/private/clips/{session}/{view}.h5",
        note="results/{study}/media/{session}/{view}.clips.json",
    log:
        "results/{study}/logs/write_clips/{session}/{view}.log",
    benchmark:
        "results/{study}/benchmarks/write_clips/{session}/{view}.benchmark.tsv"
    conda:
        "../envs/media.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(20),
    params:
        code=plan.code("write_clips"),
    message:
        "Writing the clips of {wildcards.session}, view {wildcards.view}"
    script:
        "../workflow/scripts/write_clips.py"


# One small file that stands for the clips of a view in all coded sessions: a training job reads it instead of a
# thousand inputs.
rule index_clips:
    input:
        clips=ancient(
            plan.annotations.every_coded_session(
                "results/{study}/private/clips/{session}/{view}.h5"
            )
        ),
        notes=plan.annotations.every_coded_session(
            "results/{study}/media/{session}/{view}.clips.json"
        ),
    output:
        index="results/{study}/media/clips_{view}.tsv",
    log:
        "results/{study}/logs/index_clips/{view}.log",
    benchmark:
        "results/{study}/benchmarks/index_clips/{view}.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        sessions=plan.annotations.coded_sessions,
        code=plan.code("index_clips"),
    message:
        "Listing the clips of {wildcards.view} in {wildcards.study}"
    script:
        "../workflow/scripts/index_clips.py"
