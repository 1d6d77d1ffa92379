"""The terminal summary of a build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MOST_RULES = 25


def print_summary(build: Mapping[str, Any], out: Path) -> None:
    """Print what became of the records of a build, and where to look."""
    console = Console()
    counts = build["counts"]
    _print(console, "Records", ["", "count"], _records(counts))
    _print(console, "Removed", ["rule", "lines", "characters"], _removed(counts["removed"]))
    _print(
        console,
        "Time",
        ["stage", "tasks", "CPU s", "wall s"],
        [
            [name, str(one["tasks"]), f"{one['cpu_seconds']:.1f}", f"{one['wall_seconds']:.1f}"]
            for name, one in build["stages"].items()
        ],
    )
    chars = counts["chars"]
    share = chars["removed"] / chars["extracted"] if chars["extracted"] else 0.0
    console.print(
        f"{chars['removed']:,} of {chars['extracted']:,} extracted characters removed ({share:.1%}).", highlight=False
    )
    console.print(f"The dataset is in {out}; its card: {out / 'README.md'}.", highlight=False, soft_wrap=True)


def _records(counts: Mapping[str, Any]) -> Iterable[list[str]]:
    yield ["records in", f"{counts['records']:,}"]
    yield ["articles out", f"{counts['articles']:,}"]
    for reason, number in sorted(counts["rejected"].items()):
        yield [f"rejected: {reason}", f"{number:,}"]
    for kind, number in sorted(counts["duplicates"].items()):
        yield [f"duplicates: {kind}", f"{number:,}"]


def _removed(removed: Mapping[str, Mapping[str, int]]) -> Iterable[list[str]]:
    rows = sorted(removed.items(), key=lambda item: (-item[1]["spans"], item[0]))
    for rule, one in rows[:MOST_RULES]:
        yield [rule, f"{one['spans']:,}", f"{one['chars']:,}"]
    if rest := rows[MOST_RULES:]:
        yield [
            f"{len(rest)} more rules",
            f"{sum(one['spans'] for _, one in rest):,}",
            f"{sum(one['chars'] for _, one in rest):,}",
        ]


def _print(console: Console, title: str, head: list[str], rows: Iterable[list[str]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        console.print(table)
        console.print()
