"""One fault, one finding: what only follows from another finding is told with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dyadflow.annotations.issues import Issue, Issues

_GRAVITY = ("note", "warning", "error")


@dataclass(frozen=True)
class Root:
    """A finding that explains others.

    Parameters
    ----------
    issue
        The finding.
    explains
        Rule, session and coder of the findings that follow from it.
    about
        Session and coder of every file that it is about: it names one, or several that it cannot tell apart.
    """

    issue: Issue
    explains: frozenset[tuple[str, str, str]] = frozenset()
    about: frozenset[tuple[str, str]] = frozenset()


def settle(issues: Issues, roots: Iterable[Root], severities: Mapping[str, str]) -> Issues:
    """Give all findings the study's severities, and tell those that follow from others with these.

    Parameters
    ----------
    issues
        Findings that explain nothing else.
    roots
        Findings that do.
    severities
        The study's own, where they differ from the default.

    Returns
    -------
    Issues
        `issues` without those that a root explains, then the roots, with what follows in the same sentence. What is
        graver than its root stands for itself: a study that takes a shift for a note is told all the same that
        coding lies past the end.
    """
    remaining, settled = list(issues.regraded(severities)), []
    for root in roots:
        (issue,) = Issues((root.issue,)).regraded(severities)
        follows = [
            other for other in remaining
            if (other.rule, other.session, other.coder) in root.explains
            and _GRAVITY.index(other.severity) <= _GRAVITY.index(issue.severity)
        ]
        remaining = [other for other in remaining if not any(other is one for one in follows)]
        told = "; ".join(_told(other, issue) for other in follows)
        settled.append(replace(issue, what=f"{issue.what}; hence also: {told}") if told else issue)
    return Issues.of([*remaining, *settled])


def _told(issue: Issue, root: Issue) -> str:
    """What follows, with the place that the root's own does not give."""
    place = ", ".join(
        f"{name} {own}" for name, own, known in (
            ("session", issue.session, root.session), ("coder", issue.coder, root.coder)) if own and own != known
    )
    return f"({place}) {issue.what}" if place else issue.what
