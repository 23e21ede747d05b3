"""Frame labels: for every video frame the class, or why it has none."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.painting import paint
from dyadflow.annotations.phase_labels import NO_PHASE, label_phases
from dyadflow.annotations.scheme import Scheme, Target
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid

if TYPE_CHECKING:
    import pandas as pd

#: Why a frame has no class: no segment holds it; its code or phase is left out; it could not be seen.
UNCODED, EXCLUDED, UNSCORABLE = -1, -2, -3


def label_spec(scheme: Scheme) -> dict[str, Any]:
    """What frame labels depend on, as plain values, so that nothing else of a scheme makes them anew.

    Returns
    -------
    dict
        ``targets``: for each target its tier, its classes, and for each code of the tier and each merge of
        such codes the index of its class or `UNSCORABLE` or `EXCLUDED`; ``otherwise``, the value of what no
        segment of a tier coded by presence covers, or None; and ``phases``, the only ones that the target is
        coded in, or None. A merge is excluded in a target that tells its members apart. ``phases``: names,
        the excluded among them, and whether each coder marks them, or None.
    """

    def values(name: str, tier: str) -> dict[str, int]:
        classes = scheme.class_of_code(name)
        reasons = {"unscorable": UNSCORABLE}
        return {
            code: classes.get(code, reasons.get(details.status, EXCLUDED))
            for code, details in scheme.tiers[tier].codes.items()
        } | {merge: classes.get(merge, EXCLUDED) for merge in scheme.merges_of(tier)}

    def describe(name: str, target: Target) -> dict[str, Any]:
        codes = values(name, target.tier)
        return {
            "tier": target.tier,
            "classes": list(target.classes),
            "codes": codes,
            "otherwise": codes.get(scheme.tiers[target.tier].otherwise),
            "phases": list(target.phases) or None,
        }

    return {
        "targets": {name: describe(name, target) for name, target in scheme.targets.items()},
        "phases": scheme.phases
        and {
            "names": list(scheme.phases.codes),
            "excluded": [name for name, phase in scheme.phases.codes.items() if phase.excluded],
            "each_coder": scheme.phases.spans == "each_coder",
        },
    }


def label_frames(segments: Segments, grid: FrameGrid, target: Mapping[str, Any]) -> NDArray[np.int8]:
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
    table = select_tier(segments, target)
    spans = list(zip(table.value, table.code, table.onset_s, table.offset_s, strict=True))
    where = f"session {table.session.iloc[0]}, coder {table.coder.iloc[0]}, tier {target['tier']}" if len(table) else ""
    return paint(spans, grid, UNCODED, where)


def select_tier(segments: Segments, target: Mapping[str, Any]) -> "pd.DataFrame":
    """The segments of a target's tier, with the value of each code in a column ``value``.

    Raises
    ------
    DyadflowError
        If a segment has a code that the scheme does not know.
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
    return table.assign(value=table.code.map(target["codes"]).astype(np.int64))


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
        Shape (frames,), int8: index into `phases`, `NO_PHASE` outside them. Where each coder marks the phases,
        a phase has the frames that all share who marked it: the minimal interval.
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
    spec: Mapping[str, Any],
    phases: Sequence[Sequence[Any]] | None = None,
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
        From the study's sheet: name, onset_s, offset_s; they hold for all coders alike. Without them every
        coder's own phases hold for that coder where the scheme says so (``each_coder``); elsewhere the first
        coder who coded phases gives them, for all coders alike.

    Returns
    -------
    SessionLabels
        If the scheme has phases, frames in an excluded phase or outside every phase are `EXCLUDED` in every
        target: a session for which nobody gives phases is excluded whole, and so is the coding of one who
        marked none where each coder has to. Frames in a phase that a target is not coded in are `EXCLUDED` in
        that target. In a tier coded by presence, what no segment covers in a phase has the tier's code for it.

    Raises
    ------
    OverlapError
        If two segments of a target's tier, or two phases, of one coder contain the same frame's centre.
    DyadflowError
        If a phase is not in the scheme.
    """
    names: tuple[str, ...] = ()
    excluded: list[str] = []
    phase = np.full(grid.frames, NO_PHASE, dtype=np.int8)
    by_coder: dict[str, NDArray[np.int8]] = {}
    if spec["phases"]:
        names, excluded = tuple(spec["phases"]["names"]), spec["phases"]["excluded"]
        phase, by_coder = label_phases(
            segments_by_coder, grid, names, each_coder=spec["phases"]["each_coder"], sheet=phases
        )
    codes: dict[str, dict[str, NDArray[np.int8]]] = {}
    for name, target in spec["targets"].items():
        codes[name] = {}
        coded = [number for number, other in enumerate(names)
                 if other not in excluded and other in (target["phases"] or names)]
        for coder, segments in segments_by_coder.items():
            labels = label_frames(segments, grid, target)
            if names:
                inside = np.isin(by_coder[coder], coded)
                # Who has not a single segment has coded nothing, and says `no` to nothing.
                if target["otherwise"] is not None and len(segments):
                    labels[inside & (labels == UNCODED)] = target["otherwise"]
                labels[~inside] = EXCLUDED
            codes[name][coder] = labels
    classes = {name: tuple(target["classes"]) for name, target in spec["targets"].items()}
    return SessionLabels(grid, names, phase, classes, codes)
