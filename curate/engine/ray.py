"""The same functions as Ray tasks, on this machine or on a cluster (extra ``curate[ray]``)."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import ray
from ray.exceptions import NodeDiedError, OutOfMemoryError, WorkerCrashedError

from curate.engine.worker import WorkerDied, answer, outcome, request

T = TypeVar("T")
R = TypeVar("R")

# Tasks and results are small (data goes through files): near Ray's minimum of 75 MB, instead of 30% of the memory.
_OBJECT_STORE_BYTES = 100_000_000


class RayEngine:
    """Ray tasks, at most ``workers`` at a time (None: as many as there are CPUs).

    ``address`` is that of a running cluster; without one, Ray is started on this machine, on its loopback address.
    A Ray that this process had started or joined before is used as it is, and left running by ``close``.
    """

    def __init__(self, workers: int | None, address: str | None) -> None:
        self._started = not ray.is_initialized()
        if self._started:
            _init(workers, address)
        self._limit = workers or _cluster_cpus()
        # A death is reported, not retried behind our back: the page that caused it would cause it again.
        self._remote = ray.remote(num_cpus=1, max_retries=0)(_answer_or_exit)

    def map(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[int, R | WorkerDied]]:
        """See ``Engine.map``. Ctrl-C, an exception and an abandoned iterator cancel the tasks that are running."""
        waiting = deque(enumerate(tasks))
        running: dict[Any, int] = {}
        try:
            self._submit(function, waiting, running)
            while running:
                for reference in ray.wait(list(running), num_returns=1)[0]:
                    number = running.pop(reference)
                    result: R | WorkerDied = outcome(_answered(reference))
                    self._submit(function, waiting, running)
                    yield number, result
        finally:
            for reference in running:
                ray.cancel(reference, force=True)

    def close(self) -> None:
        """Leave the cluster, and end the Ray that was started here."""
        if self._started:
            self._started = False
            ray.shutdown()
            _show_messages(True)

    def _submit(self, function: Callable[[T], R], waiting: deque[tuple[int, T]], running: dict[Any, int]) -> None:
        while waiting and len(running) < self._limit:
            number, task = waiting.popleft()
            running[self._remote.remote(request(function, task))] = number


def _init(workers: int | None, address: str | None) -> None:
    options: dict[str, Any] = {"address": address}
    if address is None:
        options = {
            "address": "local",
            "num_cpus": workers,
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE_BYTES,
        }
    ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
    _show_messages(False)


def _show_messages(show: bool) -> None:
    """Whether Ray prints on standard output, between the lines of ``--json``, that a worker died; we report it."""
    ray._private.worker._worker_logs_enabled = show  # there is no public switch (Ray 2.60)


def _cluster_cpus() -> int:
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, int(resources.get("CPU", 1)))


def _answer_or_exit(call: bytes) -> bytes:
    try:
        return answer(call)
    except BaseException:
        os._exit(1)  # SystemExit and its like end the process, as they do on the local engine


def _answered(reference: Any) -> bytes | WorkerDied:
    try:
        answered: bytes = ray.get(reference)
    except (WorkerCrashedError, OutOfMemoryError, NodeDiedError):
        return WorkerDied(None)
    return answered
