"""One expendable process with a pipe of its own, and how a call and its outcome travel to it and back.

Nothing is shared between workers: a queue or a lock that a dying process leaves half-used would stop the others too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Not fork: the parent may have threads (progress bars), whose locks a forked child would find taken for ever.
_CONTEXT = multiprocessing.get_context("forkserver")
# How long a process whose pipe has closed may take to end by itself, so that its own exit code is seen.
_EXIT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """The process that worked on a task ended without an answer.

    ``exitcode`` is negative for a signal (-9: SIGKILL), and None where the engine does not tell.
    """

    exitcode: int | None

    def __str__(self) -> str:
        if self.exitcode is None:
            return "its process died"
        if self.exitcode >= 0:
            return f"exit code {self.exitcode}"
        try:
            return signal.Signals(-self.exitcode).name
        except ValueError:
            return f"signal {-self.exitcode}"


def request(function: Callable[[T], Any], task: T) -> bytes:
    """A call as it travels to a worker: a top-level function, or a partial of one, and a picklable task."""
    return pickle.dumps((function, task))


def answer(call: bytes) -> bytes:
    """Run a ``request`` and return its result, or the exception it raised with its traceback, as they travel back."""
    try:
        function, task = pickle.loads(call)
        return pickle.dumps((True, function(task)))
    except Exception as error:
        return pickle.dumps((False, (_portable(error), traceback.format_exc())))


def _portable(error: Exception) -> Exception:
    """``error``, or its words where it cannot be rebuilt in another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def outcome(answered: bytes | WorkerDied) -> Any:
    """What an ``answer`` says: its result; a death stays as it is.

    Raises:
        Exception: whatever the function raised, as itself, with the worker's traceback as a note.
    """
    if isinstance(answered, WorkerDied):
        return answered
    succeeded, content = pickle.loads(answered)
    if succeeded:
        return content
    error, remote_traceback = content
    error.add_note(f"In the worker:\n{remote_traceback}")
    raise error


class Worker:
    """One process that answers one call at a time.

    It ignores Ctrl-C (its parent decides), and it ends with its parent, however that ends. ``function`` is one of
    those it will be asked to run: the modules it needs are imported once, in the process new workers are forked from.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._connection, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs,), name="curate-worker", daemon=False)
        _start_forkserver(modules_of(function))
        self._process.start()
        theirs.close()

    def give(self, call: bytes) -> None:
        """Send a ``request``. A worker that is dead already shows in ``take``."""
        with contextlib.suppress(OSError):
            self._connection.send_bytes(call)

    def take(self) -> bytes | WorkerDied:
        """The answer of a worker that is ``ready``, or how its process ended."""
        with contextlib.suppress(EOFError, OSError):
            if self._connection.poll():
                return self._connection.recv_bytes()
        self._process.join(_EXIT_SECONDS)
        self._kill()
        return WorkerDied(self._process.exitcode)

    def is_alive(self) -> bool:
        """Whether the process can be given another call."""
        return self._process.is_alive()

    def stop(self) -> None:
        """End the process at once, whatever it is doing."""
        self._kill()
        self._connection.close()
        self._process.close()

    def sources(self) -> tuple[Connection, int]:
        """What becomes readable when the worker has an answer, and when it has died."""
        return self._connection, self._process.sentinel

    def _kill(self) -> None:
        self._process.kill()
        self._process.join()


def ready(workers: Iterable[Worker]) -> list[Worker]:
    """Wait until some of the busy ``workers`` have answered or died; those."""
    owners: dict[Any, Worker] = {source: worker for worker in workers for source in worker.sources()}
    return list(dict.fromkeys(owners[source] for source in wait(list(owners))))


def run_alone(function: Callable[[T], R], task: T) -> R | WorkerDied:
    """Run one call in a fresh process of its own and return its outcome."""
    call = request(function, task)
    worker = Worker(function)
    try:
        worker.give(call)
        ready([worker])
        answered = worker.take()
    finally:
        worker.stop()
    result: R | WorkerDied = outcome(answered)
    return result


def modules_of(function: Callable[..., Any]) -> list[str]:
    """The modules that define ``function``, and the functions a partial carries."""
    if isinstance(function, partial):
        parts = [function.func, *(argument for argument in function.args if callable(argument))]
        return [module for part in parts for module in modules_of(part)]
    return [getattr(function, "__module__", None) or "builtins"]


def _start_forkserver(preload: list[str]) -> None:
    """Start the process that workers are forked from, unless it runs already."""
    _CONTEXT.set_forkserver_preload([module for module in preload if module != "__main__"])
    with _safe_path():
        resource_tracker.ensure_running()  # before Ctrl-C is held back: starting it ends with Ctrl-C let through
        with _interrupts_held():
            forkserver.ensure_running()


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Block Ctrl-C; a process started here, and those forked from it, have it blocked for good."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _safe_path() -> Iterator[None]:
    """Processes started here do not import from the current folder, which may hold hostile input named ``json.py``."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _serve(connection: Connection) -> None:
    """Answer calls until the parent closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send_bytes(answer(connection.recv_bytes()))


def _die_with_parent() -> None:
    """End this process as soon as its parent is gone, in the middle of a task if need be."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
