"""The training side of one outer fold: its encoder, its snippets, and the fits made of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dyadflow.errors import DyadflowError
from dyadflow.models.scoring import balanced_weights
from dyadflow.models.seeds import derive_seed
from dyadflow.models.state import State, digest_of
from dyadflow.models.video.data import VideoData
from dyadflow.models.video.embedding import Passes, embed, recall_array, settle_statistics
from dyadflow.models.video.fine_tuning import fine_tune
from dyadflow.models.video.fixed import FixedClips, FixedSnippets, choose_fixed, is_flipped
from dyadflow.models.video.head import train_head
from dyadflow.models.video.loading import SnippetLoader, place_network
from dyadflow.models.video.predict import probability_of_yes
from dyadflow.models.video.preset import PRESETS, Preset
from dyadflow.models.video.scoring import Kept, f1_of_yes
from dyadflow.models.video.settings import UNTRAINED
from dyadflow.models.video.snippets import Snippet, SnippetSpec, draw_epoch
from dyadflow.models.video.statistics import PixelStatistics, statistics_by_session
from dyadflow.models.video.weights import identify_start, start_network

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from dyadflow.models.settings import ProtocolSettings
    from dyadflow.models.video.settings import HandValues, VideoTraining


@dataclass(frozen=True)
class VideoCell:
    """One cell of the result table whose network looks at pictures.

    Parameters
    ----------
    data
        Folds, coding and clips.
    target
        What is predicted.
    classes
        Its two classes.
    phase
        Its task.
    settings
        The network, and how it is searched and trained.
    protocol
        Preset and coders.
    seed
        The study's.
    code
        Digest of the code that trains; part of every key of `state`.
    device
        Where to compute.
    threads
        Threads inside torch.
    state
        Where finished pieces are kept.
    """

    data: VideoData
    target: str
    classes: tuple[str, ...]
    phase: str
    settings: "VideoTraining"
    protocol: "ProtocolSettings"
    seed: int
    code: str
    device: "torch.device"
    threads: int
    state: State

    @property
    def preset(self) -> Preset:
        """What the protocol's preset says."""
        return PRESETS[self.protocol.preset]

    @property
    def snippet_spec(self) -> SnippetSpec:
        """What a snippet is."""
        return SnippetSpec(
            frames=self.settings.frames, rate_hz=self.data.rate_hz, strata=self.settings.strata,
            label_s=self.preset.label_window_s,
        )

    def choose_fixed(self, sessions: Sequence[str], units: Literal["tiled", "drawn"]) -> FixedSnippets:
        """The snippets of some sessions that networks are scored on."""
        return choose_fixed(
            self.data.score_spans, sessions, units=units, spec=self.snippet_spec, seed=self.seed_of("fixed")
        )

    def flips(self, session: str, start: int) -> bool:
        """Whether the preset flips a fixed snippet."""
        probability = 0.5 if self.preset.test_flip else 0.0
        return is_flipped(session, start, probability=probability, seed=self.seed_of("flip"))

    def seed_of(self, *place: object) -> int:
        """The seed of something random, from the study's seed, what the cell is, and its place in the training."""
        return derive_seed(self.seed, self.target, self.settings.network, *place)


class OuterFold:
    """What is fitted within one outer fold's training dyads. Nothing is loaded or worked out before it is needed.

    Parameters
    ----------
    cell
        The cell.
    outer
        Number of the outer fold, whose sessions are held out.

    Raises
    ------
    DyadflowError
        If clips have another rate than the study, or an inner fold has no snippet to learn from or to score on.
    """

    def __init__(self, cell: VideoCell, outer: int) -> None:
        self.cell, self.outer = cell, outer
        self._parts: dict[tuple[str, ...], Passes] = {}
        self.sessions = cell.data.training(outer)
        cell.data.check_clips(self.sessions)
        self.splits = {inner: cell.data.split(outer, inner) for inner in cell.data.inner_folds(outer)}
        for inner, (training, validation) in self.splits.items():
            learned = any(session in cell.data.train_spans for session in training)
            scored = len(self.fixed.rows_of(validation))
            if not (learned and scored):
                raise DyadflowError(
                    f"no coder marks the task of {cell.target}, long enough for a snippet, in a session to "
                    + ("score on" if learned else "learn from"), where=f"outer fold {outer}, inner fold {inner}",
                    fix="ask for fewer folds, or code more of these sessions",
                )

    @property
    def final_split(self) -> tuple[list[str], list[str]]:
        """Sessions that the final training learns from, and those that pick its epoch: the last inner fold."""
        return self.splits[max(self.splits)]

    @cached_property
    def statistics(self) -> dict[str, PixelStatistics]:
        """What each training session is normalised by."""
        return self.statistics_of(self.sessions)

    def statistics_of(self, sessions: Sequence[str]) -> dict[str, PixelStatistics]:
        """What each of some sessions is normalised by, held-out ones too."""
        data = self.cell.data
        return statistics_by_session(data.clips, data, sessions, training=self.sessions, preset=self.cell.preset)

    @cached_property
    def loader(self) -> SnippetLoader:
        """Loads snippets of the training sessions."""
        settings = self.cell.settings
        return SnippetLoader(
            {session: self.cell.data.clips[session] for session in self.sessions}, self.statistics, settings.frames,
            settings.augmentation, settings.batch, settings.workers, self.cell.device,
        )

    @cached_property
    def fixed(self) -> FixedSnippets:
        """The snippets that networks are scored on within the training sessions."""
        return self.cell.choose_fixed(self.sessions, self.cell.preset.evaluation_snippets)

    @cached_property
    def fixed_clips(self) -> FixedClips:
        """Their pictures."""
        flips = [self.cell.flips(snippet.session, snippet.start) for snippet in self.fixed.shown]
        return FixedClips(self.loader, self.fixed.shown, flips)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Everything that decides every fit of this fold; each fit's key adds what is its own."""
        cell, settings = self.cell, self.cell.settings
        return {
            "code": cell.code, "device": cell.device.type, "threads": cell.threads, "seed": cell.seed,
            "target": cell.target, "outer": self.outer, "network": [settings.network, settings.options],
            "start": identify_start(settings), "preset": cell.protocol.preset,
            "coders": [cell.protocol.train_coders, cell.protocol.score_coders],
            "snippets": [settings.frames, settings.strata, cell.data.rate_hz], "batch": settings.batch,
            "augmentation": settings.augmentation.model_dump(), "half": settings.half,
            "sessions": [
                [*cell.data.describe(session), self.statistics[session].mean, self.statistics[session].deviation]
                for session in self.sessions
            ],
        }

    def key_of(self, kind: str, **own: Any) -> str:
        """Digest of everything that decides a piece of work."""
        return digest_of({"kind": kind, "facts": self.facts, **own})

    def draw(
        self, sessions: Sequence[str], *, seed: int, epoch: int, shuffled: bool
    ) -> "tuple[list[Snippet], Iterator[tuple[Tensor, Tensor]]]":
        """One epoch of altered training snippets: the list, and the batches of clips and labels."""
        snippets = draw_epoch(
            self.cell.data.train_spans, sessions, spec=self.cell.snippet_spec, seed=seed, epoch=epoch
        )
        before: Counter[str] = Counter()
        seeds = []
        for snippet in snippets:
            seeds.append(derive_seed(seed, "alter", epoch, snippet.session, before[snippet.session]))
            before[snippet.session] += 1
        order = np.arange(len(snippets))
        if shuffled:
            order = np.random.default_rng(derive_seed(seed, "order", epoch)).permutation(order)
        return snippets, self.loader.altered(snippets, seeds, order.tolist())

    @cached_property
    def encoder(self) -> "nn.Module":
        """The network that training starts from, in evaluation mode; not to be changed."""
        network = place_network(
            start_network(self.cell.settings, seed=self.cell.seed_of("start")), self.cell.device
        )
        if self.cell.settings.weights == UNTRAINED:
            _, batches = self.draw(self.sessions, seed=self.cell.seed_of("settle", self.outer), epoch=0, shuffled=True)
            settle_statistics(network, (clips for clips, _ in batches))
        return network

    @cached_property
    def passes(self) -> Passes:
        """Embeddings of augmented passes over the training sessions: from the state folder, or worked out."""
        seed, found, labels = self.cell.seed_of("passes", self.outer), [], []
        for number in range(self.cell.settings.passes):
            snippets, batches = self.draw(self.sessions, seed=seed, epoch=number, shuffled=False)
            labels.append([snippet.label for snippet in snippets])
            found.append(recall_array(
                self.cell.state, self.key_of("pass", number=number),
                partial(self._embed, batches),
            ))
        names = np.array([snippet.session for snippet in snippets])
        return Passes(np.stack(found), np.array(labels, dtype=np.int64), names)

    def _embed(self, batches: "Iterator[tuple[torch.Tensor, torch.Tensor]]") -> np.ndarray:
        return embed(self.encoder, (clips for clips, _ in batches), half=self.cell.settings.half)

    def passes_of(self, sessions: Sequence[str]) -> Passes:
        """The part of the passes that comes from some sessions, copied out once."""
        key = tuple(sessions)
        if key not in self._parts:
            self._parts[key] = self.passes.of(sessions)
        return self._parts[key]

    @cached_property
    def fixed_embeddings(self) -> np.ndarray:
        """Embeddings of the fixed snippets, one a row of `fixed`."""
        everything = range(len(self.fixed.shown))
        shown = recall_array(
            self.cell.state, self.key_of("fixed"),
            lambda: embed(self.encoder, self.fixed_clips.batches(everything), half=self.cell.settings.half),
        )
        return shown[self.fixed.which]

    def class_weights(self, values: "HandValues", sessions: Sequence[str]) -> "torch.Tensor | None":
        """Weights of the loss by the labels of the sessions' cached snippets."""
        import torch

        if values.class_weights == "none":
            return None
        labels = self.passes_of(sessions).labels
        return torch.from_numpy(balanced_weights(labels.ravel(), 2)).to(self.cell.device)

    def train_head(
        self, values: "HandValues", training: Sequence[str], validation: Sequence[str], *, seed: int
    ) -> Kept:
        """Train a head on the cached passes of some sessions, and score it on the fixed snippets of others."""
        rows, settings = self.fixed.rows_of(validation), self.cell.settings
        return train_head(
            self.passes_of(training), self.fixed_embeddings[rows], self.fixed.labels[rows], values,
            class_weights=self.class_weights(values, training), max_epochs=settings.head.max_epochs,
            smoothing=settings.smoothing, batch=settings.batch, seed=seed, device=self.cell.device,
        )

    def fine_tune(
        self, head: Kept, values: "HandValues", training: Sequence[str], validation: Sequence[str], *, seed: int
    ) -> Kept:
        """Train the whole network from a head on; the encoder itself stays as it is."""
        import copy

        settings = self.cell.settings
        assert head.weights is not None  # a head that was not trained raises before
        network: Any = copy.deepcopy(self.encoder)
        network.fc.load_state_dict(head.weights)
        rows = self.fixed.rows_of(validation)
        places, back = np.unique(self.fixed.which[rows], return_inverse=True)

        def predict(network: "nn.Module") -> np.ndarray:
            return probability_of_yes(network, self.fixed_clips.batches(places.tolist()), half=settings.half)[back]

        labels = self.fixed.labels[rows]
        logits = self.fixed_embeddings[rows] @ head.weights["weight"].numpy().T + head.weights["bias"].numpy()
        return fine_tune(
            network, lambda epoch: self.draw(training, seed=seed, epoch=epoch, shuffled=True)[1], predict, labels,
            values, before=f1_of_yes(labels, logits.argmax(1)), class_weights=self.class_weights(values, training),
            max_epochs=settings.fine_tuning.max_epochs, smoothing=settings.smoothing, device=self.cell.device,
            half=settings.half,
        )
