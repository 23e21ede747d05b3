# Everything fitted. One job is one cell: it searches, refits and predicts in every outer fold.


rule train_cell:
    input:
        folds=plan.folds.of_cell,
        labels="results/{study}/annotations/labels.tsv",
        features=plan.models.features,
    output:
        models=directory(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/folds"
        ),
        probabilities="results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5",
        search="results/{study}/models/{protocol}/{target}/{stream}/{model}/search.tsv",
        history="results/{study}/models/{protocol}/{target}/{stream}/{model}/history.tsv",
    log:
        "results/{study}/logs/train_cell/{protocol}/{target}/{stream}/{model}.log",
    benchmark:
        "results/{study}/benchmarks/train_cell/{protocol}/{target}/{stream}/{model}.benchmark.tsv"
    wildcard_constraints:
        model=plan.models.names("streams"),
    conda:
        "../envs/torch.yaml"
    threads: plan.models.threads
    resources:
        gpu=plan.models.gpus,
        mem_mb=plan.memory(16000),
        runtime=plan.minutes(1440),
    params:
        recipe=plan.models.recipe,
        network=plan.models.network,
        protocol=plan.models.protocol,
        tested=plan.models.tested_folds,
        fits_at_once=plan.models.fits_at_once,
        room_gib=plan.models.room_gib,
        threads=plan.models.threads,
        seed=plan.seed,
        code=plan.models.code("train_cell"),
        # A search under way survives a killed job here; it is never read by another rule.
        state="results/{study}/state/{protocol}/{target}/{stream}/{model}",
    message:
        "Training {wildcards.model} on {wildcards.stream} for {wildcards.target} ({wildcards.protocol})"
    script:
        "../workflow/scripts/train_cell.py"
