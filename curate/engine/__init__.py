"""Where a build runs. An engine runs functions on tasks and knows nothing of pages or stages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from curate.engine.local import LocalEngine
from curate.engine.worker import WorkerDied
from curate.errors import RecipeError, did_you_mean

__all__ = ["ENGINES", "Engine", "WorkerDied", "open_engine"]

T = TypeVar("T")
R = TypeVar("R")


class Engine(Protocol):
    """Runs one function on many tasks, each in some other process."""

    def map(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[int, R | WorkerDied]]:
        """Run ``function`` on every task.

        Args:
            function: a top-level function, or a ``functools.partial`` of one.
            tasks: n picklable tasks.

        Returns:
            n pairs, as they come: the task's number (from 0) and its result, or ``WorkerDied`` where the process
            that worked on it ended without an answer. Results are small; data goes through files.

        Raises:
            Exception: whatever the function raised, as itself, with the worker's traceback as a note, after the
                other tasks were stopped.
        """
        ...

    def close(self) -> None:
        """Stop every process that the engine started."""
        ...


def open_engine(name: str, workers: int | None = None, address: str | None = None) -> Engine:
    """An engine by its name in ``ENGINES``.

    Args:
        name: local or ray.
        workers: tasks that run at the same time; None: as many as there are CPUs.
        address: of a running Ray cluster; only for ray.

    Raises:
        RecipeError: no engine has that name, it cannot be run here, or an option does not fit it.
    """
    if name not in ENGINES:
        raise RecipeError(f"no engine is called {name!r}{did_you_mean(name, ENGINES)}")
    if workers is not None and workers < 1:
        raise RecipeError(f"at least one worker is wanted, not {workers}")
    return ENGINES[name](workers, address)


# A Ray of our own listens on the loopback address only, and reports its usage to nobody. By default it opens five
# ports, with no password, on every interface (Ray 2.60 on Linux, November 2026). Read when Ray is imported.
_LOCAL_RAY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}


def _open_local(workers: int | None, address: str | None) -> Engine:
    if address is not None:
        raise RecipeError(
            "the engine 'local' runs on this machine and takes no address.\n  Use a cluster: --engine ray"
        )
    return LocalEngine(workers or _cpus())


def _open_ray(workers: int | None, address: str | None) -> Engine:
    if address is None:
        os.environ.update(_LOCAL_RAY)
    try:
        from curate.engine.ray import RayEngine
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise RecipeError("the engine 'ray' needs Ray, which is not installed.\n  pip install 'curate[ray]'") from None
    return RayEngine(workers, address)


def _cpus() -> int:
    """CPUs this process may use, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


ENGINES: Mapping[str, Callable[[int | None, str | None], Engine]] = {"local": _open_local, "ray": _open_ray}
