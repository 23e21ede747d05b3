"""The models as an estimator with scikit-learn's conventions, for who has arrays and no study."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationError

# At the top, though heavy, because a class must know its parents; no job of the workflow loads this module.
from sklearn.base import BaseEstimator, ClassifierMixin

from dyadflow.errors import DyadflowError
from dyadflow.models.blocks import stack_sessions
from dyadflow.models.fusion import Fused
from dyadflow.models.learning import fit_all, predict_rows
from dyadflow.models.packing import pack_checkpoint, read_checkpoint_file, unpack_checkpoint
from dyadflow.models.registry import load_network
from dyadflow.models.scaling import Scaler, fit_scaler, scale_session
from dyadflow.models.scoring import balanced_weights
from dyadflow.models.session_arrays import first_class, places_of, read_codes, read_groups, read_sessions
from dyadflow.models.space import list_grid
from dyadflow.models.training import FitRequest, Labels
from dyadflow.provenance.whole import whole

if TYPE_CHECKING:
    from sklearn.utils import Tags

#: Name, in a saved file, of what makes it one of these.
_KIND = "sequence_classifier"


class SequenceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A class for every frame of a session, by any of the networks.

    Parameters
    ----------
    network
        ``linear``, ``bilstm``, ``tcn``, ``logreg`` or ``trees``.
    hyperparameters
        Values by name; those left out are the first of the network's own search space.
    max_epochs, patience
        Passes over the training windows at most, and passes without a better score before training stops. Of torch
        networks.
    class_weight
        ``"balanced"``: frames of rare classes weigh more. None: all alike.
    labels
        ``first``, ``soft`` or ``drawn``: what a frame's target is where several coders coded it
        (`training.fit_networks`).
    validation_share
        Of the dyads, how many are set aside to stop early on; at least one, and never all.
    random_state
        Which dyads are set aside, and the seed of weights, order and dropout. A number, a numpy RandomState, or None
        for another one in every fit.
    device
        ``cpu`` or ``cuda``.

    Attributes
    ----------
    classes_
        Codes that occurred, in order: the columns of `predict_proba`.
    n_features_in_
        Dims of a frame.
    set_aside_
        Dyads that training stopped on.
    weights_, hyperparameters_, scaler_
        What a prediction reads.
    epochs_, history_, validation_score_
        The epoch that was kept; of each epoch its loss and macro F1; and that of what was kept.

    Notes
    -----
    X is a list of sessions, each of shape (frames, dims); y is a list of their codes, each of shape (frames,), or
    (coders, frames) where several coded it. A negative code is no class. A frame with a value that is not finite is one
    that was not recorded: it moves no mean, and networks get zeros for it.

    In scikit-learn's cross-validation `groups` goes to the splitter and to `fit` both, so that sessions of a dyad stay
    together when dyads are set aside too: ``cross_val_score(classifier, X, y, groups=dyads, cv=GroupKFold(5),
    params={"groups": dyads})``.
    """

    def __init__(
        self, network: str = "bilstm", hyperparameters: Mapping[str, Any] | None = None, max_epochs: int = 50,
        patience: int = 8, class_weight: str | None = "balanced", labels: Labels = "first",
        validation_share: float = 0.2, random_state: int | np.random.RandomState | None = 0, device: str = "cpu",
    ) -> None:
        self.network = network
        self.hyperparameters = hyperparameters
        self.max_epochs = max_epochs
        self.patience = patience
        self.class_weight = class_weight
        self.labels = labels
        self.validation_share = validation_share
        self.random_state = random_state
        self.device = device

    def __sklearn_tags__(self) -> "Tags":
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Sequence[ArrayLike], y: Sequence[ArrayLike], groups: ArrayLike | None = None) -> Self:
        """Train on some dyads, stopping early on others.

        Parameters
        ----------
        X, y
            Sessions and their codes.
        groups
            The dyad of each session; without it each session is taken for a dyad of its own.

        Raises
        ------
        DyadflowError
            If inputs do not fit together, fewer than two dyads have a class, or training ends in numbers that are not
            finite.
        """
        from sklearn.utils import check_random_state

        self._refuse_unknown_choices()
        chosen = choose_hyperparameters(self.network, self.hyperparameters)
        sessions = read_sessions(X)
        codes = read_codes(y, sessions)
        dyads = read_groups(groups, len(sessions))
        random = check_random_state(self.random_state)
        aside = self._set_aside(codes, dyads, random)
        self.classes_ = np.unique(np.concatenate([part[part >= 0] for part in codes]))
        places = [places_of(part, self.classes_) for part in codes]
        self.n_features_in_ = sessions[0].shape[1]
        self.set_aside_ = np.unique(dyads[aside])
        self.scaler_ = fit_scaler([_fuse(part) for part in _pick(sessions, ~aside)], "standard")
        training, validation = (
            stack_sessions(self._scale(_pick(sessions, side)), _pick(places, side), self.device)
            for side in (~aside, aside)
        )
        class_weights = None if self.class_weight is None else balanced_weights(
            np.concatenate([part.ravel() for part in _pick(places, ~aside)]), len(self.classes_))
        request = FitRequest(training, validation, chosen, class_weights, int(random.randint(2**31 - 1)))
        fit = fit_all(
            self.network, [request], classes=len(self.classes_), max_epochs=self.max_epochs, patience=self.patience,
            labels=self.labels,
        )[0]
        if fit.weights is None:
            raise DyadflowError(
                f"training of {self.network} ended in numbers that are not finite", fix="lower the learning rate")
        self.weights_, self.hyperparameters_ = fit.weights, chosen
        self.epochs_, self.history_, self.validation_score_ = fit.epochs, fit.history, fit.score
        return self

    def predict_proba(self, X: Sequence[ArrayLike]) -> list[NDArray[np.float32]]:
        """For each session the probability of each of `classes_` in each frame, shape (frames, classes)."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        sessions = read_sessions(X)
        if sessions[0].shape[1] != self.n_features_in_:
            raise DyadflowError(
                f"a frame has {sessions[0].shape[1]} values, and the classifier was fitted to {self.n_features_in_}",
                fix="give it the features that it was fitted to",
            )
        return [
            predict_rows(
                self.network, self.hyperparameters_, self.weights_, values, [len(values)], classes=len(self.classes_),
                device=self.device,
            )
            for values in self._scale(sessions)
        ]

    def predict(self, X: Sequence[ArrayLike]) -> list[NDArray[Any]]:
        """For each session the likeliest class of each frame, shape (frames,)."""
        return [self.classes_[shares.argmax(axis=1)] for shares in self.predict_proba(X)]

    def score(self, X: Sequence[ArrayLike], y: Sequence[ArrayLike]) -> float:
        """Macro F1 over the frames that have a class, pooled, and over the classes that occur in them.

        A class that was never trained counts as any other: it is missed. Of several coders the first with a class is
        the truth.
        """
        from sklearn.metrics import f1_score

        truth = np.concatenate([first_class(part) for part in read_codes(y, read_sessions(X))])
        known = truth >= 0
        if not known.any():
            return float("nan")
        found = np.concatenate(self.predict(X))[known]
        return float(f1_score(
            truth[known], found, labels=np.unique(truth[known]), average="macro", zero_division=0))

    def save(self, path: str | Path) -> None:
        """Write all that a prediction needs as one safetensors file; a file is there whole or not at all."""
        import torch
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        settings = self.get_params(deep=False)
        if not isinstance(settings["random_state"], int | np.integer):
            settings["random_state"] = None
        config = {
            "kind": _KIND, "settings": _plain(settings), "hyperparameters": _plain(self.hyperparameters_),
            "classes": self.classes_.tolist(), "set_aside": self.set_aside_.tolist(), "epochs": self.epochs_,
            "history": [[float(number) for number in epoch] for epoch in self.history_],
            "validation_score": float(self.validation_score_),
        }
        tensors = {f"network.{name}": value for name, value in self.weights_.items()}
        tensors |= {
            f"scaler.{name}": torch.from_numpy(np.ascontiguousarray(getattr(self.scaler_, name)))
            for name in ("mean", "scale")
        }
        with whole(Path(path)) as beside:
            beside.write_bytes(pack_checkpoint(config, tensors))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        DyadflowError
            If there is no such file, or it holds something else.
        """
        config, tensors = unpack_checkpoint(read_checkpoint_file(path), where=str(path))
        if config.get("kind") != _KIND:
            raise DyadflowError(
                "this file holds no sequence classifier", where=str(path),
                fix="name one that SequenceClassifier.save has written",
            )
        made = cls(**config["settings"])
        made.hyperparameters_, made.classes_ = config["hyperparameters"], np.array(config["classes"])
        made.set_aside_, made.epochs_ = np.array(config["set_aside"]), config["epochs"]
        made.history_ = tuple((loss, score) for loss, score in config["history"])
        made.validation_score_ = config["validation_score"]
        made.scaler_ = Scaler(tensors["scaler.mean"].numpy(), tensors["scaler.scale"].numpy())
        made.n_features_in_ = len(made.scaler_.mean)
        made.weights_ = {
            name.removeprefix("network."): value for name, value in tensors.items() if name.startswith("network.")
        }
        return made

    def _refuse_unknown_choices(self) -> None:
        for name, given, known in (
            ("class_weight", self.class_weight, ("balanced", None)),
            ("labels", self.labels, ("first", "soft", "drawn")),
        ):
            if given not in known:
                raise DyadflowError(
                    f"{name} is {given!r}", fix=f"give one of {', '.join(map(repr, known))}")
        if not 0 < self.validation_share < 1:
            raise DyadflowError(
                f"validation_share is {self.validation_share}", fix="give a share between 0 and 1")

    def _set_aside(
        self, codes: Sequence[NDArray[np.int64]], dyads: NDArray[Any], random: np.random.RandomState
    ) -> NDArray[np.bool_]:
        """Which sessions training stops on: whole dyads, and only of those with a class."""
        from sklearn.model_selection import GroupShuffleSplit

        coded = np.flatnonzero([bool((part >= 0).any()) for part in codes])
        count = len(np.unique(dyads[coded]))
        if count < 2:
            raise DyadflowError(
                f"{count} dyad{'' if count == 1 else 's'} with a class cannot be split into some to learn from and "
                "some to stop on", fix="give sessions of two dyads or more, and name their dyads in groups",
            )
        size = min(max(1, round(self.validation_share * count)), count - 1)
        splitter = GroupShuffleSplit(1, test_size=size, random_state=random)
        _, chosen = next(splitter.split(coded, groups=dyads[coded]))
        # All sessions of these dyads, those without a class too: no dyad stands on both sides.
        return np.isin(dyads, dyads[coded[chosen]])

    def _scale(self, sessions: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        return [scale_session(_fuse(values), self.scaler_) for values in sessions]


def choose_hyperparameters(network: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """A network's hyperparameters: those given, and for the others the first of its search space.

    Raises
    ------
    DyadflowError
        If the network has no such hyperparameter, or it may not have that value.
    """
    kind = load_network(network).Space
    try:
        space = kind.model_validate({name: [value] for name, value in (given or {}).items()})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        known = ", ".join(kind.model_fields)
        fix = f"give one of {known}" if name not in kind.model_fields else "give another value"
        raise DyadflowError(
            f"{network} cannot have {name}={(given or {}).get(name)!r}: {first['msg']}", where="hyperparameters",
            fix=fix,
        ) from None
    narrowed = space.model_copy(update={name: getattr(space, name)[:1] for name in type(space).model_fields})
    return list_grid(narrowed)[0]


def _pick(parts: Sequence[NDArray[Any]], which: NDArray[np.bool_]) -> list[NDArray[Any]]:
    return [part for part, taken in zip(parts, which, strict=True) if taken]


def _fuse(values: NDArray[np.float32]) -> Fused:
    valid: NDArray[np.bool_] = np.asarray(np.isfinite(values).all(axis=1))
    return Fused(values, valid[:, None], (slice(0, values.shape[1]),))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of numpy as Python's own."""
    return json.loads(json.dumps(dict(values), default=lambda number: number.item()))
