# Synthetic recordings and coding files with known truth, for studies that say how to make them.


rule make_demo_session:
    output:
        recording="results/{study}/private/recordings/{session}.mp4",
        observer="results/{study}/private/recordings/{session}_anna.txt",
        elan="results/{study}/private/recordings/{session}_ben.eaf",
        truth="results/{study}/demo/{session}.truth.tsv",
    log:
        "results/{study}/logs/make_demo_session/{session}.log",
    benchmark:
        "results/{study}/benchmarks/make_demo_session/{session}.benchmark.tsv"
    wildcard_constraints:
        study=plan.demo.studies("still-face"),
    conda:
        "../envs/media.yaml"
    resources:
        mem_mb=plan.memory(2000),
        runtime=plan.minutes(10),
    params:
        settings=plan.demo.settings,
        code=plan.code("make_demo_session"),
    message:
        "Making the synthetic session {wildcards.session}"
    script:
        "../workflow/scripts/make_demo_session.py"


rule make_play_session:
    output:
        recording="results/{study}/private/recordings/{session}.mp4",
        truth="results/{study}/demo/{session}.truth.tsv",
    log:
        "results/{study}/logs/make_play_session/{session}.log",
    benchmark:
        "results/{study}/benchmarks/make_play_session/{session}.benchmark.tsv"
    wildcard_constraints:
        study=plan.demo.studies("guided-play"),
    conda:
        "../envs/media.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        settings=plan.demo.settings,
        code=plan.code("make_play_session"),
    message:
        "Making the synthetic guided play of {wildcards.session}"
    script:
        "../workflow/scripts/make_play_session.py"


# One job a coding file, because not every coder codes every session.
rule make_play_coding:
    output:
        elan="results/{study}/private/recordings/{session}_{coder}_{date}.eaf",
    log:
        "results/{study}/logs/make_play_coding/{session}_{coder}_{date}.log",
    benchmark:
        "results/{study}/benchmarks/make_play_coding/{session}_{coder}_{date}.benchmark.tsv"
    wildcard_constraints:
        study=plan.demo.studies("guided-play"),
        coder="[A-Za-z0-9]+",
        date=r"\d{8}",
    conda:
        "../envs/media.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(10),
    params:
        settings=plan.demo.settings,
        code=plan.code("make_play_coding"),
    message:
        "Coding the synthetic guided play of {wildcards.session} as {wildcards.coder}"
    script:
        "../workflow/scripts/make_play_coding.py"
