"""Frame labels: for every video frame the class, or why it has none."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.overlaps import OverlapError
from dyadflow.annotations.scheme import PHASE_TIER, Scheme
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid

#: Why a frame has no class: no segment holds it; its code or phase is left out; it could not be seen.
UNCODED, EXCLUDED, UNSCORABLE = -1, -2, -3

#: The value of `SessionLabels.phase` outside every phase.
NO_PHASE = -1


def label_spec(scheme: Scheme) -> dict:
    """What frame labels depend on, as plain values, so that nothing else of a scheme makes them anew.

    Returns
    -------
    dict
        ``targets``: for each target its tier, its classes, and for each code of the tier and each merge of
        such codes the index of its class or `UNSCORABLE` or `EXCLUDED`. A merge is excluded in a target
        that tells its members apart. ``phases``: names and the excluded among them, or None.
    """

    def values(name: str, tier: str) -> dict[str, int]:
        classes = scheme.class_of_code(name)
        otherwise = {"unscorable": UNSCORABLE}
        return {
            code: classes.get(code, otherwise.get(details.status, EXCLUDED))
            for code, details in scheme.tiers[tier].codes.items()
        } | {merge: classes.get(merge, EXCLUDED) for merge in scheme.merges_of(tier)}

    return {
        "targets": {
            name: {"tier": target.tier, "classes": list(target.classes), "codes": values(name, target.tier)}
            for name, target in scheme.targets.items()
        },
        "phases": scheme.phases
        and {
            "names": list(scheme.phases.codes),
            "excluded": [name for name, phase in scheme.phases.codes.items() if phase.excluded],
        },
    }


def label_frames(segments: Segments, grid: FrameGrid, target: Mapping) -> NDArray[np.int8]:
    """Give each video frame the class of the segment that contains its centre.

    Parameters
    ----------
    segments
        One coder's segments of one session; onsets and offsets in seconds. Other tiers are passed over.
    grid
        Rate in Hz and number of frames.
    target
        One of the targets of `label_spec`: tier, classes, and the value of each code.

    Returns
    -------
    ndarray, shape (frames,)
        Class index; `UNCODED` where no segment lies, `UNSCORABLE` where the code says so, `EXCLUDED` where
        the target leaves the code out.

    Raises
    ------
    OverlapError
        If two segments of the tier contain the same centre.
    DyadflowError
        If a segment has a code that the scheme does not know.

    Notes
    -----
    Centres, not edges: counting every frame that a segment touches adds half a frame at each end, which over
    the 85 or so segments of a six-minute session is more than a second of drift.
    """
    table = segments.table[segments.table.tier == target["tier"]]
    unknown = table[~table.code.isin(list(target["codes"]))]
    if len(unknown):
        first = unknown.iloc[0]
        raise DyadflowError(
            f"code {first.code!r} is not in tier {first.tier!r} of the scheme",
            where=f"session {first.session}, coder {first.coder}",
            fix="import the coding again",
        )
    spans = list(zip(table.code.map(target["codes"]), table.code, table.onset_s, table.offset_s, strict=True))
    where = (
        f"session {table.session.iloc[0]}, coder {table.coder.iloc[0]}, tier {target['tier']}"
        if len(table)
        else ""
    )
    return _paint(spans, grid, UNCODED, where)


def _paint(
    spans: Sequence[tuple[int, str, float, float]], grid: FrameGrid, empty: int, where: str
) -> NDArray[np.int8]:
    """Write values on the frames whose centres spans hold; spans are (value, name, onset_s, offset_s)."""
    painted = np.full(grid.frames, empty, dtype=np.int8)
    owner = np.full(grid.frames, -1, dtype=np.int64)
    for number, (value, name, my_onset_s, my_offset_s) in enumerate(spans):
        held = grid.frames_between(my_onset_s, my_offset_s)
        taken = owner[held]
        if (taken >= 0).any():
            _, other, onset_s, offset_s = spans[int(taken[taken >= 0][0])]
            raise OverlapError(
                f"{other!r} ({onset_s:.3f} to {offset_s:.3f} s) and "
                f"{name!r} ({my_onset_s:.3f} to {my_offset_s:.3f} s) overlap, so that a frame has two labels",
                where=where,
                fix="correct one of them in the coding file",
            )
        owner[held] = number
        painted[held] = value
    return painted


@dataclass(frozen=True)
class SessionLabels:
    """All frame labels of one session.

    Parameters
    ----------
    grid
        The session's frames.
    phases
        Names of the scheme's phases; empty if it has none.
    phase
        Shape (frames,), int8: index into `phases`, `NO_PHASE` outside them.
    classes
        For each target its classes, in the order of their indices.
    codes
        For each target and coder, shape (frames,), int8: class index, `UNCODED`, `EXCLUDED` or `UNSCORABLE`.
    """

    grid: FrameGrid
    phases: tuple[str, ...]
    phase: NDArray[np.int8]
    classes: dict[str, tuple[str, ...]]
    codes: dict[str, dict[str, NDArray[np.int8]]]

    def write(self, path: str | Path) -> None:
        """Write as HDF5: ``phase`` (frames,) and ``targets/*`` (coders, frames), names in attributes."""
        import h5py

        with h5py.File(path, "w") as file:
            file.attrs["rate_hz"], file.attrs["frames"] = self.grid.rate_hz, self.grid.frames
            file.attrs["phases"] = json.dumps(list(self.phases))
            file.create_dataset("phase", data=self.phase)
            for number, (target, by_coder) in enumerate(self.codes.items()):
                stacked = (
                    np.stack(list(by_coder.values()))
                    if by_coder
                    else np.empty((0, self.grid.frames), np.int8)
                )
                # Numbered, because a name may hold a stroke, which HDF5 takes for a folder.
                dataset = file.create_dataset(f"targets/{number:03d}", data=stacked, compression="gzip")
                dataset.attrs["target"] = target
                dataset.attrs["classes"] = json.dumps(list(self.classes[target]))
                dataset.attrs["coders"] = json.dumps(list(by_coder))

    @classmethod
    def read(cls, path: str | Path) -> "SessionLabels":
        """Read what `write` wrote."""
        import h5py

        with h5py.File(path, "r") as file:
            classes, codes = {}, {}
            for dataset in (file["targets"][name] for name in sorted(file.get("targets", ()))):
                target = str(dataset.attrs["target"])
                classes[target] = tuple(json.loads(dataset.attrs["classes"]))
                codes[target] = dict(zip(json.loads(dataset.attrs["coders"]), dataset[:], strict=True))
            grid = FrameGrid(float(file.attrs["rate_hz"]), int(file.attrs["frames"]))
            return cls(grid, tuple(json.loads(file.attrs["phases"])), file["phase"][:], classes, codes)


def label_session(
    segments_by_coder: Mapping[str, Segments],
    grid: FrameGrid,
    spec: Mapping,
    phases: Sequence[tuple[str, float, float]] | None = None,
) -> SessionLabels:
    """Label one session's frames for every target and coder.

    Parameters
    ----------
    segments_by_coder
        Each coder's segments of this session.
    grid
        The session's frames.
    spec
        From `label_spec`.
    phases
        From the study's sheet: name, onset_s, offset_s. Without them the first coder who coded phases gives
        them, for all coders alike.

    Returns
    -------
    SessionLabels
        If the scheme has phases, frames in an excluded phase or outside every phase are `EXCLUDED` in every
        target: a session for which nobody gives phases is excluded whole.

    Raises
    ------
    OverlapError
        If two segments of a target's tier, or two phases, contain the same frame's centre.
    DyadflowError
        If a phase is not in the scheme.
    """
    names: tuple[str, ...] = ()
    phase = np.full(grid.frames, NO_PHASE, dtype=np.int8)
    left_out = np.zeros(grid.frames, dtype=bool)
    if spec["phases"]:
        names = tuple(spec["phases"]["names"])
        phase = _label_phases(_find_phases(segments_by_coder, phases), grid, names)
        excluded = [names.index(name) for name in spec["phases"]["excluded"]]
        left_out = (phase == NO_PHASE) | np.isin(phase, excluded)
    codes: dict[str, dict[str, NDArray[np.int8]]] = {}
    for name, target in spec["targets"].items():
        codes[name] = {}
        for coder, segments in segments_by_coder.items():
            labels = label_frames(segments, grid, target)
            labels[left_out] = EXCLUDED
            codes[name][coder] = labels
    classes = {name: tuple(target["classes"]) for name, target in spec["targets"].items()}
    return SessionLabels(grid, names, phase, classes, codes)


def _find_phases(
    segments_by_coder: Mapping[str, Segments], phases: Sequence[tuple[str, float, float]] | None
) -> list[tuple[str, float, float]]:
    if phases:
        return [(str(name), float(onset_s), float(offset_s)) for name, onset_s, offset_s in phases]
    for segments in segments_by_coder.values():
        table = segments.table[segments.table.tier == PHASE_TIER]
        if len(table):
            return list(zip(table.code, table.onset_s, table.offset_s, strict=True))
    return []


def _label_phases(
    phases: list[tuple[str, float, float]], grid: FrameGrid, names: tuple[str, ...]
) -> NDArray[np.int8]:
    for name, *_ in phases:
        if name not in names:
            raise DyadflowError(
                f"phase {name!r} is not in the scheme", where="phases", fix=f"use one of {', '.join(names)}"
            )
    spans = [(names.index(name), name, onset_s, offset_s) for name, onset_s, offset_s in phases]
    return _paint(spans, grid, NO_PHASE, "phases")
