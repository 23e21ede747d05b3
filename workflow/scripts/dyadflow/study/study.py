"""Load a study: its YAML file, its two sheets and its coding scheme, checked against one another."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from dyadflow.annotations.scheme import Scheme, read_scheme
from dyadflow.errors import DyadflowError
from dyadflow.media.settings import REGIONS
from dyadflow.study.settings import StudySettings
from dyadflow.study.sheets import Coding, Session, read_coding_sheet, read_sessions

#: One held out, and one on either side of an inner split.
LEAST_DYADS = 3


@dataclass(frozen=True)
class Study:
    """A study as the rest of the workflow sees it: settings, scheme, sessions, coding files."""

    settings: StudySettings
    scheme: Scheme
    sessions: tuple[Session, ...]
    coding: tuple[Coding, ...]
    file: Path
    human_folder: Path

    @property
    def name(self) -> str:
        """Name of the study, and of its folder under results."""
        return self.settings.name

    # Rules ask once and more for every session: in a study of a thousand, to look through all would take longer than
    # everything else that a dry run does.
    @cached_property
    def _sessions(self) -> dict[str, Session]:
        return {session.name: session for session in self.sessions}

    @cached_property
    def _codings(self) -> dict[str, tuple[Coding, ...]]:
        found: dict[str, tuple[Coding, ...]] = {}
        for coding in self.coding:
            found[coding.session] = (*found.get(coding.session, ()), coding)
        return found

    def session(self, name: str) -> Session:
        """The session of that name."""
        return self._sessions[name]

    def coding_of(self, session: str) -> tuple[Coding, ...]:
        """Coding files of a session, in the sheet's order."""
        return self._codings.get(session, ())

    def is_coded(self, session: str) -> bool:
        """Whether a human has coded the session."""
        return any(coding.kind == "human" for coding in self.coding_of(session))


def load_study(path: str | Path) -> Study:
    """Load a study.

    Parameters
    ----------
    path
        Its YAML file. Paths in it start from the folder it lies in.

    Raises
    ------
    DyadflowError
        In one sentence: a missing file, a mistyped key with the nearest real one, a value of the wrong
        kind, a name that refers to nothing, more folds than dyads.
    """
    path = Path(path)
    settings = read_settings(path)

    def beside(name: str) -> Path:
        return Path(os.path.normpath(path.parent / name))

    data = beside(settings.data_folder)
    sessions = withhold(read_sessions(beside(settings.sessions), data), settings.privacy.private_covariates, path)
    study = Study(
        settings=settings,
        scheme=read_scheme(beside(settings.scheme)),
        sessions=sessions,
        coding=read_coding_sheet(beside(settings.coding), data, sessions),
        file=path,
        human_folder=beside(settings.human_folder),
    )
    _agree_with_scheme(study)
    _enough_dyads(study)
    return study


def withhold(sessions: tuple[Session, ...], columns: Sequence[str], where: Path) -> tuple[Session, ...]:
    """Sessions whose covariates are without those that the study keeps private.

    Raises
    ------
    DyadflowError
        If a column is named that the sheet does not have: a mistyped one would be shared.
    """
    known = list(sessions[0].covariates)
    for column in columns:
        if column not in known:
            near = difflib.get_close_matches(column, known, n=1, cutoff=0.5)
            raise DyadflowError(
                f"privacy.private_covariates names {column!r}, which is no column of the sheet of sessions",
                where=str(where), fix=f"did you mean {near[0]!r}" if near else f"use {', '.join(known) or 'none'}")
    return tuple(replace(
        session, covariates={name: value for name, value in session.covariates.items() if name not in columns},
        withheld={name: session.covariates[name] for name in columns}) for session in sessions)


def read_settings(path: Path) -> StudySettings:
    """Read and validate the YAML file of a study."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DyadflowError("there is no such study file", where=str(path), fix="correct the list of studies") from None
    except yaml.YAMLError as error:
        raise DyadflowError(
            f"this is not YAML ({' '.join(str(error).split())})", where=str(path), fix="correct that line"
        ) from None
    if not isinstance(content, dict):
        raise DyadflowError("this holds no settings", where=str(path), fix="begin with `name:`")
    try:
        return StudySettings.model_validate(content)
    except ValidationError as error:
        raise explained(error, StudySettings, path) from None


def explained(error: ValidationError, model: type[BaseModel], path: str | Path) -> DyadflowError:
    """The first fault of a configuration in one sentence, with the nearest real key for a mistyped one."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _keys_at(model, first["loc"][:-1])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1, cutoff=0.5)
        fix = f"did you mean {near[0]!r}" if near else f"use one of {', '.join(known)}"
        return DyadflowError(f"there is no setting called {key!r}", where=str(path), fix=fix)
    message = first["msg"].removeprefix("Value error, ")
    what = f"{key}: {message}" if key else message
    if first["type"] != "value_error" and "input" in first and not isinstance(first["input"], dict):
        what += f", not {first['input']!r}"
    return DyadflowError(what, where=str(path), fix="correct the setting")


def _keys_at(model: Any, place: tuple[Any, ...]) -> list[str]:
    """Names of the settings at a place in nested models: follows fields, dictionaries and lists."""
    for part in place:
        kinds = _models_in(model)
        fields = next((kind.model_fields for kind in kinds if part in kind.model_fields), None)
        # A key of a dictionary or an index of a list leads to the same model.
        model = fields[part].annotation if fields is not None else model
    return [name for kind in _models_in(model) for name in kind.model_fields]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [kind for inner in get_args(annotation) for kind in _models_in(inner)]


def _agree_with_scheme(study: Study) -> None:
    settings, scheme, where = study.settings, study.scheme, str(study.file)
    for target in (*settings.targets, *settings.prediction.targets):
        if target not in scheme.targets:
            raise DyadflowError(
                f"target {target!r} is not in the scheme {scheme.name}; there are {', '.join(scheme.targets)}",
                where=where, fix="name one of these under targets",
            )
    for target in settings.targets:
        role = scheme.tiers[scheme.targets[target].tier].role
        for name, recipe in settings.models.streams.items():
            for part in recipe:
                view, extractor = part.split(".", 1)
                if view == "{role}" and role not in settings.features.extractors[extractor].views:
                    raise DyadflowError(
                        f"stream {name} asks for the {role}'s view of {extractor}, which has "
                        f"{', '.join(settings.features.extractors[extractor].views)}",
                        where=where, fix=f"add {role!r} to features.extractors.{extractor}.views",
                    )
    for target in settings.targets if settings.models.video else ():
        spec = scheme.targets[target]
        if len(spec.classes) != 2 or len(spec.phases) != 1:
            raise DyadflowError(
                f"target {target} has {len(spec.classes)} classes and {len(spec.phases)} phases of its own; a video "
                "network tells two classes apart within one phase",
                where=where, fix="name targets of the scheme that have two classes and one phase, or leave out "
                "models.video",
            )
    for column in settings.folds.in_every_fold:
        if any(column not in session.covariates for session in study.sessions):
            raise DyadflowError(
                f"folds.in_every_fold names {column!r}, which is no column of the sheet of sessions", where=where,
                fix=f"use one of {', '.join(study.sessions[0].covariates) or 'none'}, or add the column",
            )
    for session in study.sessions:
        for view in session.views:
            if view not in settings.media.views:
                raise DyadflowError(
                    f"session {session.name} names view {view!r}; the study has {', '.join(settings.media.views)}",
                    where=settings.sessions, fix="correct the column views",
                )
            if session.views[view] not in REGIONS:
                raise DyadflowError(
                    f"session {session.name} places view {view!r} at {session.views[view]!r}",
                    where=settings.sessions, fix=f"use {', '.join(REGIONS)} in the column views",
                )
        for name, _, _ in session.phases:
            if scheme.phases is None or name not in scheme.phases.codes:
                known = ", ".join(scheme.phases.codes) if scheme.phases else "none"
                raise DyadflowError(
                    f"session {session.name} has a phase {name!r}; the scheme {scheme.name} has {known}",
                    where=settings.sessions, fix="correct the column phases",
                )


def _enough_dyads(study: Study) -> None:
    models = study.settings.models
    if not (study.settings.targets and (models.networks or models.video)):
        return
    dyads = {session.dyad for session in study.sessions if study.is_coded(session.name)}
    if len(dyads) < LEAST_DYADS:
        raise DyadflowError(
            f"the study trains models, but the number of coded dyads is {len(dyads)}", where=str(study.file),
            fix=f"add coded dyads until there are {LEAST_DYADS} at least, or name no targets to go without training",
        )
    folds = study.settings.folds
    _enough_for_folds(study, "folds", folds.outer, folds.inner, len(dyads), "dyads")
    sessions = sum(study.is_coded(session.name) for session in study.sessions)
    for name, protocol in study.settings.protocols.items():
        if protocol.deals_anew and models.networks:
            by_session = protocol.split == "session"
            _enough_for_folds(
                study, f"protocols.{name}", protocol.outer or folds.outer, protocol.inner or folds.inner,
                sessions if by_session else len(dyads), "sessions" if by_session else "dyads",
            )


def _enough_for_folds(study: Study, place: str, outer: int, inner: int, units: int, what: str) -> None:
    if outer > units:
        raise DyadflowError(
            f"{place}.outer is {outer}, but only {units} {what} are coded", where=str(study.file),
            fix=f"set {place}.outer to at most {units}, or add coded {what}",
        )
    training = units - -(-units // outer)
    if inner > training:
        raise DyadflowError(
            f"{place}.inner is {inner}, but an outer fold may leave no more than {training} to train on",
            where=str(study.file),
            fix=f"set {place}.inner to at most {training}" if training > 1 else f"set {place}.outer to {units}",
        )
