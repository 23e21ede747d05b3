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
        "results/{study}/benchmarks/make_demo_session/{session}.tsv"
    wildcard_constraints:
        study="|".join(plan.demo.studies()) or "(?!)",
    conda:
        "../envs/media.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=plan.demo.settings,
        code=plan.code("make_demo_session"),
    message:
        "Making the synthetic session {wildcards.session}"
    script:
        "../workflow/scripts/make_demo_session.py"
