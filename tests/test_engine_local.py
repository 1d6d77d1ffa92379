"""The local engine: results, deaths, exceptions, and what is left behind when the parent goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curate.engine import Engine, WorkerDied, open_engine
from curate.errors import RecipeError, RuleError


def square(number: int) -> int:
    return number * number


def process_and_value(value: int) -> tuple[int, int]:
    return os.getpid(), value


def end(how: str) -> str:
    match how:
        case "abort":
            os.abort()
        case "exit":
            os._exit(7)
        case "sys.exit":
            sys.exit(0)
        case "interrupt":
            raise KeyboardInterrupt
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
    return how


def fail(kind: str) -> None:
    if kind == "rule":
        raise RuleError("no 'keep' example", file="rules/a.yaml", line=7, column=5)
    if kind == "local":

        class UnpicklableError(Exception):
            pass

        raise UnpicklableError("cannot travel")
    raise ValueError("not a page")


def fail_or_note(task: tuple[str, str]) -> None:
    """Fail at once, or be busy for long and then leave a file."""
    what, path = task
    if what == "fail":
        while not Path(path).exists():
            time.sleep(0.01)
        raise ValueError("stop the others")
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)


def interrupt_own_process(_: int) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    return "ignored"


def write_pid_and_wait(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(what: Callable[[], object], seconds: float = 10) -> bool:
    end_of_time = time.monotonic() + seconds
    while time.monotonic() < end_of_time:
        if what():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine("local", workers=2)
    yield opened
    opened.close()


def test_every_task_comes_back_once_with_its_number(engine: Engine) -> None:
    results = dict(engine.map(square, range(20)))

    assert results == {number: number * number for number in range(20)}


def test_no_tasks_give_no_results(engine: Engine) -> None:
    assert list(engine.map(square, [])) == []


def test_a_single_worker_is_a_process_of_its_own_and_serves_many_tasks() -> None:
    engine = open_engine("local", workers=1)

    pids = {pid for _, (pid, _) in engine.map(process_and_value, range(5))}  # type: ignore[misc]
    engine.close()

    assert len(pids) == 1
    assert os.getpid() not in pids


def test_a_worker_that_dies_is_reported_with_its_exit_code_and_replaced(engine: Engine) -> None:
    tasks = ["abort", "fine", "exit", "sys.exit", "kill", "interrupt", "fine too"]

    results = dict(engine.map(end, tasks))

    assert results == {
        0: WorkerDied(-signal.SIGABRT),
        1: "fine",
        2: WorkerDied(7),
        3: WorkerDied(0),
        4: WorkerDied(-signal.SIGKILL),
        5: WorkerDied(1),
        6: "fine too",
    }


def test_a_worker_killed_while_idle_costs_nothing(engine: Engine) -> None:
    pids = {pid for _, (pid, _) in engine.map(process_and_value, range(4))}  # type: ignore[misc]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not any(is_running(pid) for pid in pids))

    results = dict(engine.map(square, range(4)))

    assert results == {0: 0, 1: 1, 2: 4, 3: 9}


def test_deaths_are_told_by_the_signals_name() -> None:
    assert str(WorkerDied(-signal.SIGSEGV)) == "SIGSEGV"
    assert str(WorkerDied(3)) == "exit code 3"
    assert str(WorkerDied(None)) == "its process died"


def test_an_exception_keeps_its_type_and_carries_the_workers_traceback(engine: Engine) -> None:
    with pytest.raises(RuleError) as caught:
        list(engine.map(fail, ["rule"]))

    assert (caught.value.file, caught.value.line) == ("rules/a.yaml", 7)
    assert "in fail" in caught.value.__notes__[0]


def test_an_exception_that_cannot_travel_is_told_in_words(engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="UnpicklableError: cannot travel"):
        list(engine.map(fail, ["local"]))


def test_an_exception_stops_the_other_workers_before_it_is_seen(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "pid"

    with pytest.raises(ValueError, match="stop the others"):
        list(engine.map(fail_or_note, [("note", str(path)), ("fail", str(path))]))

    assert wait_until(lambda: path.read_text() != "")
    assert not is_running(int(path.read_text()))


def test_the_engine_goes_on_after_an_exception(engine: Engine) -> None:
    with pytest.raises(ValueError, match="not a page"):
        list(engine.map(fail, ["plain"] * 5))

    assert dict(engine.map(square, [3])) == {0: 9}


def test_workers_ignore_ctrl_c(engine: Engine) -> None:
    assert dict(engine.map(interrupt_own_process, [0])) == {0: "ignored"}


def test_close_leaves_no_process() -> None:
    engine = open_engine("local", workers=2)
    pids = {pid for _, (pid, _) in engine.map(process_and_value, range(4))}  # type: ignore[misc]

    engine.close()

    assert not any(is_running(pid) for pid in pids)


def start_parent(folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A script that keeps two workers busy, and the workers' process ids."""
    folder.mkdir(exist_ok=True)
    paths = [str(folder / name) for name in "ab"]
    script = folder / "parent.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from curate.engine import open_engine\nfrom test_engine_local import write_pid_and_wait\n"
        "if __name__ == '__main__':\n"
        f"    for result in open_engine('local', 2).map(write_pid_and_wait, {paths!r}):\n        print(result)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=folder
    )
    assert wait_until(lambda: all(Path(path).exists() and Path(path).read_text() for path in paths))
    return parent, [int(Path(path).read_text()) for path in paths]


def test_ctrl_c_in_a_terminal_ends_parent_and_workers_at_once(tmp_path: Path) -> None:
    parent, workers = start_parent(tmp_path)

    os.killpg(parent.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    _, errors = parent.communicate(timeout=5)

    assert not any(is_running(pid) for pid in workers)
    assert errors.count("Traceback") == 1  # the parent's own; the workers stay silent
    assert "KeyboardInterrupt" in errors


def test_ctrl_c_while_the_first_worker_starts_is_quiet_too(tmp_path: Path) -> None:
    (tmp_path / "slow_module.py").write_text(
        f"import pathlib, time\npathlib.Path({str(tmp_path / 'importing')!r}).touch()\ntime.sleep(1)\n"
        "def work(task): pass\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, types\nfrom curate.engine import open_engine\n"
        "def work(task): pass\nwork.__module__ = 'slow_module'\n"
        "module = sys.modules['slow_module'] = types.ModuleType('slow_module')\nmodule.work = work\n"
        "if __name__ == '__main__':\n    list(open_engine('local', 2).map(work, [1, 2]))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert wait_until((tmp_path / "importing").exists)

    os.killpg(parent.pid, signal.SIGINT)
    _, errors = parent.communicate(timeout=5)

    assert errors.count("Traceback") == 1
    assert "KeyboardInterrupt" in errors


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path, number: int) -> None:
    parent, workers = start_parent(tmp_path)

    parent.send_signal(number)
    # stderr closes when the last process that has it (workers, fork server, resource tracker) is gone
    parent.communicate(timeout=5)

    assert not any(is_running(pid) for pid in workers)


def test_nothing_is_imported_from_the_current_folder(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for name in ("selectors", "signal", "html", "json"):
        (raw / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w').write({name!r})\n")
    script = tmp_path / "parent.py"
    script.write_text(
        "from curate.engine import open_engine\n"
        "if __name__ == '__main__':\n"
        "    engine = open_engine('local', 1)\n    print(list(engine.map(abs, [-3])))\n    engine.close()\n"
    )

    done = subprocess.run([sys.executable, str(script)], cwd=raw, capture_output=True, text=True, timeout=20)

    assert done.stdout == "[(0, 3)]\n"
    assert not (tmp_path / "imported").exists()


def test_a_script_that_forgets_to_close_the_engine_still_ends(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "from curate.engine import open_engine\n"
        "if __name__ == '__main__':\n    engine = open_engine('local', 2)\n    print(list(engine.map(abs, [-3])))\n"
    )

    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=20)

    assert (done.stdout, done.stderr) == ("[(0, 3)]\n", "")


def test_an_unknown_engine_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RecipeError, match="no engine is called 'rey'; did you mean 'ray'"):
        open_engine("rey")


def test_options_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RecipeError, match="takes no address"):
        open_engine("local", address="10.0.0.1:6379")
    with pytest.raises(RecipeError, match="at least one worker"):
        open_engine("local", workers=0)


def test_a_missing_ray_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "curate.engine.ray", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(RecipeError, match=r"pip install 'curate\[ray\]'"):
        open_engine("ray")
