# Recordings in; a probe, constant-rate views and 16 kHz mono audio out.


rule probe_recording:
    input:
        recording=plan.media.recording,
    output:
        probe="results/{study}/media/{session}/probe.json",
    log:
        "results/{study}/logs/probe_recording/{session}.log",
    benchmark:
        "results/{study}/benchmarks/probe_recording/{session}.tsv"
    conda:
        "../envs/media.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        code=plan.code("probe_recording"),
    message:
        "Looking at the recording of {wildcards.session}"
    script:
        "../workflow/scripts/probe_recording.py"


# Waits for the check of all coding and recordings, but does not run again when only that check did.
rule decode_session:
    input:
        recording=plan.media.recording,
        checked=ancient("results/{study}/annotations/checked.txt"),
    output:
        views=directory("results/{study}/private/media/{session}"),
        grid="results/{study}/media/{session}/grid.json",
    log:
        "results/{study}/logs/decode_session/{session}.log",
    benchmark:
        "results/{study}/benchmarks/decode_session/{session}.tsv"
    conda:
        "../envs/media.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(60),
    params:
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
        views="results/{study}/private/media/{session}",
        grid="results/{study}/media/{session}/grid.json",
    output:
        clips="results/{study}/private/clips/{session}/{view}.h5",
    log:
        "results/{study}/logs/write_clips/{session}/{view}.log",
    benchmark:
        "results/{study}/benchmarks/write_clips/{session}/{view}.tsv"
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
