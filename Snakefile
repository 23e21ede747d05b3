# dyadflow: recordings and coding files in, evaluated models and a report out.
# Studies are named in config/config.yaml; `snakemake --cores all` makes everything that is missing or out of date.


configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/media.smk"
include: "rules/annotations.smk"
include: "rules/agreement.smk"
include: "rules/behaviour.smk"
include: "rules/features.smk"
include: "rules/folds.smk"
include: "rules/models.smk"
include: "rules/evaluation.smk"
include: "rules/prediction.smk"
include: "rules/report.smk"


# Rules that no study needs would be asked for every file.
if plan.models.look_at_pictures():

    include: "rules/video.smk"


if plan.demo.is_asked_for():

    include: "rules/demo.smk"


# Everything: the page and the figures of every study, and the codes of every session that nobody has coded yet.
rule all:
    default_target: True
    input:
        plan.report.pages(),
        plan.report.accounts(),
        plan.report.figures(),
        plan.report.result_figures(),
        plan.report.result_tables(),
        plan.report.FRONT,
        plan.prediction.elan_files(),
        plan.features.pictures(),


# Only what is wrong with the coding files and recordings, before anything long is computed.
rule check:
    input:
        plan.annotations.checks(),
        plan.report.accounts(),


# Only the codes of new sessions, as ELAN files and tables.
rule predict:
    input:
        plan.prediction.elan_files(),


# Only the pages and figures.
rule report:
    input:
        plan.report.pages(),
        plan.report.accounts(),
        plan.report.figures(),
        plan.report.result_figures(),
        plan.report.result_tables(),
        plan.report.FRONT,


# What stopped a job is said again at the end, after all that Snakemake says about it; what an earlier run may
# have left is not.
onstart:
    take_faults()
    refuse_hindered_arrays(workflow)


onerror:
    print(take_faults(), end="", file=sys.stderr, flush=True)


onsuccess:
    for line in plan.evaluation.untrained():
        print(f"dyadflow: {line}", file=sys.stderr, flush=True)
    print(
        "\n".join(
            f"Report: {page}" for page in plan.report.pages() if Path(page).exists()
        )
    )
