"""The differences of two builds on a terminal, or in a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from curate.diff.compare import ColumnChange, Diff, Move, TextChange
from curate.text import harmless
from curate.words import MARKS, Piece

MOST_SHOWN = 10
"""Articles, rules, sites and columns of a list that are printed; --json and --html have more."""

MAX_VALUE_CHARS = 100

_STYLES = {"same": "", "gone": "strike red", "new": "underline green"}


def print_diff(diff: Diff, console: Console) -> None:
    """Print with colours on a terminal; elsewhere words that are gone stand in ``[- -]``, new ones in ``{+ +}``."""
    for line in _lines(diff):
        console.print(line, soft_wrap=True)
    for change in diff.texts:
        console.print(soft_wrap=True)
        for line in _text_lines(change, console.is_terminal):
            console.print(line, soft_wrap=True)


def headline(diff: Diff) -> str:
    """The result in a sentence."""
    found = diff.articles
    return (
        f"{found.both + found.gone:,} articles before, {found.both + found.added:,} after: {found.added:,} added, "
        f"{found.gone:,} gone, {found.changed:,} with another text ({found.changed_share:.1%} of all)."
    )


def made_differently(diff: Diff) -> list[str]:
    """How the two builds were made differently: version, options of the recipe, rules."""
    digests = ("curate", "rules") if diff.options else ("curate", "recipe", "rules")
    return [
        f"{name}: {before} -> {after}"
        for name in digests
        if (before := getattr(diff.before, name)) != (after := getattr(diff.after, name))
    ] + [f"{one.option}: {shown_value(one.before)} -> {shown_value(one.after)}" for one in diff.options]


def _lines(diff: Diff) -> Iterator[Text]:
    yield Text(headline(diff), style="bold")
    for made in made_differently(diff):
        yield Text(f"  {harmless(made)}")
    if diff.articles.changed:
        causes = (f"{count:,} by {cause}" for cause, count in diff.articles.causes.items() if count)
        yield Text(f"  texts changed: {', '.join(causes)}")
    yield from _section("Added", [_move(one, "was") for one in diff.added], diff.articles.added)
    yield from _section("Gone", [_move(one, "is") for one in diff.gone], diff.articles.gone)
    outcomes = [
        f"{one.records:8,}  {one.before} -> {one.after}  (as {', '.join(one.examples)})" for one in diff.outcomes
    ]
    yield from _section("Records with another outcome", outcomes, len(outcomes))
    rules = [
        f"{one.spans_before:8,} -> {one.spans_after:<8,} {one.chars_before:10,} -> {one.chars_after:<10,} {one.rule}"
        for one in diff.rules
    ]
    yield from _section("Removed by rule: spans, characters", rules, len(rules))
    sites = [
        f"{one.share_before:7.1%} -> {one.share_after:<7.1%} {one.site} "
        f"({one.articles_before:,} -> {one.articles_after:,} articles)"
        for one in diff.sites
    ]
    jumps = f"Sites whose removed share jumps ({diff.sites_share:.1%} of the articles): has their layout changed?"
    yield from _section(jumps, sites, diff.sites_changed)
    columns = [line for one in diff.columns for line in _column(one)]
    yield from _section("Metadata", columns, len(columns), shown=len(columns))
    if diff.texts:
        yield Text()
        yield Text(f"Largest changes of a text: {len(diff.texts)} of {diff.articles.changed:,}", style="bold")


def _section(title: str, lines: Sequence[str], total: int, shown: int = MOST_SHOWN) -> Iterator[Text]:
    if not lines:
        return
    yield Text()
    yield Text(title, style="bold")
    yield from (Text(f"  {harmless(line)}") for line in lines[:shown])
    if total > shown:
        yield Text(f"  ... and {total - shown:,} more")


def _move(move: Move, verb: str) -> str:
    named = "  ".join(one for one in (move.id, move.url, move.title) if one)
    return f"{named}  ({verb} {move.elsewhere})"


def _column(column: ColumnChange) -> Iterator[str]:
    yield f"{column.changed:8,}  {column.column}  ({column.filled:,} filled, {column.emptied:,} emptied)"
    for example in column.examples:
        named = f"  ({_cut(example.title)})" if example.title and column.column != "title" else ""
        yield f"          {example.id}: {shown_value(example.before)} -> {shown_value(example.after)}{named}"


def shown_value(value: Any) -> str:
    """A value of a column, short."""
    return "nothing" if value is None else _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE_CHARS else text[:MAX_VALUE_CHARS] + " …"


def _text_lines(change: TextChange, coloured: bool) -> Iterator[Text]:
    named = "  ".join(one for one in (change.id, change.url, change.title) if one)
    yield Text(harmless(named), style="bold")
    yield Text(f"  {change.changed_words:,} words, by {change.cause}", style="dim")
    for rule, (before, after) in change.rules.items():
        yield Text(f"  {harmless(rule)}: {before:,} -> {after:,} spans", style="dim")
    yield from _diff_lines(change.pieces, coloured)


def _diff_lines(pieces: Sequence[Piece], coloured: bool) -> Iterator[Text]:
    """Lines of the text; a piece that goes over several lines is marked on each."""
    line = Text("    ")
    for piece in pieces:
        for number, part in enumerate(piece.text.split("\n")):
            if number:
                yield line
                line = Text("    ")
            opening, closing = ("", "") if coloured or not part else MARKS[piece.kind]
            line.append(f"{opening}{harmless(part)}{closing}", style=_STYLES[piece.kind])
    if line.plain.strip():
        yield line
