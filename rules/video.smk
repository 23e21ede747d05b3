# Networks that look at the pictures themselves: clips in; cells, scores of snippets, and predictions out.


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


# As train_cell; the stream of such a cell is the name of a view.
rule train_video_cell:
    input:
        folds="results/{study}/folds/folds.tsv",
        segments="results/{study}/annotations/segments.tsv",
        clips="results/{study}/media/clips_{stream}.tsv",
    output:
        models=directory(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/folds"
        ),
        probabilities="results/{study}/models/{protocol}/{target}/{stream}/{model}/probabilities.h5",
        snippets="results/{study}/models/{protocol}/{target}/{stream}/{model}/snippets.tsv",
        search="results/{study}/models/{protocol}/{target}/{stream}/{model}/search.tsv",
    log:
        "results/{study}/logs/train_video_cell/{protocol}/{target}/{stream}/{model}.log",
    benchmark:
        "results/{study}/benchmarks/train_video_cell/{protocol}/{target}/{stream}/{model}.benchmark.tsv"
    wildcard_constraints:
        model=plan.models.names("clips"),
    conda:
        "../envs/torch.yaml"
    threads: plan.models.threads
    resources:
        gpu=plan.models.gpus,
        mem_mb=plan.memory(16000),
        runtime=plan.minutes(1440),
    params:
        spec=plan.annotations.target_spec,
        sheet_phases=plan.annotations.every_sheet_phases,
        kinds=plan.annotations.kinds,
        rate_hz=plan.media.rate_hz,
        video=plan.models.video,
        weights=plan.models.weights_content,
        protocol=plan.models.protocol,
        threads=plan.models.threads,
        seed=plan.seed,
        code=plan.models.code("train_video_cell"),
        # As in train_cell: finished pieces, the cache of embeddings among them.
        state="results/{study}/private/state/{protocol}/{target}/{stream}/{model}",
    message:
        "Training on the pictures of {wildcards.stream}: {wildcards.model} for {wildcards.target} ({wildcards.protocol})"
    script:
        "../workflow/scripts/train_video_cell.py"


# What the second paper reports of its networks: snippet by snippet, coder by coder.
rule evaluate_snippets:
    input:
        snippets=plan.models.every_file(
            "results/{study}/models/{protocol}/{target}/{stream}/{model}/snippets.tsv",
            video=True,
        ),
        segments="results/{study}/annotations/segments.tsv",
    output:
        scores=report(
            "results/{study}/evaluation/snippet_scores.tsv",
            caption="../workflow/report/snippet_scores.rst",
            category="Evaluation",
        ),
        raters="results/{study}/evaluation/snippet_raters.tsv",
        kappas=report(
            "results/{study}/evaluation/snippet_kappas.tsv",
            caption="../workflow/report/snippet_kappas.rst",
            category="Evaluation",
        ),
    log:
        "results/{study}/logs/evaluate_snippets.log",
    benchmark:
        "results/{study}/benchmarks/evaluate_snippets.benchmark.tsv"
    conda:
        "../envs/annotations.yaml"
    resources:
        mem_mb=plan.memory(1000),
        runtime=plan.minutes(20),
    params:
        cells=plan.models.video_cells,
        spec=plan.annotations.label_spec,
        sheet_phases=plan.annotations.every_sheet_phases,
        kinds=plan.annotations.kinds,
        score_coders=plan.evaluation.score_coders,
        presets=plan.models.presets,
        level=plan.evaluation.level,
        seed=plan.seed,
        code=plan.code("evaluate_snippets"),
    message:
        "Scoring the snippets of {wildcards.study}"
    script:
        "../workflow/scripts/evaluate_snippets.py"


# As predict_session; the session's phases stand in the sheet.
rule predict_clips:
    input:
        # As of views, the table that the same job writes beside the folder is looked at.
        models=ancient(plan.prediction.cells),
        searched=plan.prediction.searched,
        clips=plan.prediction.clips,
        grid="results/{study}/media/{session}/grid.json",
    output:
        segments="results/{study}/prediction/{session}.tsv",
        elan="results/{study}/prediction/{session}.eaf",
    log:
        "results/{study}/logs/predict_clips/{session}.log",
    benchmark:
        "results/{study}/benchmarks/predict_clips/{session}.benchmark.tsv"
    wildcard_constraints:
        study=plan.prediction.studies("clips"),
    conda:
        "../envs/torch.yaml"
    threads: plan.models.threads
    resources:
        mem_mb=plan.memory(4000),
        runtime=plan.minutes(60),
    params:
        tiers=plan.prediction.tiers,
        phases=plan.annotations.sheet_phases,
        scheme=plan.annotations.scheme,
        media=plan.prediction.media,
        threads=plan.models.threads,
        code=plan.prediction.code("predict_clips"),
    message:
        "Predicting from its pictures the codes of {wildcards.session}"
    script:
        "../workflow/scripts/predict_clips.py"
