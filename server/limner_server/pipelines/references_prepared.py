"""References that have been looked at: kept by what they show, so that each is looked at once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

MOST_BYTES: Final = 256 * 1024 * 1024
"""That are kept: a dozen of the largest heads, some hundred of usual ones."""


class Sized(Protocol):
    """Something that takes up memory."""

    @property
    def nbytes(self) -> int:
        """How many bytes."""


Kept = TypeVar("Kept", bound=Sized)


class Prepared(Generic[Kept]):
    """What was prepared of late, by its key, within so many bytes; the longest unused goes first.

    For one event loop. Whoever asks for what is just being prepared waits for it; where that fails
    or its caller leaves, the next one in line prepares it, by its own deadline.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begin with nothing."""
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._alone: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @property
    def nbytes(self) -> int:
        """That all of it takes up."""
        return sum(one.nbytes for one in self._kept.values())

    async def get(
        self, key: Callable[[], Hashable], prepare: Callable[[], Awaitable[Kept]]
    ) -> Kept:
        """Return what is kept by a key, or else what `prepare` returns.

        Args:
            key: Asked before and once more after: another version may have stood in meanwhile.
            prepare: Asked where nothing is kept; what it raises is passed on, and not kept.
        """
        before = key()
        async with self._alone.setdefault(before, asyncio.Lock()):
            kept = self._kept.pop(before, None) or await prepare()
            self._keep(key(), kept)
            return kept

    def _keep(self, key: Hashable, one: Kept) -> None:
        """Keep one as the newest, and let go of the oldest as far as there is no room."""
        self._kept[key] = one
        while self.nbytes > self._most_bytes:
            self._kept.popitem(last=False)
