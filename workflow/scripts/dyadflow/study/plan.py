"""What the rules ask: for a job's wildcards, which inputs it has and which settings concern it.

Every method takes the job's wildcards (an object with `study`, `session`, ... as attributes) and gives plain
values, because what a rule hands to a script is stored and compared by value: a setting that is not among a
job's values cannot make it run again.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from dyadflow.annotations.labels import label_spec
from dyadflow.annotations.vocabulary import Vocabulary
from dyadflow.errors import DyadflowError
from dyadflow.provenance.digest import CodeMap
from dyadflow.study.study import Study, load_study

RESULTS = "results"
#: How the files end that rule `make_demo_session` makes.
DEMO_FILES = (".mp4", "_anna.txt", "_ben.eaf")


class Plan:
    """The studies of one run, asked by rules.

    Parameters
    ----------
    studies
        By name.
    scripts
        Folder of the scripts, with the library beside them.
    """

    def __init__(self, studies: Mapping[str, Study], scripts: str | Path) -> None:
        self.studies = dict(studies)
        self.scripts = Path(scripts)

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
        for study in studies.values():
            other = study.settings.prediction.study
            if other and other not in studies:
                raise DyadflowError(
                    f"prediction.study names {other!r}, which is not in this run", where=str(study.file),
                    fix="list its file under `studies:` as well",
                )
        return cls(studies, scripts)

    def of(self, wildcards: Any) -> Study:
        """The study of a job."""
        return self.studies[wildcards.study]

    # -- code -----------------------------------------------------------------------------------------

    @cached_property
    def _code(self) -> CodeMap:
        return CodeMap(self.scripts)

    def code(self, rule: str) -> list[str]:
        """Digest of the code behind a rule, and the modules that it covers."""
        return self._code.code_of(self.scripts / f"{rule}.py")

    def code_with_backbone(self, rule: str) -> Callable[[Any], list[str]]:
        """The same with the one backbone that the job's extractor names."""
        from dyadflow.features.registry import BACKBONES

        def code(wildcards: Any) -> list[str]:
            backbone = self._extractor(wildcards).backbone
            return self._code.code_of(self.scripts / f"{rule}.py", [BACKBONES[backbone]])
        return code

    def code_with_network(self, rule: str) -> Callable[[Any], list[str]]:
        """The same with the one network that the job's model names."""
        from dyadflow.models.registry import NETWORKS

        def code(wildcards: Any) -> list[str]:
            network = self.of(wildcards).settings.models.networks[wildcards.model].network
            return self._code.code_of(self.scripts / f"{rule}.py", [NETWORKS[network]])
        return code

    def code_with_predicting_network(self, rule: str) -> Callable[[Any], list[str]]:
        """The same with the network of the cell that predicts."""
        from dyadflow.models.registry import NETWORKS

        def code(wildcards: Any) -> list[str]:
            study = self._predicting(wildcards)
            network = study.settings.models.networks[self.of(wildcards).settings.prediction.network].network
            return self._code.code_of(self.scripts / f"{rule}.py", [NETWORKS[network]])
        return code

    # -- wildcards --------------------------------------------------------------------------------------

    def demo_studies(self) -> list[str]:
        """Studies whose recordings are made from a seed."""
        return [name for name, study in self.studies.items() if study.settings.demo is not None]

    # -- demo ---------------------------------------------------------------------------------------------

    def demo_settings(self, wildcards: Any) -> dict:
        """What a synthetic session is made from."""
        return self.of(wildcards).settings.demo.model_dump()

    def scheme(self, wildcards: Any) -> dict:
        """The whole coding scheme."""
        return self.of(wildcards).scheme.model_dump()

    # -- media --------------------------------------------------------------------------------------------

    def recording(self, wildcards: Any) -> str:
        """The recording of a session."""
        return self.of(wildcards).session(wildcards.session).media

    def media_settings(self, wildcards: Any) -> dict:
        """How every session is decoded."""
        return self.of(wildcards).settings.media.model_dump(exclude={"views"})

    def views(self, wildcards: Any) -> dict:
        """The views of a session: the study's, with the regions that the sheet gives for this session."""
        study = self.of(wildcards)
        own = study.session(wildcards.session).views
        return {
            name: {**view.model_dump(), **({"region": own[name]} if name in own else {})}
            for name, view in study.settings.media.views.items()
        }

    # -- annotations ----------------------------------------------------------------------------------------

    def coding_files(self, wildcards: Any) -> list[str]:
        """Coding files of a session, one a coder."""
        return [coding.path for coding in self.of(wildcards).coding_of(wildcards.session)]

    def coding(self, wildcards: Any) -> list[dict]:
        """Coder, kind, format and shift of each coding file of a session, in the order of `coding_files`."""
        study = self.of(wildcards)
        start_s = study.session(wildcards.session).offset_s
        return [
            {"coder": coding.coder, "format": coding.format, "offset_s": coding.offset_s + start_s}
            for coding in study.coding_of(wildcards.session)
        ]

    def vocabulary(self, wildcards: Any) -> dict:
        """What an import needs to know of the scheme: no members of merges, no targets, no colours."""
        return Vocabulary.of(self.of(wildcards).scheme).model_dump()

    def severities(self, wildcards: Any) -> dict:
        """How grave issues are in this study, where it differs from the default."""
        return dict(sorted(self.of(wildcards).settings.severities.items()))

    def needs_sound(self, wildcards: Any) -> bool:
        """Whether any stream of the study is made from sound."""
        return any("audio" in extractor.views for extractor in self.of(wildcards).settings.features.extractors.values())

    def coded_sessions(self, wildcards: Any) -> list[str]:
        """Sessions that a human has coded."""
        study = self.of(wildcards)
        return [session.name for session in study.sessions if study.is_coded(session.name)]

    def label_spec(self, wildcards: Any) -> dict:
        """Targets with the class of each code, and the phases: what merging needs of the scheme."""
        return label_spec(self.of(wildcards).scheme)

    def sheet_phases(self, wildcards: Any) -> list[list] | None:
        """Phases that the sheet gives for a session, on the recording's clock; none: from a coding tier."""
        session = self.of(wildcards).session(wildcards.session)
        shift = session.offset_s
        return [[name, onset + shift, offset + shift] for name, onset, offset in session.phases] or None

    def phased(self, wildcards: Any) -> list[str]:
        """Sessions whose phases stand in the sheet, so that no coding tier needs to hold them."""
        return [session.name for session in self.of(wildcards).sessions if session.phases]

    def coders_by_session(self, wildcards: Any) -> dict[str, list[str]]:
        """Coders of every session, in the sheets' order."""
        study = self.of(wildcards)
        return {session.name: [coding.coder for coding in study.coding_of(session.name)] for session in study.sessions}

    def coders(self, wildcards: Any) -> list[str]:
        """Coders of a session, in the sheet's order."""
        return [coding.coder for coding in self.of(wildcards).coding_of(wildcards.session)]

    def kinds(self, wildcards: Any) -> dict[tuple[str, str], str]:
        """Kind of every (session, coder): human, assisted or model."""
        return {(coding.session, coding.coder): coding.kind for coding in self.of(wildcards).coding}

    def dyads(self, wildcards: Any) -> dict[str, str]:
        """Dyad of every session, in the sheet's order."""
        return {session.name: session.dyad for session in self.of(wildcards).sessions}

    def covariates(self, wildcards: Any) -> list[dict]:
        """Session, dyad and covariates of every session."""
        return [
            {"session": session.name, "dyad": session.dyad, **session.covariates}
            for session in self.of(wildcards).sessions
        ]

    # -- files of every session -----------------------------------------------------------------------------

    def every_session(self, pattern: str) -> Callable[[Any], list[str]]:
        """An input function: one file a session of the study, in the sheet's order."""
        def files(wildcards: Any) -> list[str]:
            study = self.of(wildcards)
            return [pattern.format(study=study.name, session=session.name) for session in study.sessions]
        return files

    def every_coded_session(self, pattern: str) -> Callable[[Any], list[str]]:
        """An input function: one file for each session that a human has coded."""
        def files(wildcards: Any) -> list[str]:
            return [pattern.format(study=wildcards.study, session=name) for name in self.coded_sessions(wildcards)]
        return files

    # -- features -------------------------------------------------------------------------------------------

    def _extractor(self, wildcards: Any):
        return self.of(wildcards).settings.features.extractors[wildcards.extractor]

    def extractor(self, wildcards: Any) -> dict:
        """Settings of the job's extractor."""
        return self._extractor(wildcards).model_dump()

    def torch_threads(self, wildcards: Any) -> int:
        """Threads of a network: fixed by the study, because they change the last bits."""
        return self.of(wildcards).settings.features.torch_threads

    def batches(self, study: Study) -> list[list[str]]:
        """Sessions in the sheet's order, cut into jobs: a session added at the end leaves the others in place."""
        names = [session.name for session in study.sessions]
        size = study.settings.features.sessions_per_job
        return [names[start : start + size] for start in range(0, len(names), size)]

    def batch_sessions(self, wildcards: Any) -> list[str]:
        """Sessions of one extraction job."""
        return self.batches(self.of(wildcards))[int(wildcards.batch)]

    def every_session_of_batch(self, pattern: str) -> Callable[[Any], list[str]]:
        """An input function: one file for each session of an extraction job."""
        def files(wildcards: Any) -> list[str]:
            return [pattern.format(study=wildcards.study, session=name) for name in self.batch_sessions(wildcards)]
        return files

    def gpus(self, wildcards: Any) -> int:
        """One GPU where the extractor's device is CUDA, else none."""
        return int(self._extractor(wildcards).device == "cuda")

    def feature_indices(self, study: Study, extractors: Sequence[str] | None = None) -> list[str]:
        """Index files of some or all extractors: one a batch of sessions."""
        names = extractors if extractors is not None else list(study.settings.features.extractors)
        return [
            f"{RESULTS}/{study.name}/features/{name}/batch{number}.tsv"
            for name in names for number in range(len(self.batches(study)))
        ]

    def every_feature_index(self, wildcards: Any) -> list[str]:
        """An input function: all index files of the study."""
        return self.feature_indices(self.of(wildcards))

    # -- models ---------------------------------------------------------------------------------------------

    def role(self, study: Study, target: str) -> str:
        """Whose behaviour a target is: names the view that shows it."""
        return study.scheme.tiers[study.scheme.targets[target].tier].role

    def recipe_of(self, study: Study, target: str, stream: str, recipes: Study | None = None) -> list[str]:
        """The streams that a model reads, as ``view.extractor``, for the role of a target."""
        recipe = (recipes or study).settings.models.streams[stream]
        return [part.replace("{role}", self.role(study, target)) for part in recipe]

    def recipe(self, wildcards: Any) -> list[str]:
        """The streams that a cell reads."""
        return self.recipe_of(self.of(wildcards), wildcards.target, wildcards.stream)

    def cell_features(self, wildcards: Any) -> list[str]:
        """An input function: index files of the extractors that a cell reads."""
        return self.feature_indices(self.of(wildcards), _extractors_of(self.recipe(wildcards)))

    def network(self, wildcards: Any) -> dict:
        """Settings of a cell's network, and of the search."""
        return self.of(wildcards).settings.models.networks[wildcards.model].model_dump(exclude={"streams"})

    def training_gpus(self, wildcards: Any) -> int:
        """One GPU where the network's device is CUDA, else none."""
        return int(self.of(wildcards).settings.models.networks[wildcards.model].device == "cuda")

    def protocol(self, wildcards: Any) -> dict:
        """How a cell's result is obtained."""
        return self.of(wildcards).settings.protocols[wildcards.protocol].model_dump()

    def training_threads(self, wildcards: Any) -> int:
        """Threads of a training: fixed by the study."""
        return self.of(wildcards).settings.models.torch_threads

    def seed(self, wildcards: Any) -> int:
        """The study's seed."""
        return self.of(wildcards).settings.seed

    def folds(self, wildcards: Any) -> dict:
        """How many folds."""
        return self.of(wildcards).settings.folds.model_dump()

    def label_coders(self, wildcards: Any) -> list[str]:
        """Whose labels balance the folds: the coders that train, in order, over all protocols."""
        protocols = self.of(wildcards).settings.protocols.values()
        return list(dict.fromkeys(coder for protocol in protocols for coder in protocol.train_coders))

    def targets(self, wildcards: Any) -> list[str]:
        """The targets that are modelled."""
        return list(self.of(wildcards).settings.targets)

    def pins(self, wildcards: Any) -> list[str]:
        """An input function: the folds that a person has pinned, if there is such a file."""
        path = self.of(wildcards).human_folder / "folds.tsv"
        return [path.as_posix()] if path.exists() else []

    def cells(self, study: Study) -> list[dict[str, str]]:
        """Every (protocol, target, stream, model) of a study."""
        settings = study.settings
        return [
            {"protocol": protocol, "target": target, "stream": stream, "model": model}
            for protocol in settings.protocols
            for target in settings.targets
            for stream in settings.models.streams
            for model, network in settings.models.networks.items()
            if not network.streams or stream in network.streams
        ]

    def cell_list(self, wildcards: Any) -> list[dict[str, str]]:
        """Every cell of the job's study."""
        return self.cells(self.of(wildcards))

    def every_cell(self, pattern: str) -> Callable[[Any], list[str]]:
        """An input function: one file a cell, in the order of `cell_list`."""
        def files(wildcards: Any) -> list[str]:
            return [pattern.format(study=wildcards.study, **cell) for cell in self.cell_list(wildcards)]
        return files

    # -- evaluation ---------------------------------------------------------------------------------------

    def score_coders(self, wildcards: Any) -> dict[str, list[str]]:
        """Whose coding scores, by protocol."""
        return {name: list(item.score_coders) for name, item in self.of(wildcards).settings.protocols.items()}

    def instructed_phases(self, wildcards: Any) -> list[str]:
        """Phases in which the caregiver's behaviour is instructed."""
        phases = self.of(wildcards).scheme.phases
        return [name for name, phase in phases.codes.items() if phase.instructed] if phases else []

    def evaluation(self, wildcards: Any) -> dict:
        """Intervals, comparisons named beforehand, covariates."""
        return self.of(wildcards).settings.evaluation.model_dump()

    # -- prediction -----------------------------------------------------------------------------------------

    def _predicting(self, wildcards: Any) -> Study:
        return self.studies[self.of(wildcards).settings.prediction.study or wildcards.study]

    def predicted_targets(self, wildcards: Any) -> list[str]:
        """Targets that are predicted for new sessions: those asked for, else those that the models were trained on."""
        return list(self.of(wildcards).settings.prediction.targets or self._predicting(wildcards).settings.targets)

    def predicted_sessions(self, study: Study) -> list[str]:
        """Sessions that a trained cell codes."""
        prediction = study.settings.prediction
        source = self.studies[prediction.study or study.name]
        if not self.cells(source):
            return []
        return [
            session.name for session in study.sessions
            if not study.is_coded(session.name) or (prediction.sessions == "all" and prediction.study)
        ]

    def predicting_cells(self, wildcards: Any) -> list[str]:
        """An input function: folders of trained folds, one a predicted target."""
        prediction = self.of(wildcards).settings.prediction
        study = self._predicting(wildcards).name
        return [
            f"{RESULTS}/{study}/models/{prediction.protocol}/{target}/{prediction.stream}/{prediction.network}/folds"
            for target in self.predicted_targets(wildcards)
        ]

    def predicting_features(self, wildcards: Any) -> list[str]:
        """An input function: this study's index files that hold the session, for the streams the cells read."""
        study, source = self.of(wildcards), self._predicting(wildcards)
        stream = study.settings.prediction.stream
        names = _extractors_of([
            part for target in self.predicted_targets(wildcards) for part in self.recipe_of(source, target, stream)
        ])
        missing = [name for name in names if name not in study.settings.features.extractors]
        if missing:
            raise DyadflowError(
                f"the models of study {source.name} read {', '.join(missing)}, which this study does not extract",
                where=str(study.file), fix="copy these under features.extractors from that study",
            )
        batch = next(n for n, names_ in enumerate(self.batches(study)) if wildcards.session in names_)
        return [f"{RESULTS}/{study.name}/features/{name}/batch{batch}.tsv" for name in names]

    def predicted_tiers(self, wildcards: Any) -> dict[str, str]:
        """The tier that each predicted target is written to."""
        scheme = self.of(wildcards).scheme
        return {target: scheme.targets[target].tier for target in self.predicted_targets(wildcards)}

    def media_name(self, wildcards: Any) -> str:
        """File name of a session's recording, to be linked from an ELAN file."""
        return Path(self.recording(wildcards)).name

    # -- report -----------------------------------------------------------------------------------------------

    def trained(self, pattern: str | Sequence[str]) -> Callable[[Any], list[str] | str]:
        """An input function: files that exist only where the study trains models."""
        def files(wildcards: Any) -> list[str] | str:
            return pattern.format(study=wildcards.study) if self.cell_list(wildcards) else []
        return files

    def predictions(self, wildcards: Any) -> list[str]:
        """An input function: segments predicted for sessions without coding."""
        return [
            f"{RESULTS}/{wildcards.study}/prediction/{session}.tsv"
            for session in self.predicted_sessions(self.of(wildcards))
        ]

    def report(self, wildcards: Any) -> dict:
        """What the page says of a study: title, protocols, and which weights each extractor has."""
        study = self.of(wildcards)
        return {
            "name": study.name,
            "title": study.settings.title or study.name,
            "protocols": {name: item.model_dump() for name, item in study.settings.protocols.items()},
            "networks": {
                name: item.model_dump(include={"backbone", "weights", "revision"})
                for name, item in study.settings.features.extractors.items()
            },
        }

    def headline(self, wildcards: Any) -> dict[str, str] | None:
        """The cell that the page opens with; None in a study that trains nothing."""
        study = self.of(wildcards)
        cells = self.cells(study)
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

    def report_sessions(self, wildcards: Any) -> list[dict]:
        """What the page says of each session."""
        study = self.of(wildcards)
        return [
            {
                "session": session.name, "dyad": session.dyad, "coded": study.is_coded(session.name),
                "covariates": session.covariates,
            }
            for session in study.sessions
        ]

    # -- what a run makes --------------------------------------------------------------------------------------

    def reports(self) -> list[str]:
        """The page of every study."""
        return [f"{RESULTS}/{name}/report/index.html" for name in self.studies]

    def all_predictions(self) -> list[str]:
        """Every ELAN file of predicted segments, of every study."""
        return [
            f"{RESULTS}/{name}/prediction/{session}.eaf"
            for name, study in self.studies.items() for session in self.predicted_sessions(study)
        ]

    def absent_inputs(self) -> list[DyadflowError]:
        """Recordings and coding files that are neither there nor made by a rule, one sentence each."""
        found = []
        for study in self.studies.values():
            made = f"{RESULTS}/{study.name}/private/recordings/"
            files = [(session.media, f"session {session.name}", "recording") for session in study.sessions]
            files += [
                (coding.path, f"session {coding.session}, coder {coding.coder}", "coding file")
                for coding in study.coding
            ]
            for file, where, what in files:
                by_rule = study.settings.demo and file.startswith(made) and file.endswith(DEMO_FILES)
                if not by_rule and not Path(file).exists():
                    found.append(DyadflowError(
                        f"the {what} {file} is not there", where=f"{study.file}, {where}",
                        fix="correct the sheet, or put the file in its place",
                    ))
        return found


def _extractors_of(recipe: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(part.split(".", 1)[1] for part in recipe))
