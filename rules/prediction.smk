# Trained cells and sessions without coding in; segments with confidence out, for review in ELAN.


rule predict_session:
    input:
        # As of views, the table that the same job writes beside the folder is looked at.
        models=ancient(plan.prediction.cells),
        searched=plan.prediction.searched,
        features=plan.prediction.features,
        grid="results/{study}/media/{session}/grid.json",
    output:
        segments="results/{study}/prediction/{session}.tsv",
        elan="results/{study}/prediction/{session}.eaf",
    log:
        "results/{study}/logs/predict_session/{session}.log",
    benchmark:
        "results/{study}/benchmarks/predict_session/{session}.benchmark.tsv"
    wildcard_constraints:
        study=plan.prediction.studies("streams"),
    conda:
        "../envs/torch.yaml"
    threads: plan.models.threads
    resources:
        mem_mb=plan.memory(4000),
        runtime=plan.minutes(30),
    params:
        tiers=plan.prediction.tiers,
        scheme=plan.annotations.scheme,
        media=plan.prediction.media,
        threads=plan.models.threads,
        code=plan.prediction.code("predict_session"),
    message:
        "Predicting the codes of {wildcards.session}"
    script:
        "../workflow/scripts/predict_session.py"
