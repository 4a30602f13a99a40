"""What a stream has sent and nobody has begun to work on: settings, and the newest of its frames.

Each message takes up room from when it comes until nothing can be answered by it any more.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from limner.errors import LimnerError
from limner.v1.reasons import ParameterOutOfRange
from limner_server.services.checks import Checks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractContextManager

    from limner.v1 import image_pb2


class Sayable(Protocol):
    """Settings of any stream: a request whose image is left out."""

    @property
    def options(self) -> image_pb2.CallOptions:
        """What may be said of any call."""

    def ByteSize(self) -> int:
        """Return how many bytes they take."""


Settings = TypeVar("Settings", bound=Sayable)


@dataclass(eq=False)
class Told(Generic[Settings]):
    """Settings as they came, and what became of them."""

    settings: Settings
    size: int
    """Their bytes."""
    room: ExitStack = field(default_factory=ExitStack)
    """Room for them, and for what is kept of them; closed once no frame is answered by them."""
    answer: Any = None
    """What answers frames by them; None until they have been prepared."""


@dataclass(eq=False)
class Item(Generic[Settings]):
    """A frame, with the settings that were in force when it came."""

    told: Told[Settings]
    number: int
    skipped: int
    """How many frames this one took the place of."""
    frame: Any
    """None where it was refused."""
    size: int
    """Its bytes."""
    room: ExitStack = field(default_factory=ExitStack)
    """Room for it; to be closed by whoever takes it."""
    refusal: LimnerError | None = None
    """Why there was no room for it."""


class Inbox(Generic[Settings]):
    """Holds the newest frame that nobody has begun to work on."""

    def __init__(
        self,
        check: Callable[[Settings], None],
        held: Callable[[int], AbstractContextManager[None]],
    ) -> None:
        """Begin empty.

        Args:
            check: Raises what is wrong with settings.
            held: Has so many bytes in the house as long as a block lasts, or refuses them.
        """
        self._check = check
        self._held = held
        self._newest: Told[Settings] | None = None
        self._in_hand: Told[Settings] | None = None
        self._all: list[Told[Settings]] = []
        self._waiting: Item[Settings] | None = None
        self._last = -1
        self._end: BaseException | None = None
        self._changed = asyncio.Event()
        self._open = True

    def __enter__(self) -> Inbox[Settings]:
        """Take in messages within the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give back the room of everything."""
        self._newest = self._in_hand = None
        self._pass_over()
        self._forget()

    async def fill(self, requests: AsyncIterator[Any]) -> None:
        """Take in a caller's messages until there are no more.

        Raises:
            ParameterOutOfRange: A message is none, or out of order.
            OverloadedBytes: There is no room for settings, without which frames mean nothing.
            LimnerError: As `check`.
        """
        async for request in requests:
            self._take_in(request)
            del request  # or it stays until the next one comes

    def close(self, end: BaseException | None = None) -> None:
        """Let `next` come to an end: with the frame that waits, or at once with an error."""
        self._open = False
        self._end = self._end or end
        self._changed.set()

    async def next(self) -> Item[Settings] | None:
        """Return the newest frame once there is one; None when no more will come.

        Whoever asks for the next is done with the one before, and with its settings.
        """
        self._in_hand = None
        self._forget()
        while self._open and self._waiting is None:
            self._changed.clear()
            await self._changed.wait()
        if self._end is not None:
            raise self._end
        item, self._waiting = self._waiting, None
        if item is not None:
            self._in_hand = item.told
        return item

    def _take_in(self, request: Any) -> None:
        part = request.WhichOneof("part") if request is not None else None
        if part == "settings":
            self._check(request.settings)
            self._tell(request.settings)
        elif part == "frame":
            self._take(request.frame)
        else:
            raise ParameterOutOfRange("a message of a stream holds settings or a frame")

    def _tell(self, settings: Settings) -> None:
        """Have settings be those of the frames to come."""
        self._newest = None
        self._forget()
        told = Told(settings, settings.ByteSize())
        told.room.enter_context(self._held(told.size))
        self._all.append(told)
        self._newest = told

    def _take(self, frame: Any) -> None:
        """Have a frame wait in place of the one that does."""
        checks = Checks()
        checks.require(self._newest is not None, "settings", "come before the first frame")
        above = f"{frame.number} is not above {self._last}, the one before"
        checks.require(frame.number > self._last, "frame.number", above)
        checks.done()
        self._last = frame.number
        skipped = self._pass_over()
        if self._newest is not None:
            item = Item(self._newest, frame.number, skipped, frame, frame.ByteSize())
            try:
                item.room.enter_context(self._held(item.size))
            except LimnerError as error:
                item.frame, item.refusal = None, error.with_traceback(None)
            self._waiting = item
        self._changed.set()

    def _pass_over(self) -> int:
        """Let go of the frame that waits; return how many have been passed over by now."""
        item, self._waiting = self._waiting, None
        if item is None:
            return 0
        item.room.close()
        self._forget()
        return item.skipped + 1

    def _forget(self) -> None:
        """Give back the room of settings by which no frame will be answered any more."""
        planned = self._waiting.told if self._waiting is not None else None
        wanted = (self._newest, planned, self._in_hand)
        for told in [told for told in self._all if told not in wanted]:
            told.answer = None
            told.room.close()
            self._all.remove(told)
