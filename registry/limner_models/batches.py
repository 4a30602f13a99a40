"""Batches prepared ahead in worker processes; what a step gets depends on its number alone."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from limner_models.recipes.recipe import Arrays, Sampler

AHEAD = 3
"""Batches a worker has in the making or waiting."""
STOPPING = (signal.SIGINT, signal.SIGTERM)
"""Asks a training to end. A terminal's ctrl-C, or a service that is stopped, asks every process of
it, of which one alone has something to save."""
GRACE_SECONDS = 60
"""How long a worker that is told to end goes on, so that the step it works for can be saved."""

_SAMPLER: list[Sampler] = []
"""A worker's own, set once when it starts: it opens its files only once."""


def generator(seed: int, step: int) -> np.random.Generator:
    """Return the source of all chance in one step's batch.

    It knows nothing of workers, so that a training resumed with others goes on as it would have.
    """
    return np.random.default_rng((seed, step))


@contextmanager
def prepared(sampler: Sampler, seed: int, steps: range, workers: int) -> Iterator[Iterator[Arrays]]:
    """Give the batches of some steps, in order; the workers end with the context.

    Args:
        sampler: Composes them.
        seed: Of the recipe.
        steps: Which.
        workers: Processes that compose; 0 composes in this one, when asked.
    """
    if workers == 0:
        yield (sampler(generator(seed, step)) for step in steps)
        return
    # a forked process would inherit threads and locks of torch
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start, (sampler,)) as pool:
        try:
            yield _in_order(pool, seed, steps, workers * AHEAD)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, seed: int, steps: range, ahead: int) -> Iterator[Arrays]:
    waiting: deque[Future[Arrays]] = deque()
    for step in steps:
        with _unheard():  # the pool may start a worker for it
            waiting.append(pool.submit(_compose, seed, step))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _unheard() -> Iterator[None]:
    """Put off what asks to end; processes started meanwhile hear nothing of it until they do."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(sampler: Sampler) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.alarm(GRACE_SECONDS))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    cv2.setNumThreads(1)
    _SAMPLER[:] = [sampler]


def _compose(seed: int, step: int) -> Arrays:
    return _SAMPLER[0](generator(seed, step))
