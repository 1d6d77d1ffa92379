"""A supervised pool of expendable processes on one machine."""

from __future__ import annotations

import atexit
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from curate.engine.worker import Worker, WorkerDied, outcome, ready, request

T = TypeVar("T")
R = TypeVar("R")


class LocalEngine:
    """Up to ``workers`` processes, one task at a time each; one that dies is replaced.

    A single worker is a process of its own too: what a page can do to it does not depend on their number.

    Source:
        ``multiprocessing.Pool`` never ends when a worker dies, and ``concurrent.futures`` loses the whole job
        (measured November 2026, Python 3.11), hence a pool of our own.
    """

    def __init__(self, workers: int) -> None:
        self._limit = workers
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        # Before multiprocessing's own exit function, which waits for processes that nobody told to end.
        atexit.register(self.close)

    def map(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[int, R | WorkerDied]]:
        """See ``Engine.map``. Ctrl-C, an exception and an abandoned iterator stop the workers that are busy."""
        waiting = deque(enumerate(tasks))
        busy: dict[Worker, int] = {}
        try:
            self._hand_out(function, waiting, busy)
            while busy:
                for worker in ready(busy):
                    answered = worker.take()
                    number = busy.pop(worker)
                    self._idle.append(worker)
                    result: R | WorkerDied = outcome(answered)
                    self._hand_out(function, waiting, busy)
                    yield number, result
        finally:
            for worker in busy:
                self._stop(worker)

    def close(self) -> None:
        """Stop every process."""
        self._idle.clear()
        for worker in list(self._workers):
            self._stop(worker)

    def _hand_out(self, function: Callable[[T], R], waiting: deque[tuple[int, T]], busy: dict[Worker, int]) -> None:
        while waiting and len(busy) < self._limit:
            number, task = waiting.popleft()
            call = request(function, task)
            worker = self._live_worker(function)
            busy[worker] = number
            worker.give(call)

    def _live_worker(self, function: Callable[[T], R]) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive():
                return worker
            self._stop(worker)
        worker = Worker(function)
        self._workers.add(worker)
        return worker

    def _stop(self, worker: Worker) -> None:
        if worker in self._workers:
            self._workers.remove(worker)
            worker.stop()
