"""Arrays that tell who works on them: the event loop's thread must not, all calls wait for it."""

from __future__ import annotations

import threading

import numpy as np


class Watched(np.ndarray):
    """An array that remembers, with all that comes of it, which threads computed with it."""

    threads: set[threading.Thread]

    def __array_finalize__(self, parent):
        self.threads = getattr(parent, "threads", set())

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        self.threads.add(threading.current_thread())
        return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)


def watched(array):
    """Return an array that begins to remember."""
    return array.view(Watched)


def loop_worked_on(array):
    """Say whether the event loop computed with an array; that nobody did is a mistake."""
    assert array.threads
    return threading.main_thread() in array.threads


def _plain(value):
    return value.view(np.ndarray) if isinstance(value, Watched) else value
