"""One page at a time: its CPU time is limited, its death costs nobody else anything, and is written down.

The division of labour. ``run_pages`` runs inside a stage function and notes the page in flight in a journal. When a
worker dies, ``supervise`` reads the journal and runs the task again with that page as a suspect. ``run_pages`` gives a
suspect a fresh process of its own: only a page that kills a process that works on it alone, a second time, is guilty.

Source:
    Blaming the page in flight lost 3 innocent pages of 323 to six ``kill -9`` from outside (measured November 2026).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from curate.engine import Engine
from curate.engine.worker import WorkerDied, run_alone
from curate.errors import PageTimeout, RunError

# CPU time after the limit until a page that does not even come back to Python takes its process with it.
HARD_SECONDS = 5.0
# A timeout that was swallowed is raised again after this much more CPU time.
_AGAIN_SECONDS = 1.0
# How often a suspect may kill a process of its own.
_STRIKES = 2
# A task is given up after this many deaths in a row that name no new suspect ...
_BLANK_DEATHS = 3
# ... and this many in all: six kills from outside (see Source above) must not end a build.
_MAX_DEATHS = 10
_MAX_DETAIL_CHARS = 300
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
_BY_TIME = {-signal.SIGVTALRM, -signal.SIGPROF}


class HasId(Protocol):
    """Anything with an id that is one line: a page, or a rejection that passes through."""

    @property
    def id(self) -> str: ...


T = TypeVar("T")
R = TypeVar("R")
P = TypeVar("P", bound=HasId)


@dataclass(frozen=True, slots=True)
class PageDeath:
    """Why a page has no result: ``reason`` is timeout, crashed or failed; ``detail`` is for a person."""

    reason: str
    detail: str


@contextlib.contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Limit the CPU time (never wall time: rows must not depend on the machine's load) of what runs inside.

    After ``seconds``, PageTimeout is raised inside, and again after every further second. Code that does not return
    to the interpreter cannot be interrupted: ``HARD_SECONDS`` later the process is ended by SIGVTALRM. Handlers and
    timers are put back as they were. Only a process's main thread can be interrupted: elsewhere the hard limit
    alone holds.

    Raises:
        PageTimeout: the time is up.
    """
    inside = True

    def expire(*_: object) -> None:
        if inside:
            raise PageTimeout(_used_up(seconds))

    handlers, timers = [], []
    if threading.current_thread() is threading.main_thread():
        handlers = [(s, signal.signal(s, h)) for s, h in ((signal.SIGPROF, expire), (signal.SIGVTALRM, signal.SIG_DFL))]
        timers = [(signal.ITIMER_PROF, signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN_SECONDS))]
    timers.append((signal.ITIMER_VIRTUAL, signal.setitimer(signal.ITIMER_VIRTUAL, seconds + HARD_SECONDS)))
    try:
        yield
    finally:
        inside = False
        for timer, before in timers:
            signal.setitimer(timer, *before)
        for number, handler in handlers:
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def run_pages(
    function: Callable[[P], R], pages: Iterable[P], journal: Path, suspects: Collection[str], seconds: float
) -> Iterator[tuple[P, R | PageDeath]]:
    """Run ``function`` on every page; what becomes of one page does not touch the others.

    Args:
        function: a top-level function, or a ``functools.partial`` of one; it, the pages and the results must be
            picklable, because a suspect travels to another process.
        pages: n pages, read as they are needed. Reading them is not limited and not blamed on a page.
        journal: a file that holds the id of the page in flight; removed at the end.
        suspects: ids of pages that were in flight when a worker died.
        seconds: CPU time for one page.

    Returns:
        n pairs in order: the page and its result, or a PageDeath: ``timeout``, ``crashed`` (it killed a process of
        its own twice) or ``failed`` (the function raised an exception).
    """
    descriptor = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        for page in pages:
            if page.id in suspects:
                yield page, _judge(function, seconds, page)
                continue
            os.pwrite(descriptor, page.id.encode() + b"\n", 0)
            result = _attempt(function, seconds, page)
            os.pwrite(descriptor, b"\n", 0)
            yield page, result
    finally:
        os.close(descriptor)
    journal.unlink(missing_ok=True)


def _attempt(function: Callable[[P], R], seconds: float, page: P) -> R | PageDeath:
    try:
        with cpu_limit(seconds):
            return function(page)
    except PageTimeout:
        return PageDeath("timeout", _used_up(seconds))
    except Exception as error:
        return PageDeath("failed", _one_line(error))


def _judge(function: Callable[[P], R], seconds: float, page: P) -> R | PageDeath:
    """Run a suspect in a process of its own; once alive is enough."""
    death = WorkerDied(None)
    for _ in range(_STRIKES):
        result = run_alone(partial(_attempt, function, seconds), page)
        if not isinstance(result, WorkerDied):
            return result
        death = result
    if death.exitcode in _BY_TIME:
        return PageDeath("timeout", f"{_used_up(seconds)} and could not be interrupted")
    return PageDeath("crashed", f"killed the process that worked on it: {death}")


def _used_up(seconds: float) -> str:
    return f"used more than {seconds:g} s of CPU time"


def _one_line(error: Exception) -> str:
    """``ValueError: ...`` without memory addresses, which differ from run to run."""
    message = _ADDRESS.sub("0x", " ".join(str(error).split()))
    return f"{type(error).__name__}: {message}"[:_MAX_DETAIL_CHARS].removesuffix(": ")


def supervise(
    engine: Engine,
    function: Callable[[T], R],
    tasks: Sequence[T],
    journal_of: Callable[[T], Path | None],
    with_suspects: Callable[[T, frozenset[str]], T],
    on_result: Callable[[int, R], None],
) -> None:
    """Run ``function`` on every task, again where a worker died, until each has a result.

    Args:
        engine: where it runs.
        function: a stage function; where it works on pages, it does so with ``run_pages``.
        tasks: n tasks.
        journal_of: the journal that the task gives to ``run_pages``; None: it works on no pages, and is just retried.
        with_suspects: the task with the ids of its suspects (all that are known so far).
        on_result: called n times, as results come, with the task's number and result.

    Raises:
        RunError: workers keep dying on one task, and no page is to blame.
    """
    trials = [_Trial() for _ in tasks]
    for task in tasks:
        _clear(journal_of(task))  # deaths count within this run only
    pending = list(range(len(tasks)))
    while pending:
        died = []
        round_ = [_for_trial(tasks[number], trials[number], with_suspects) for number in pending]
        for place, result in engine.map(function, round_):
            number = pending[place]
            if isinstance(result, WorkerDied):
                died.append(number)
                trials[number].record(_in_flight(journal_of(tasks[number])))
                if trials[number].is_hopeless():
                    raise RunError(_gave_up(trials[number].deaths, result, repr(tasks[number])))
            else:
                on_result(number, result)
        pending = sorted(died)


@dataclass
class _Trial:
    """What is known of one task: its suspects, how many deaths in all, how many since the last new suspect."""

    suspects: frozenset[str] = frozenset()
    deaths: int = 0
    blank_deaths: int = 0

    def record(self, page: str) -> None:
        """Take note of a death while ``page`` (empty: none) was in flight."""
        is_new = bool(page) and page not in self.suspects
        self.deaths += 1
        self.blank_deaths = 0 if is_new else self.blank_deaths + 1
        self.suspects |= {page} if is_new else set()

    def is_hopeless(self) -> bool:
        return self.blank_deaths > _BLANK_DEATHS and self.deaths >= _MAX_DEATHS


def _for_trial(task: T, trial: _Trial, with_suspects: Callable[[T, frozenset[str]], T]) -> T:
    return with_suspects(task, trial.suspects) if trial.suspects else task


def _gave_up(deaths: int, death: WorkerDied, task: str) -> str:
    return (
        f"workers died {deaths} times on one task (the last one: {death}), and no page of it is to blame: "
        f"{task[:_MAX_DETAIL_CHARS]}\n"
        "  If the machine ran out of memory (see dmesg), use fewer --workers; what is finished is kept."
    )


def _in_flight(journal: Path | None) -> str:
    """The id that a journal holds; empty where there is none."""
    try:
        return journal.read_text("utf-8").partition("\n")[0] if journal else ""
    except FileNotFoundError:
        return ""


def _clear(journal: Path | None) -> None:
    if journal:
        journal.unlink(missing_ok=True)
