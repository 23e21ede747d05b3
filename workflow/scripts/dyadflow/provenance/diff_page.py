"""What `dyadflow diff` prints: what is the same, where two runs part, and which numbers that changed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from dyadflow.provenance.diff import Cause, Comparison, Pair
from dyadflow.provenance.diff_tables import Change, TableChanges, compare_tables
from dyadflow.provenance.records import in_words

#: The table of results that most want to see first, and how many changes of it and of others are shown.
MAIN_TABLE, MAIN_CHANGES, OTHER_CHANGES = "evaluation/cells.tsv", 8, 1
#: How many tables, reasons and names are shown, unless everything is asked for.
_TABLES, _REASONS, _NAMES = 6, 8, 4
PALE, HEAD = "dim", "bold"


def draw(comparisons: Sequence[Comparison], console: Console, *, everything: bool = False) -> None:
    """Print all comparisons, one study after the other."""
    for number, comparison in enumerate(comparisons):
        if number:
            console.print()
        for line in _page(comparison, everything, console.width):
            console.print(line, no_wrap=not everything, overflow="fold" if everything else "ellipsis")


def _page(comparison: Comparison, everything: bool, width: int) -> Iterator[Text]:
    different = comparison.different
    yield Text(f"Study {comparison.title}", style=HEAD)
    yield Text(f"  a  {comparison.first}", style=PALE)
    yield Text(f"  b  {comparison.second}", style=PALE)
    same = len(comparison.pairs) - len(different)
    yield Text.assemble(
        (f"{same} of {len(comparison.pairs)} outputs are the same to the byte", "green" if comparison.same else ""),
        f", {len(different)} differ" if different else "",
        *[f", {len(names)} only in {side}" for side, names in
          (("a", comparison.only_first), ("b", comparison.only_second)) if names], ".",
    )
    for side, names in (("a", comparison.only_first), ("b", comparison.only_second)):
        if names:
            yield Text(f"  only in {side}: {_few(names, everything)}")
    if different:
        yield from _reasons(different, everything)
        yield from _changes(comparison, everything, width)
    unseen = [pair for pair in comparison.pairs if not pair.differing and pair.causes]
    if unseen and everything:
        yield Text("\nMade otherwise, and yet the same", style=HEAD)
        yield from _by_reason(unseen, everything)
    elif unseen:
        said = f"{_count(len(unseen), 'output')} made otherwise, and yet the same (--all names them)."
        yield Text(f"\n{said}", style=PALE)


def _reasons(different: list[Pair], everything: bool) -> Iterator[Text]:
    caused = [pair for pair in different if pair.causes]
    following = [pair for pair in different if not pair.causes and pair.inherited]
    unexplained = [pair for pair in different if not pair.causes and not pair.inherited]
    if caused:
        yield Text("\nWhere they part", style=HEAD)
        yield from _by_reason(caused, everything)
    if following:
        rules = Counter(pair.rule for pair in following)
        yield Text("\nWhat follows from it", style=HEAD)
        yield Text(f"  {_count(len(following), 'output')} of " + _few([
            f"{rule} ({count})" if count > 1 else rule for rule, count in rules.most_common()], everything))
    if unexplained:
        yield Text("\nDifferent without a recorded reason", style=HEAD)
        for pair in unexplained if everything else unexplained[:_NAMES]:
            why = "no manifest" if not pair.explained else "made in the same way from the same inputs, as recorded"
            yield Text(f"  {pair.name}  ({why})")
        if len(unexplained) > _NAMES and not everything:
            yield Text(f"  … and {len(unexplained) - _NAMES} more", style=PALE)


def _by_reason(pairs: list[Pair], everything: bool) -> Iterator[Text]:
    """Outputs that have the same reasons, together."""
    groups: dict[Any, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault((pair.rule, repr(pair.causes)), []).append(pair)
    for group in list(groups.values()) if everything else list(groups.values())[:_REASONS]:
        yield Text.assemble(
            "  ", (group[0].rule, "blue"), f"  {_wildcards(group)}", (f"  {_count(len(group), 'output')}", PALE))
        causes = group[0].causes
        shown = causes if everything else causes[:_REASONS]
        width = max(len(_name(cause)) for cause in shown)
        for cause in shown:
            yield Text.assemble(f"    {_name(cause):<{width}}  ", _change_of(cause))
        if len(causes) > len(shown):
            yield Text(f"    … and {len(causes) - len(shown)} more", style=PALE)
    if len(groups) > _REASONS and not everything:
        yield Text(f"  … and {len(groups) - _REASONS} more rules or cells (--all shows them)", style=PALE)


def _wildcards(group: list[Pair]) -> str:
    """Values of wildcards that a group has: ``infant, caregiver · motion · linear``."""
    values = [
        _few(list(dict.fromkeys(str(pair.wildcards.get(name)) for pair in group)), False)
        for name in group[0].wildcards
    ]
    return " · ".join(values)


def _name(cause: Cause) -> str:
    return cause.name if cause.kind == "settings" else f"{cause.kind} {cause.name}".strip() \
        if cause.kind != "code" else "code"


def _change_of(cause: Cause) -> str:
    if cause.kind == "input":
        if cause.first is None or cause.second is None:
            return f"only in {'b' if cause.first is None else 'a'}"
        return "another content"
    change = f"{_worded(cause.first)} → {_worded(cause.second)}"
    return f"{change}  ({cause.name})" if cause.kind == "code" and cause.name else change


def _worded(value: Any) -> str:
    return "(none)" if value is None else in_words(value)


def _changes(comparison: Comparison, everything: bool, width: int) -> Iterator[Text]:
    """Changed values of tables that are for reading, the most important table first."""
    found: list[tuple[str, TableChanges]] = []
    for pair in comparison.different:
        for inner in pair.differing:
            name = f"{pair.name}/{inner}" if inner else pair.name
            first, second = comparison.first / name, comparison.second / name
            if Path(name).suffix == ".tsv" and first.is_file() and second.is_file():
                found.append((name, compare_tables(first, second)))
    found.sort(key=lambda item: (item[0] != MAIN_TABLE, not item[0].startswith("evaluation/"), item[0]))
    if not found:
        return
    yield Text("\nWhat changed in tables, largest change first", style=HEAD)
    for name, table in found if everything else found[:_TABLES]:
        yield Text.assemble("  ", (name, "blue"), (f"  {_sum_of(table)}", PALE))
        if everything:
            yield from _rows(table.changes, None)
        else:
            yield from _rows(_foremost(table.changes)[:MAIN_CHANGES if name == MAIN_TABLE else OTHER_CHANGES], width)
        if everything:
            yield from (Text(f"    only in a: {' '.join(row)}") for row in table.only_first)
            yield from (Text(f"    only in b: {' '.join(row)}") for row in table.only_second)
    if len(found) > _TABLES and not everything:
        yield Text(f"  … and {len(found) - _TABLES} more tables (--all shows them)", style=PALE)


def _foremost(changes: Sequence[Change]) -> list[Change]:
    """One change a row, of the values themselves where a table has them beside intervals and spreads."""
    values = [change for change in changes if change.column == "value"] or changes
    return list({change.row: change for change in reversed(values)}.values())[::-1]


def _rows(changes: Sequence[Change], width: int | None) -> Iterator[Text]:
    """A line a change; within a width, numbers with four digits and names as long as there is room."""
    cells = [
        (" · ".join(filter(None, change.row)), change.column,
         *(_number(value, exact=width is None) for value in (change.first, change.second)))
        for change in changes
    ]
    if not cells:
        return
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if width is not None:
        widths[0] = max(12, min(widths[0], width - 4 - 2 - widths[1] - 2 - widths[2] - 3 - widths[3]))
    for name, column, first, second in cells:
        name = name if len(name) <= widths[0] else f"…{name[1 - widths[0]:]}"
        yield Text(f"    {name:<{widths[0]}}  {column:<{widths[1]}}  {first:>{widths[2]}} → {second}")


def _number(value: str, *, exact: bool) -> str:
    if value == "":
        return "(empty)"
    try:
        return value if exact else f"{float(value):.4g}"
    except ValueError:
        return value


def _sum_of(table: TableChanges) -> str:
    words = [f"{table.changed_rows} of {_count(table.rows, 'row')} changed"]
    words += [
        f"{len(rows)} only in {side}" for side, rows in (("a", table.only_first), ("b", table.only_second)) if rows
    ]
    words += [f"columns of one alone: {', '.join(table.columns)}"] if table.columns else []
    return ", ".join(words)


def _few(names: Sequence[str], everything: bool) -> str:
    shown = names if everything else names[:_NAMES]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
