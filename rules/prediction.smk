# Trained cells and sessions without coding in; segments with confidence out, for review in ELAN.


rule predict_session:
    input:
        models=plan.predicting_cells,
        features=plan.predicting_features,
        grid="results/{study}/media/{session}/grid.json",
    output:
        segments="results/{study}/prediction/{session}.tsv",
        elan="results/{study}/prediction/{session}.eaf",
    log:
        "results/{study}/logs/predict_session/{session}.log",
    benchmark:
        "results/{study}/benchmarks/predict_session/{session}.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        tiers=plan.predicted_tiers,
        scheme=plan.scheme,
        media=plan.media_name,
        threads=plan.training_threads,
        code=plan.code_with_predicting_network("predict_session"),
    message:
        "Predicting the codes of {wildcards.session}"
    script:
        "../workflow/scripts/predict_session.py"
