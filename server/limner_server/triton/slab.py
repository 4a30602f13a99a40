"""One piece of memory that Triton reads and writes too, and who has which part of it.

Its file in /dev/shm has a name only while Triton is told of it. So nobody else can open it or cut
it short, its size is what it is for good, and its memory goes with the processes that use it,
however they end.
"""

from __future__ import annotations

import bisect
import contextlib
import mmap
import os
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from limner_server.triton.leftovers import SHM
from limner_server.triton.owned import LANE, named

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAGE: Final = 4096
SHARE: Final = 0.25
"""Of the room in /dev/shm that a slab may take: Triton's runners need some, too."""


class NoRoom(OSError):
    """There is too little room in /dev/shm for a slab."""


class Lease:
    """A part of a slab that one run has, until it is given back."""

    def __init__(self, slab: Slab, offset: int, size: int) -> None:
        """Hold `size` bytes from `offset` on."""
        self.slab = slab
        self.offset = offset
        self.size = size

    def view(self, offset: int, size: int) -> NDArray[np.uint8]:
        """Return some of its bytes, to be read and written, counted from its own first one."""
        if not 0 <= offset <= offset + size <= self.size:
            raise ValueError(f"{size} bytes from {offset} on are not within {self.size}")
        start = self.offset + offset
        return self.slab.bytes[start : start + size]

    def give_back(self) -> None:
        """Let others have it; only once Triton can no longer write to it."""
        self.slab.take_back(self)


class Slab:
    """So many bytes of shared memory, leased in parts that never overlap."""

    def __init__(self, size: int) -> None:
        """Make it, with every byte already there; it has a name until `hide`.

        Raises:
            NoRoom: It would take more than its share of what is free.
            OSError: It cannot be made.
        """
        free = os.statvfs(SHM)
        if size > SHARE * free.f_bavail * free.f_frsize:
            raise NoRoom(f"{SHM} has too little room for {size:,} bytes")
        self.name = named(LANE)
        self.size = size
        descriptor = os.open(SHM / self.name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)  # or a full /dev/shm would kill who writes
            self.bytes: NDArray[np.uint8] = np.frombuffer(mmap.mmap(descriptor, size), np.uint8)
        except BaseException:
            self.hide()
            raise
        finally:
            os.close(descriptor)
        self._leased: list[Lease] = []

    @property
    def leased(self) -> int:
        """Bytes that somebody has."""
        return sum(lease.size for lease in self._leased)

    def hide(self) -> None:
        """Take its name away; whoever has opened it keeps it."""
        with contextlib.suppress(FileNotFoundError):
            (SHM / self.name).unlink()

    def lease(self, size: int) -> Lease | None:
        """Return a free part; None where there is none so large."""
        whole = -(-size // PAGE) * PAGE
        start = 0
        for place, other in enumerate([*self._leased, None]):
            end = other.offset if other is not None else self.size
            if end - start >= whole:
                lease = Lease(self, start, whole)
                self._leased.insert(place, lease)
                return lease
            start = end + (other.size if other is not None else 0)
        return None

    def take_back(self, lease: Lease) -> None:
        """Have a part back; one that was given back already changes nothing."""
        place = bisect.bisect_left(self._leased, lease.offset, key=_offset)
        if place < len(self._leased) and self._leased[place] is lease:
            del self._leased[place]


def _offset(lease: Any) -> int:
    offset: int = lease.offset
    return offset
