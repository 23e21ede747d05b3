"""Which sessions a trained cell codes, and which cell that is."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dyadflow.errors import DyadflowError
from dyadflow.study.plans.room import RESULTS, RoomPlan, extractors_of
from dyadflow.study.study import Study


class Prediction(RoomPlan):
    """Which sessions a trained cell codes, and which cell that is."""

    def require_cell(self, study: Study) -> None:
        """Stop if a study has sessions to predict, and names a cell that is not trained in this run.

        Raises
        ------
        DyadflowError
            Naming the study or the cell.
        """
        prediction = study.settings.prediction
        if prediction.study and prediction.study not in self.plan.studies:
            raise DyadflowError(
                f"prediction.study names {prediction.study!r}, which is not in this run", where=str(study.file),
                fix="list its file under `studies:` as well",
            )
        wanted = {"protocol": prediction.protocol, "stream": prediction.stream, "model": prediction.network}
        source = self.plan.studies[prediction.study or study.name]
        targets = prediction.targets or source.settings.targets
        trained = [cell for cell in self.plan.models.cells(source) if wanted.items() <= cell.items()]
        missing = set(targets) - {cell["target"] for cell in trained}
        if self.sessions(study) and missing:
            raise DyadflowError(
                f"prediction names cell {' / '.join(wanted.values())}, which study {source.name} does not train for "
                f"{', '.join(sorted(missing))}", where=str(study.file), fix="correct the keys under prediction",
            )

        if self.sessions(study) and prediction.network in source.settings.models.video:
            for name in self.sessions(study):
                if not study.session(name).phases:
                    raise DyadflowError(
                        f"session {name} is to be coded by {prediction.network}, which looks within tasks, and no task "
                        "of it is known", where=f"{study.file}, session {name}",
                        fix="write when its tasks begin and end into the column phases of sessions.tsv",
                    )

    def source(self, wildcards: Any) -> Study:
        """The study whose models predict."""
        return self.plan.studies[self.of(wildcards).settings.prediction.study or wildcards.study]

    def studies(self, kind: str) -> str:
        """A pattern of the studies whose new sessions a network on `streams`, or on `clips`, codes; of none, one
        that never fits."""
        found = []
        for study in self.plan.studies.values():
            source = self.plan.studies[study.settings.prediction.study or study.name].settings.models
            video = study.settings.prediction.network in source.video
            found += [study.name] * (video == (kind == "clips"))
        return "|".join(found) or "(?!)"

    def clips(self, wildcards: Any) -> str:
        """An input function: the clips that a session is coded from."""
        view = self.of(wildcards).settings.prediction.stream
        return f"{RESULTS}/{wildcards.study}/private/clips/{wildcards.session}/{view}.h5"

    def code(self, rule: str) -> Callable[[Any], tuple[str, ...]]:
        """Digest of a rule's code with the network of the cell that predicts."""
        def code(wildcards: Any) -> tuple[str, ...]:
            model = self.of(wildcards).settings.prediction.network
            return self.plan.code(rule, [self.plan.models.module(self.source(wildcards), model)])
        return code

    def targets(self, wildcards: Any) -> list[str]:
        """Targets that are predicted for new sessions: those asked for, else those that the models were trained on."""
        return list(self.of(wildcards).settings.prediction.targets or self.source(wildcards).settings.targets)

    def sessions(self, study: Study) -> list[str]:
        """Sessions that a trained cell codes."""
        prediction = study.settings.prediction
        source = self.plan.studies[prediction.study or study.name]
        if not self.plan.models.cells(source):
            return []
        return [
            session.name for session in study.sessions
            if not study.is_coded(session.name) or (prediction.sessions == "all" and prediction.study)
        ]

    def cells(self, wildcards: Any) -> list[str]:
        """An input function: folders of trained folds, one a predicted target."""
        prediction = self.of(wildcards).settings.prediction
        study = self.source(wildcards).name
        return [
            f"{RESULTS}/{study}/models/{prediction.protocol}/{target}/{prediction.stream}/{prediction.network}/folds"
            for target in self.targets(wildcards)
        ]

    def searched(self, wildcards: Any) -> list[str]:
        """An input function: the tables of the searches behind these folders."""
        return [folder.removesuffix("folds") + "search.tsv" for folder in self.cells(wildcards)]

    def features(self, wildcards: Any) -> list[str]:
        """An input function: this study's index files that hold the session, for the streams the cells read."""
        study, source = self.of(wildcards), self.source(wildcards)
        prediction = study.settings.prediction
        names = extractors_of([
            part for target in self.targets(wildcards)
            for part in self.plan.models.recipe_of(source, target, prediction.stream, prediction.protocol)
        ])
        missing = [name for name in names if name not in study.settings.features.extractors]
        if missing:
            raise DyadflowError(
                f"the models of study {source.name} read {', '.join(missing)}, which this study does not extract",
                where=str(study.file), fix="copy these under features.extractors from that study",
            )
        return self.plan.features.of_session(study, wildcards.session, names)

    def tiers(self, wildcards: Any) -> dict[str, str]:
        """The tier that each predicted target is written to."""
        scheme = self.of(wildcards).scheme
        return {target: scheme.targets[target].tier for target in self.targets(wildcards)}

    def media(self, wildcards: Any) -> str:
        """The recording as seen from the folder of predictions, so that ELAN finds it; of one that is named by
        an absolute path only its file name, because predictions may be shared."""
        recording = Path(self.of(wildcards).session(wildcards.session).media)
        if recording.is_absolute():
            return recording.name
        return Path(os.path.relpath(recording, f"{RESULTS}/{wildcards.study}/prediction")).as_posix()

    def tables(self, wildcards: Any) -> list[str]:
        """An input function: segments predicted for sessions without coding."""
        return [
            f"{RESULTS}/{wildcards.study}/prediction/{session}.tsv"
            for session in self.sessions(self.of(wildcards))
        ]

    def elan_files(self) -> list[str]:
        """Every ELAN file of predicted segments, of every study."""
        return [
            f"{RESULTS}/{name}/prediction/{session}.eaf"
            for name, study in self.plan.studies.items() for session in self.sessions(study)
        ]
