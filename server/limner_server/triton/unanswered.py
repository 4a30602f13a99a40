"""Runs that a version has left unanswered: what casts doubt on it between two proofs."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG_SECONDS: Final = 2.0
"""A run that takes longer may be a runner that hangs."""

Version = tuple[str, int]


class Unanswered:
    """Which versions have not answered all they were asked, since they were last trusted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Trust every version; `clock` tells seconds."""
        self._clock = clock
        self._asked: dict[object, tuple[Version, float]] = {}
        """The runs that are not over: of which versions, and when they began."""
        self._doubted: set[Version] = set()

    @contextmanager
    def run(self, model: str, version: int) -> Iterator[None]:
        """Have a version asked for as long as the block lasts; an error is no answer."""
        run = object()
        self._asked[run] = (model, version), self._clock()
        try:
            yield
        except BaseException:
            self._doubted.add((model, version))
            raise
        finally:
            del self._asked[run]

    def casts_doubt(self, model: str, version: int) -> bool:
        """Return whether a run of a version came to nothing, or has gone on for long."""
        since = self._clock() - LONG_SECONDS
        late = {asked for asked, began in self._asked.values() if began <= since}
        return (model, version) in self._doubted | late

    def trust(self, model: str, version: int) -> None:
        """Forget the runs of a version that came to nothing: it proves itself from here on."""
        self._doubted.discard((model, version))
