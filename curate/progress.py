"""Progress on a terminal as bars with rate and time left, elsewhere as plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from curate.build import Progress as Watcher
from curate.build import Silent

PLAIN_SECONDS = 10.0
"""A plain log gets a line a stage, and one every so often within a long stage."""


@contextmanager
def open_progress(*, quiet: bool) -> Iterator[Watcher]:
    """Progress on stderr, as fits where it goes."""
    console = Console(stderr=True)
    if quiet:
        yield Silent()
    elif console.is_terminal:
        columns = (
            TextColumn("{task.description:>13}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as bars:
            yield _Bars(bars)
    else:
        yield _Lines()


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def stage(self, name: str, tasks: int) -> None:
        self._tasks[name] = self._bars.add_task(name, total=tasks, rate="")

    def done(self, name: str) -> None:
        task = self._tasks[name]
        self._bars.advance(task)
        speed = self._bars.tasks[task].speed
        self._bars.update(task, rate=f"{speed:.1f} tasks/s" if speed else "")


class _Lines:
    def __init__(self) -> None:
        self._total: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._said = time.monotonic()

    def stage(self, name: str, tasks: int) -> None:
        self._total[name], self._done[name] = tasks, 0
        print(f"{name}: {tasks} task{'s' if tasks != 1 else ''}", file=sys.stderr, flush=True)
        self._said = time.monotonic()

    def done(self, name: str) -> None:
        self._done[name] += 1
        if time.monotonic() - self._said >= PLAIN_SECONDS:
            print(f"{name}: {self._done[name]} of {self._total[name]}", file=sys.stderr, flush=True)
            self._said = time.monotonic()
