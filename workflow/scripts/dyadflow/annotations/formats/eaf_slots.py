"""ELAN's time slots without a time: inner borders of subdivided annotations."""

from collections.abc import Iterable, Mapping
from typing import Any


def fill_slots(
    slots_ms: Mapping[str, int | None], tiers: Iterable[Mapping[str, tuple[Any, ...]]]
) -> tuple[dict[str, int | None], set[str]]:
    """Give slots without a time an even spacing within their chain.

    A chain is a run of annotations of one tier, each beginning with the slot with which the one before ends,
    whose first and last slots have times. A slot on no such chain stays without a time, and so does a chain
    with a slot that the document does not have.

    Parameters
    ----------
    slots_ms
        Time in milliseconds of each slot, or None.
    tiers
        For each tier its aligned annotations: identifier to (first slot, last slot, ...).

    Returns
    -------
    times_ms, filled
        Times of all slots, whole milliseconds, and the slots that got theirs here.
    """
    times_ms = dict(slots_ms)
    filled: set[str] = set()
    if None not in slots_ms.values():
        return times_ms, filled
    for annotations in tiers:
        follows = {first: last for first, last, *_ in annotations.values()}
        for first in follows:
            start_ms = slots_ms.get(first)
            if start_ms is None:
                continue
            chain = [first]
            while (following := follows.get(chain[-1])) is not None and following not in chain:
                chain.append(following)
                if slots_ms.get(following) is not None:
                    break
            inner = chain[1:-1]
            end_ms = slots_ms.get(chain[-1])
            if inner and end_ms is not None and all(slot in slots_ms for slot in inner):
                step_ms = (end_ms - start_ms) / (len(chain) - 1)
                for number, slot in enumerate(inner, start=1):
                    times_ms[slot] = round(start_ms + number * step_ms)
                    filled.add(slot)
    return times_ms, filled
