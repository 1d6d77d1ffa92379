"""Ray runs the same functions with the same results, and its workers' deaths are reported the same way."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_engine_local import end, fail, fail_or_note, is_running, square, wait_until
from test_engine_pages import collect, run_once_fatal_task, run_task, task_of

from curate.engine import Engine, WorkerDied, open_engine
from curate.engine.pages import PageDeath
from curate.errors import RuleError

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: curate[ray]")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(Path(__file__).parent))  # the functions of the tests
        opened = open_engine("ray", workers=2)
        yield opened
        opened.close()


def test_every_task_comes_back_once_with_its_number(engine: Engine) -> None:
    assert dict(engine.map(square, range(10))) == {number: number * number for number in range(10)}


def test_a_ray_of_our_own_is_on_the_loopback_address_only(engine: Engine) -> None:
    import ray

    assert [node["NodeManagerAddress"] for node in ray.nodes()] == ["127.0.0.1"]


def test_a_worker_that_dies_is_reported_and_ray_prints_nothing(
    engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    tasks = ["abort", "fine", "exit", "sys.exit", "kill", "interrupt"]

    results = dict(engine.map(end, tasks))

    died = WorkerDied(None)
    assert results == {0: died, 1: "fine", 2: died, 3: died, 4: died, 5: died}
    assert capfd.readouterr() == ("", "")


def test_an_exception_keeps_its_type_and_carries_the_workers_traceback(engine: Engine) -> None:
    with pytest.raises(RuleError) as caught:
        list(engine.map(fail, ["rule"]))

    assert type(caught.value) is RuleError
    assert (caught.value.file, caught.value.line) == ("rules/a.yaml", 7)
    assert "in fail" in caught.value.__notes__[0]


def test_an_exception_stops_the_other_tasks(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "pid"

    with pytest.raises(ValueError, match="stop the others"):
        list(engine.map(fail_or_note, [("note", str(path)), ("fail", str(path))]))

    assert wait_until(lambda: not is_running(int(path.read_text())))


def test_pages_that_kill_workers_are_found_and_the_others_come_back(engine: Engine, tmp_path: Path) -> None:
    tasks = [
        task_of(tmp_path / "a", "fine", "abort", "loop", "fine"),
        task_of(tmp_path / "b", "stuck", "error", "fine"),
    ]

    results = collect(engine, run_task, tasks)

    assert results == {
        0: {
            "a-0": "text of a-0",
            "a-1": PageDeath("crashed", "killed the process that worked on it: SIGABRT"),
            "a-2": PageDeath("timeout", "used more than 0.3 s of CPU time"),
            "a-3": "text of a-3",
        },
        1: {
            "b-0": PageDeath("timeout", "used more than 0.3 s of CPU time and could not be interrupted"),
            "b-1": PageDeath("failed", "ValueError: no text in <object object at 0x> at all"),
            "b-2": "text of b-2",
        },
    }


def test_a_page_is_innocent_until_it_kills_a_process_of_its_own_twice(engine: Engine, tmp_path: Path) -> None:
    results = collect(engine, run_once_fatal_task, [task_of(tmp_path / "t", "fine", "twice")])

    assert results == {0: {"t-0": "text of t-0", "t-1": "text of t-1"}}


def test_a_ray_that_ran_before_is_used_and_left_running(engine: Engine) -> None:
    import ray

    second = open_engine("ray")
    results = dict(second.map(square, [5]))
    second.close()

    assert results == {0: 25}
    assert ray.is_initialized()


def test_ctrl_c_ends_a_script_and_the_ray_it_started(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    script = (
        "from curate.engine import open_engine\nfrom test_engine_local import write_pid_and_wait\n"
        "engine = open_engine('ray', 1)\n"
        f"try:\n    list(engine.map(write_pid_and_wait, [{str(path)!r}]))\nfinally:\n    engine.close()\n"
    )
    tests = str(Path(__file__).parent)
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=tests, stderr=subprocess.PIPE, text=True)
    assert wait_until(lambda: path.exists() and path.read_text(), seconds=30)

    parent.send_signal(signal.SIGINT)
    _, errors = parent.communicate(timeout=20)

    assert "KeyboardInterrupt" in errors
    assert wait_until(lambda: not is_running(int(path.read_text())))
