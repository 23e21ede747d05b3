"""Which cells leak: their frames were split at random, so that they show what leakage would claim, and no result."""

from collections.abc import Iterable, Mapping

from dyadflow.report.wording import listing, model_title

#: Said beside the name of a cell or protocol that leaks, where there is little room.
LEAK_MARK = "no result: frames split at random"


def is_leaky(tested: Mapping[str, str], protocol: str, model: str) -> bool:
    """Whether a cell's frames were split at random.

    Parameters
    ----------
    tested
        How folds are tested, by protocol and by ``protocol/model`` (`evaluation.scored.Request`).
    protocol, model
        Of the cell.

    Notes
    -----
    The protocol's own entry is how its baselines are tested. Where it trains a network on pictures, which never splits
    frames, beside networks on streams, which do, that entry says ``every``; so the model's entry goes first.
    """
    return tested.get(f"{protocol}/{model}", tested.get(protocol)) == "frames"


def leaky_names(tested: Mapping[str, str], cells: Iterable[tuple[str, str]]) -> list[str]:
    """The protocols that leak among pairs of protocol and model; with the models, where only some of them do."""
    pairs = list(dict.fromkeys(cells))
    found = []
    for protocol in dict.fromkeys(protocol for protocol, _ in pairs):
        models = [model for own, model in pairs if own == protocol]
        leaking = [model for model in models if is_leaky(tested, protocol, model)]
        if len(leaking) == len(models):
            found.append(protocol)
        elif leaking:
            found.append(f"{protocol} ({listing([model_title(model) for model in leaking])})")
    return found
