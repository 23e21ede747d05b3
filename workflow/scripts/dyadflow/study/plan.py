"""What the rules ask: for a job's wildcards, which inputs it has and which settings concern it.

Every method takes the job's wildcards (an object with `study`, `session`, ... as attributes) and gives plain
values, because what a rule hands to a script is stored and compared by value: a setting that is not among a
job's values cannot make it run again. What concerns one room stands in `plans/`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from dyadflow.errors import DyadflowError
from dyadflow.provenance.digest import CodeMap
from dyadflow.provenance.fingerprint import Fingerprints
from dyadflow.study.plans.annotations import Annotations
from dyadflow.study.plans.demo import Demo
from dyadflow.study.plans.evaluation import Evaluation
from dyadflow.study.plans.features import Features
from dyadflow.study.plans.folds import Folds
from dyadflow.study.plans.media import Media
from dyadflow.study.plans.models import Models
from dyadflow.study.plans.prediction import Prediction
from dyadflow.study.plans.report import Report
from dyadflow.study.plans.room import RESULTS
from dyadflow.study.resources import growing_memory, growing_runtime
from dyadflow.study.study import Study, load_study

#: In Snakemake's own folder, which every project has and nobody shares.
KEPT_DIGESTS = ".snakemake/dyadflow_code.json"


class Plan:
    """The studies of one run, asked by rules.

    Parameters
    ----------
    studies
        By name.
    scripts
        Folder of the scripts, with the library beside them.
    """

    #: What rules ask for: `mem_mb=plan.memory(500)`, `runtime=plan.minutes(10)`; more of it at each attempt.
    memory = staticmethod(growing_memory)
    minutes = staticmethod(growing_runtime)

    def __init__(self, studies: Mapping[str, Study], scripts: str | Path) -> None:
        self.studies = dict(studies)
        self.scripts = Path(scripts)
        self._fingerprints: dict[str, Fingerprints] = {}
        self.demo, self.media, self.annotations = Demo(self), Media(self), Annotations(self)
        self.features, self.folds, self.models = Features(self), Folds(self), Models(self)
        self.evaluation, self.prediction, self.report = Evaluation(self), Prediction(self), Report(self)

    @classmethod
    def load(cls, files: Sequence[str] | str | None, scripts: str | Path) -> "Plan":
        """Load the studies that a configuration names: a list of files, or one file.

        Raises
        ------
        DyadflowError
            If there is none, two have one name, or one of them is faulty.
        """
        files = [files] if isinstance(files, str) else files
        if not isinstance(files, list) or not files or not all(isinstance(file, str) for file in files):
            raise DyadflowError(
                "no study is named", where="config/config.yaml", fix="list at least one study's file under `studies:`"
            )
        studies: dict[str, Study] = {}
        for file in files:
            study = load_study(file)
            if study.name in studies:
                raise DyadflowError(
                    f"two studies are called {study.name!r}", where=f"{studies[study.name].file} and {study.file}",
                    fix="give one of them another name",
                )
            studies[study.name] = study
        _tell_kinds_of_networks_apart(studies)
        plan = cls(studies, scripts)
        for study in studies.values():
            plan.prediction.require_cell(study)
        return plan

    def of(self, wildcards: Any) -> Study:
        """The study of a job."""
        return self.studies[wildcards.study]

    @cached_property
    def code_map(self) -> CodeMap:
        """Digests of the library's code."""
        return CodeMap(self.scripts, kept=KEPT_DIGESTS)

    def code(self, rule: str, entries: Sequence[str] = ()) -> tuple[str, ...]:
        """Digest of the code behind a rule, and the modules that it covers.

        A tuple, because Snakemake would look in every word of a list for wildcards, for each job anew.

        Parameters
        ----------
        rule
            Its script has the same name.
        entries
            Modules that the script loads by name.
        """
        return tuple(self.code_map.code_of(self.scripts / f"{rule}.py", entries))

    def fingerprint(self, study: Study, path: str | Path) -> str:
        """What a large file or a folder of a study holds; told anew only when its size or time is another.

        Of one that may not be read, ``unreadable``: a job says so.
        """
        if study.name not in self._fingerprints:
            self._fingerprints[study.name] = Fingerprints(f"{RESULTS}/{study.name}/private/fingerprints.tsv")
        try:
            return self._fingerprints[study.name].of(path)
        except OSError:
            return "unreadable"

    def seed(self, wildcards: Any) -> int:
        """The study's seed."""
        return self.of(wildcards).settings.seed

    def every_session(self, pattern: str) -> Callable[[Any], list[str]]:
        """An input function: one file a session of the study, in the sheet's order."""
        def files(wildcards: Any) -> list[str]:
            study = self.of(wildcards)
            return [pattern.format(study=study.name, session=session.name) for session in study.sessions]
        return files

    def absent_inputs(self) -> list[DyadflowError]:
        """Recordings and coding files that are neither there nor made by a rule, one sentence each."""
        found = []
        for study in self.studies.values():
            files = [(session.media, f"session {session.name}", "recording") for session in study.sessions]
            files += [
                (coding.path, f"session {coding.session}, coder {coding.coder}", "coding file")
                for coding in study.coding
            ]
            for file, where, what in files:
                if not self.demo.makes(study, file) and not Path(file).exists():
                    found.append(DyadflowError(
                        f"the {what} {file} is not there", where=f"{study.file}, {where}",
                        fix="correct the sheet, or put the file in its place",
                    ))
        return found


def _tell_kinds_of_networks_apart(studies: Mapping[str, Study]) -> None:
    """Two rules train models; which of them, the model's name has to say."""
    for one in studies.values():
        for other in studies.values():
            both = set(one.settings.models.networks) & set(other.settings.models.video)
            if both:
                name = min(both)
                raise DyadflowError(
                    f"{name!r} is a network on streams in study {one.name}, and a video network in study {other.name}",
                    where=f"{one.file} and {other.file}", fix="give one of them another name",
                )
