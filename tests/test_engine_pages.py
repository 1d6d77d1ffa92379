"""Pages that loop, hang in C or kill their process: each costs itself only, and innocent pages are never lost."""

from __future__ import annotations

import collections
import contextlib
import functools
import itertools
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from test_engine_local import is_running, wait_until, write_pid_and_wait

from curate.engine import Engine, open_engine
from curate.engine.pages import PageDeath, cpu_limit, run_pages, supervise
from curate.engine.worker import Worker, request
from curate.errors import PageTimeout, RunError

SECONDS = 0.3


@dataclass(frozen=True)
class SomePage:
    id: str
    does: str = "fine"


@dataclass(frozen=True)
class PagesTask:
    """A stage's task as the build has them; ``folder`` is where it keeps its journal and notes."""

    folder: str
    pages: tuple[SomePage, ...]
    suspects: frozenset[str] = frozenset()

    @property
    def journal(self) -> Path:
        return Path(self.folder) / "journal"


def loop() -> None:
    while True:
        pass


def loop_in_c() -> None:
    collections.deque(itertools.repeat(0), maxlen=0)


def loop_and_swallow() -> None:
    """A parser with a bare except: the first timeouts are lost in it."""
    for _ in range(2):
        with contextlib.suppress(BaseException):
            loop()
    loop()


def extract_page(page: SomePage) -> str:
    match page.does:
        case "abort":
            os.abort()
        case "exit":
            os._exit(3)
        case "sys.exit":
            sys.exit(0)
        case "loop":
            loop()
        case "regex":
            re.match("(a+)+$", "a" * 40 + "b")
        case "stuck":  # what cpu_limit does after its grace of 5 s, without the wait
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.1)
            loop_in_c()
        case "error":
            raise ValueError(f"no text in {object()}\nat all")
        case "memory":
            raise MemoryError
        case "slow":
            time.sleep(0.01)
    return f"text of {page.id}"


def extract_once_fatal(folder: str, page: SomePage) -> str:
    """Kill the first two processes that work on the page: one in company, one alone."""
    deaths = Path(folder) / f"deaths-{page.id}"
    count = int(deaths.read_text()) if deaths.exists() else 0
    if page.does == "twice" and count < 2:
        deaths.write_text(str(count + 1))
        os._exit(1)
    return f"text of {page.id}"


def run_task(task: PagesTask) -> dict[str, str | PageDeath]:
    return {page.id: r for page, r in run_pages(extract_page, task.pages, task.journal, task.suspects, SECONDS)}


def run_killable_task(task: PagesTask) -> dict[str, str | PageDeath]:
    """As ``run_task``, with the process id noted for whoever wants to kill it."""
    (Path(task.folder) / "pid").write_text(str(os.getpid()))
    return run_task(task)


def run_once_fatal_task(task: PagesTask) -> dict[str, str | PageDeath]:
    function = functools.partial(extract_once_fatal, task.folder)
    return {page.id: r for page, r in run_pages(function, task.pages, task.journal, task.suspects, SECONDS)}


def run_waiting_task(task: PagesTask) -> None:
    list(run_pages(functools.partial(wait_long, task.folder), task.pages, task.journal, task.suspects, SECONDS))


def wait_long(folder: str, page: SomePage) -> None:
    write_pid_and_wait(f"{folder}/{page.id}")


def die_always(task: PagesTask) -> None:
    with (Path(task.folder) / "tries").open("a") as tries:
        tries.write("x")
    os.kill(os.getpid(), signal.SIGKILL)


def die_unless_retried(task: PagesTask) -> str:
    marker = Path(task.folder) / "tried"
    if marker.exists():
        return "done"
    marker.touch()
    os._exit(9)


def journal_of(task: PagesTask) -> Path | None:
    return task.journal


def with_suspects(task: PagesTask, suspects: frozenset[str]) -> PagesTask:
    return replace(task, suspects=suspects)


def task_of(folder: Path, *does: str) -> PagesTask:
    folder.mkdir(exist_ok=True)
    return PagesTask(str(folder), tuple(SomePage(f"{folder.name}-{n}", what) for n, what in enumerate(does)))


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine("local", workers=2)
    yield opened
    opened.close()


def collect(engine: Engine, function: object, tasks: list[PagesTask]) -> dict[int, object]:
    results: dict[int, object] = {}

    def keep(number: int, result: object) -> None:
        assert number not in results
        results[number] = result

    supervise(engine, function, tasks, journal_of, with_suspects, keep)  # type: ignore[arg-type]
    return results


# -- cpu_limit


def test_a_loop_in_python_is_interrupted() -> None:
    with pytest.raises(PageTimeout, match=r"used more than 0.1 s of CPU time"), cpu_limit(0.1):
        loop()


def test_a_swallowed_timeout_is_raised_again() -> None:
    with pytest.raises(PageTimeout), cpu_limit(0.1):
        loop_and_swallow()


def test_waiting_does_not_count() -> None:
    with cpu_limit(0.1):
        time.sleep(0.4)


def test_the_limit_leaves_handlers_and_timers_as_they_were() -> None:
    def earlier(*_: object) -> None:
        pass

    before = signal.signal(signal.SIGPROF, earlier)
    try:
        for _ in range(50):
            with contextlib.suppress(PageTimeout), cpu_limit(0.005):
                loop()
            assert signal.getsignal(signal.SIGPROF) is earlier
            assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
            assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)
    finally:
        signal.signal(signal.SIGPROF, before)


HARD = """
import threading
import curate.engine.pages as pages
from test_engine_pages import loop_in_c

pages.HARD_SECONDS = 0.2

def work():
    with pages.cpu_limit(0.1):
        {work}

{run}
"""


@pytest.mark.parametrize(
    ("work", "run"),
    [("loop_in_c()", "work()"), ("while True: pass", "t = threading.Thread(target=work); t.start(); t.join()")],
    ids=["stuck in C", "in another thread"],
)
def test_what_cannot_be_interrupted_ends_its_process(work: str, run: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HARD.format(work=work, run=run)], cwd=Path(__file__).parent, timeout=10
    )

    assert done.returncode == -signal.SIGVTALRM


def test_outside_the_main_thread_a_limit_that_is_kept_changes_nothing() -> None:
    results = []

    def work() -> None:
        with cpu_limit(5):
            results.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert results == ["done"]
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


# -- run_pages


def test_every_page_has_a_result_or_a_reason_in_order(tmp_path: Path) -> None:
    task = task_of(tmp_path / "t", "fine", "loop", "regex", "error", "memory", "fine")

    results = run_task(task)

    assert results == {
        "t-0": "text of t-0",
        "t-1": PageDeath("timeout", "used more than 0.3 s of CPU time"),
        "t-2": PageDeath("timeout", "used more than 0.3 s of CPU time"),
        "t-3": PageDeath("failed", "ValueError: no text in <object object at 0x> at all"),
        "t-4": PageDeath("failed", "MemoryError"),
        "t-5": "text of t-5",
    }
    assert list(results) == [page.id for page in task.pages]


def test_the_journal_names_the_page_in_flight_and_nothing_between_pages(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    seen = []

    def look(page: SomePage) -> str:
        return journal.read_text().split("\n")[0]

    for page, named in run_pages(look, [SomePage("a-long-id"), SomePage("b")], journal, (), SECONDS):
        seen.append((page.id, named, journal.read_text().split("\n")[0]))

    assert seen == [("a-long-id", "a-long-id", ""), ("b", "b", "")]
    assert not journal.exists()


def test_ctrl_c_and_sys_exit_pass_through_and_leave_the_journal(tmp_path: Path) -> None:
    def interrupt(_: SomePage) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_pages(interrupt, [SomePage("a")], tmp_path / "journal", (), SECONDS))

    assert (tmp_path / "journal").read_text() == "a\n"


def test_a_suspect_that_survives_alone_counts(tmp_path: Path) -> None:
    task = task_of(tmp_path / "t", "fine", "fine", "error", "loop")

    results = run_task(with_suspects(task, frozenset(["t-1", "t-2", "t-3"])))

    assert results["t-1"] == "text of t-1"
    assert results["t-2"] == PageDeath("failed", "ValueError: no text in <object object at 0x> at all")
    assert results["t-3"] == PageDeath("timeout", "used more than 0.3 s of CPU time")


def test_a_suspect_that_dies_alone_twice_is_guilty(tmp_path: Path) -> None:
    task = task_of(tmp_path / "t", "abort", "exit", "stuck")

    results = run_task(with_suspects(task, frozenset(["t-0", "t-1", "t-2"])))

    assert results == {
        "t-0": PageDeath("crashed", "killed the process that worked on it: SIGABRT"),
        "t-1": PageDeath("crashed", "killed the process that worked on it: exit code 3"),
        "t-2": PageDeath("timeout", "used more than 0.3 s of CPU time and could not be interrupted"),
    }


def test_the_process_of_a_suspect_ends_with_the_worker_that_started_it(tmp_path: Path) -> None:
    task = task_of(tmp_path / "t", "wait")
    pid_file = Path(task.folder) / "t-0"
    worker = Worker(run_waiting_task)
    worker.give(request(run_waiting_task, with_suspects(task, frozenset(["t-0"]))))
    assert wait_until(lambda: pid_file.exists() and pid_file.read_text())

    worker.stop()

    assert wait_until(lambda: not is_running(int(pid_file.read_text())))


# -- supervise


def test_pages_that_kill_workers_are_found_and_the_others_come_back(engine: Engine, tmp_path: Path) -> None:
    tasks = [
        task_of(tmp_path / "a", "fine", "abort", "fine", "sys.exit", "fine"),
        task_of(tmp_path / "b", "fine", "fine"),
        task_of(tmp_path / "c", "stuck", "fine", "loop"),
    ]

    results = collect(engine, run_task, tasks)

    assert results == {
        0: {
            "a-0": "text of a-0",
            "a-1": PageDeath("crashed", "killed the process that worked on it: SIGABRT"),
            "a-2": "text of a-2",
            "a-3": PageDeath("crashed", "killed the process that worked on it: exit code 0"),
            "a-4": "text of a-4",
        },
        1: {"b-0": "text of b-0", "b-1": "text of b-1"},
        2: {
            "c-0": PageDeath("timeout", "used more than 0.3 s of CPU time and could not be interrupted"),
            "c-1": "text of c-1",
            "c-2": PageDeath("timeout", "used more than 0.3 s of CPU time"),
        },
    }


def test_a_page_is_innocent_until_it_kills_a_process_of_its_own_twice(engine: Engine, tmp_path: Path) -> None:
    results = collect(engine, run_once_fatal_task, [task_of(tmp_path / "t", "fine", "twice", "fine")])

    assert results == {0: {"t-0": "text of t-0", "t-1": "text of t-1", "t-2": "text of t-2"}}
    assert (tmp_path / "t" / "deaths-t-1").read_text() == "2"


def kill_workers(folders: list[Path], count: int, killed: list[int]) -> None:
    """``kill -9`` whoever works in one of the folders, up to ``count`` times, while they work."""
    generator = random.Random(7)
    for _ in range(count):
        time.sleep(0.1)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
            pid = int((generator.choice(folders) / "pid").read_text())
            if b"forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)


def test_kills_from_outside_lose_no_page(engine: Engine, tmp_path: Path) -> None:
    tasks = [task_of(tmp_path / name, *["slow"] * 40) for name in "abcd"]
    killed: list[int] = []
    killer = threading.Thread(target=kill_workers, args=([Path(task.folder) for task in tasks], 8, killed))

    killer.start()
    results = collect(engine, run_killable_task, tasks)
    killer.join()

    assert results == {
        number: {page.id: f"text of {page.id}" for page in task.pages} for number, task in enumerate(tasks)
    }
    assert len(killed) >= 3


def test_a_journal_of_an_earlier_run_makes_nobody_a_suspect(engine: Engine, tmp_path: Path) -> None:
    task = task_of(tmp_path / "t", "fine")
    task.journal.write_text("t-0\n")
    asked = []

    def note(task: PagesTask, suspects: frozenset[str]) -> PagesTask:
        asked.append(suspects)
        return with_suspects(task, suspects)

    supervise(engine, die_unless_retried, [task], journal_of, note, lambda number, result: None)

    assert asked == []


def test_a_task_without_a_journal_is_retried(engine: Engine, tmp_path: Path) -> None:
    results = {}
    task = task_of(tmp_path / "t", "fine")

    supervise(engine, die_unless_retried, [task], lambda _: None, with_suspects, results.__setitem__)

    assert results == {0: "done"}


def test_a_task_that_always_dies_is_given_up_by_name_after_ten_tries(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"10 times on one task \(the last one: SIGKILL\).*/hopeless'"):
        collect(engine, die_always, [task_of(tmp_path / "hopeless", "fine")])

    assert (tmp_path / "hopeless" / "tries").read_text() == "x" * 10
