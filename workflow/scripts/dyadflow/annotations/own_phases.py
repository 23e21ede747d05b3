"""What is odd about the phases that each coder marked, and about tiers coded by presence inside them."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from dyadflow.annotations.issues import Issue, count_of
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.vocabulary import Vocabulary


def check_own_phases(
    session: str, tables: Mapping[str, pd.DataFrame], vocabulary: Vocabulary, least_phase_s: float
) -> Iterator[Issue]:
    """Issues of one session in which every coder has to mark the phases.

    Parameters
    ----------
    session
        Its name.
    tables
        Segments of each coder.
    vocabulary
        Of the scheme.
    least_phase_s
        The length of a snippet in seconds: a shorter phase holds none.
    """
    marked = {
        coder: table[(table.tier == PHASE_TIER) & (table.offset_s > table.onset_s)] for coder, table in tables.items()
    }
    for phase in vocabulary.phases.codes if vocabulary.phases else ():
        spans = {coder: table[table.code == phase] for coder, table in marked.items()}
        others = [coder for coder, table in spans.items() if len(table)]
        if not others:
            yield Issue(
                "no_phase",
                f"no coder marked phase {phase!r}, so that nothing of it is learned from or scored in this session",
                fix="mark it if it took place",
                session=session,
            )
        for coder, table in spans.items() if others else ():
            if len(table) == 0:
                yield _missing(session, coder, phase, others[0], spans[others[0]].iloc[0], vocabulary)
            elif len(table) > 1:
                yield Issue(
                    "repeated_phase",
                    f"phase {phase!r} is marked {count_of(len(table), 'time')}, "
                    f"{' and '.join(_between(row) for row in table.itertuples())}, and a coder marks it once",
                    fix="leave the one span that is meant",
                    session=session,
                    coder=coder,
                )
            yield from _short(session, coder, phase, table, least_phase_s)
    for coder, table in tables.items():
        yield from _outside(session, coder, table, marked[coder], vocabulary)


def find_unmarked(session: str, coder: str, table: pd.DataFrame, vocabulary: Vocabulary) -> Iterator[Issue]:
    """An issue for each tier coded by presence of which a coder's file holds no segment at all."""
    for tier, terms in vocabulary.tiers.items():
        if terms.otherwise and not (table.tier == tier).any():
            yield Issue(
                "nothing_marked",
                f"tier {tier!r} holds no segment, so that every moment of the phases counts as "
                f"{terms.otherwise!r} in it",
                fix=f"check that this coder coded the tier, and that the file calls it {' or '.join(terms.names)}; "
                "take the file out of the coding sheet if it was not coded",
                session=session,
                coder=coder,
            )


def _missing(
    session: str, coder: str, phase: str, other: str, span: pd.Series, vocabulary: Vocabulary
) -> Issue:
    assert vocabulary.phases is not None  # it has the phase that is missing
    return Issue(
        "missing_phase",
        f"phase {phase!r} is not marked, which {other} marked from {_between(span)}",
        fix=f"mark it in the tier called {' or '.join(vocabulary.phases.names)}, or set missing_phase to warning "
        "under severities in the study file, which leaves this coder's labels out of that phase",
        session=session,
        coder=coder,
    )


def _short(session: str, coder: str, phase: str, table: pd.DataFrame, least_phase_s: float) -> Iterator[Issue]:
    for row in table[table.offset_s - table.onset_s < least_phase_s - 1e-9].itertuples():
        yield Issue(
            "short_phase",
            f"phase {phase!r} lasts {row.offset_s - row.onset_s:.3f} s, from {_between(row)}, and a snippet "
            f"{least_phase_s:.3f} s, so that none fits",
            fix="correct its times, or delete it and set missing_phase to warning under severities in the study "
            "file, which leaves this coder's labels out of that phase",
            session=session,
            coder=coder,
        )


def _between(row: pd.Series) -> str:
    return f"{row.onset_s:.3f} to {row.offset_s:.3f} s"


def _outside(
    session: str, coder: str, table: pd.DataFrame, phases: pd.DataFrame, vocabulary: Vocabulary
) -> Iterator[Issue]:
    """An issue for each tier coded by presence with segments, or parts of them, that no phase of the coder holds."""
    for tier, group in table.groupby("tier", sort=False):
        if tier == PHASE_TIER or not vocabulary.terms(tier).otherwise:
            continue
        inside_s = np.zeros(len(group))
        for phase in phases.itertuples():
            inside_s += np.clip(group.offset_s, None, phase.offset_s).sub(
                np.clip(group.onset_s, phase.onset_s, None)).clip(lower=0).to_numpy()
        lost_s = (group.offset_s - group.onset_s).to_numpy() - inside_s
        lost = lost_s > 1e-6
        if lost.any():
            first = group[lost].iloc[0]
            yield Issue(
                "outside_phase",
                f"{lost_s[lost].sum():.3f} s of {count_of(int(lost.sum()), 'segment')} of tier {tier!r} lie outside "
                f"the phases that this coder marked and count for nothing, first {first.code!r} from {_between(first)}",
                session=session,
                coder=coder,
            )
