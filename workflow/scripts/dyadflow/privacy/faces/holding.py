"""What is blurred in each frame of a film: faces found in it, held over a short gap, or else all of it.

A face that is missed in one frame is enough to know a person. So a frame in which fewer faces were found than persons
are expected is blurred where they were just before and will be just after; where one of the two is too far away, it is
blurred from edge to edge.
"""

from collections.abc import Iterable, Sequence

from dyadflow.privacy.faces.registry import Face, count_apart

#: What a frame is blurred by when nothing less is safe.
WHOLE = None
#: Overlap with a face of a frame nearby that a find needs to be believed: a pattern on a wall flickers.
BELIEVED = 0.2


def plan_blurring(
    found: Sequence[Sequence[Face]], *, persons: int, gap_frames: int
) -> list[list[Face] | None]:
    """For each frame the faces to blur, or `WHOLE`.

    Parameters
    ----------
    found
        Faces found in each frame, in order.
    persons
        How many faces are expected.
    gap_frames
        How far from a frame in which faces were missed the next ones with all faces may be, before and after it.
    """
    complete = [
        count_apart(_believed(found, frame, gap_frames)) >= persons for frame in range(len(found))]
    plan: list[list[Face] | None] = []
    for frame, here in enumerate(found):
        if complete[frame]:
            plan.append(list(here))
            continue
        before = _first(complete, range(frame - 1, frame - gap_frames - 1, -1))
        after = _first(complete, range(frame + 1, frame + gap_frames + 1))
        if before is None or after is None:
            plan.append(WHOLE)
        else:
            plan.append([*here, *found[before], *found[after], *_between(found[before], found[after])])
    return plan


def _believed(found: Sequence[Sequence[Face]], frame: int, gap_frames: int) -> list[Face]:
    """Sure faces of a frame that were surely found in another frame nearby as well."""
    nearby = [
        other for at in range(max(0, frame - gap_frames), min(len(found), frame + gap_frames + 1)) if at != frame
        for other in found[at] if other.sure]
    return [
        face for face in found[frame] if face.sure and any(face.overlap(other) >= BELIEVED for other in nearby)]


def _first(complete: Sequence[bool], frames: Iterable[int]) -> int | None:
    return next((frame for frame in frames if 0 <= frame < len(complete) and complete[frame]), None)


def _between(before: Sequence[Face], after: Sequence[Face]) -> list[Face]:
    """For each face before the gap all that lies between it and the nearest face after it."""
    return [face.around(min(after, key=face.distance)) for face in before]
