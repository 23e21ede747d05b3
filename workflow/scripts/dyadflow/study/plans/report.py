"""What the page of a study is told."""

from collections.abc import Callable
from typing import Any

from dyadflow.errors import DyadflowError
from dyadflow.study.plans.room import RESULTS, RoomPlan

#: What of a protocol concerns networks that look at the pictures; the rest is about streams, and would mislead.
OF_VIDEO_NETWORKS = {"preset", "train_coders", "score_coders"}

#: The figures of results, and what the page calls them.
RESULT_FIGURES = {
    "labels": "Distribution of labels", "folds": "Results by fold", "learning_curves": "Learning curves",
    "search_effects": "Which hyperparameters mattered", "class_curves": "Precision, recall and ROC by class",
    "reliability": "Reliability of probabilities",
}


class Report(RoomPlan):
    """What the page of a study is told."""

    #: The page that links the pages of all studies.
    FRONT = f"{RESULTS}/index.html"

    def study(self, wildcards: Any) -> dict[str, Any]:
        """What the page says of a study: title, protocols, and which weights each extractor has."""
        study = self.of(wildcards)
        return {
            "name": study.name,
            "title": study.settings.title or study.name,
            "protocols": {
                name: item.model_dump(include=None if study.settings.models.networks else OF_VIDEO_NETWORKS)
                for name, item in study.settings.protocols.items()
            },
            "networks": {
                name: item.model_dump(include={"backbone", "weights", "revision"})
                for name, item in study.settings.features.extractors.items()
            } | {
                f"video:{name}": item.model_dump(include={"network", "weights"})
                for name, item in study.settings.models.video.items()
            },
        }

    def names(self, wildcards: Any) -> dict[str, str]:
        """Name and title of the study."""
        study = self.of(wildcards)
        return {"name": study.name, "title": study.settings.title or study.name}

    def headline(self, wildcards: Any) -> dict[str, str] | None:
        """The cell that the page opens with; None in a study that trains nothing."""
        study = self.of(wildcards)
        cells = self.plan.models.cells(study)
        if not cells:
            return None
        chosen = study.settings.report
        wanted = {"protocol": chosen.protocol, "stream": chosen.stream, "model": chosen.network}
        if not any(wanted.items() <= cell.items() for cell in cells):
            raise DyadflowError(
                f"report names cell {' / '.join(wanted.values())}, which the study does not train",
                where=str(study.file), fix="correct the keys under report",
            )
        return wanted

    def sessions(self, wildcards: Any) -> list[dict[str, Any]]:
        """What the page says of each session."""
        study = self.of(wildcards)
        return [
            {
                "session": session.name, "dyad": session.dyad, "coded": study.is_coded(session.name),
                "covariates": session.covariates,
            }
            for session in study.sessions
        ]

    def trained(self, pattern: str) -> Callable[[Any], list[str] | str]:
        """An input function: files that exist only where the study trains models."""
        return self.where(lambda wildcards: bool(self.plan.models.every(wildcards)), pattern)

    def where(self, condition: Callable[[Any], bool], pattern: str) -> Callable[[Any], list[str] | str]:
        """An input function: a file that exists only where a condition on the study holds."""
        def files(wildcards: Any) -> list[str] | str:
            return pattern.format(study=wildcards.study) if condition(wildcards) else []
        return files

    def snippets(self, pattern: str) -> Callable[[Any], list[str] | str]:
        """An input function: files that exist only where the study trains video networks."""
        return self.where(lambda wildcards: bool(self.plan.models.video_cells(wildcards)), pattern)

    def task_spans(self, pattern: str) -> Callable[[Any], list[str] | str]:
        """An input function: files that exist only where every coder marks the phases."""
        return self.where(self.plan.annotations.each_coder, pattern)

    def studies(self) -> list[dict[str, Any]]:
        """What the front page says of each study."""
        return [
            {
                "name": name, "title": study.settings.title or name, "page": f"{name}/report/index.html",
                "sessions": len(study.sessions), "dyads": len({session.dyad for session in study.sessions}),
                "targets": len(study.settings.targets),
            }
            for name, study in self.plan.studies.items()
        ]

    def accounts(self) -> list[str]:
        """The account of every study's coding files."""
        return [f"{RESULTS}/{name}/annotations/account.html" for name in self.plan.studies]

    def figures(self) -> list[str]:
        """The figures of every study, as PDF; SVG comes with them."""
        drawn = ("agreement", "confusion", "behaviour", "transitions", "dyadic")
        return [f"{RESULTS}/{name}/figures/{figure}.pdf" for name in self.plan.studies for figure in drawn]

    def result_figures(self) -> list[str]:
        """The figures of results of every study that trains models, as PDF; SVG and PNG come with them."""
        return [
            f"{RESULTS}/{name}/figures/{figure}.pdf" for name, study in self.plan.studies.items()
            for figure in RESULT_FIGURES if self.plan.models.cells(study)
        ]

    def result_tables(self) -> list[str]:
        """The tables of results of every study, one a target that is modelled."""
        return [
            f"{RESULTS}/{name}/tables/{target}.tsv" for name, study in self.plan.studies.items()
            for target in dict.fromkeys(cell["target"] for cell in self.plan.models.cells(study))
        ]

    def result_links(self, wildcards: Any) -> dict[str, str]:
        """What the page links: for each title, a figure or table of results as seen from the page."""
        cells = self.plan.models.every(wildcards)
        if not cells:
            return {}
        tables = {f"Table of {cell['target']}": f"../tables/{cell['target']}.tsv" for cell in cells}
        return {title: f"../figures/{figure}.pdf" for figure, title in RESULT_FIGURES.items()} | tables

    def stream_cells(self, pattern: str) -> Callable[[Any], list[str]]:
        """An input function: one file a cell of a network on streams."""
        def files(wildcards: Any) -> list[str]:
            return [pattern.format(study=wildcards.study, **cell) for cell in self.searched(wildcards)]
        return files

    def searched(self, wildcards: Any) -> list[dict[str, str]]:
        """The cells of networks on streams, in order."""
        video = self.of(wildcards).settings.models.video
        return [cell for cell in self.plan.models.every(wildcards) if cell["model"] not in video]

    def pages(self) -> list[str]:
        """The page of every study."""
        return [f"{RESULTS}/{name}/report/index.html" for name in self.plan.studies]
