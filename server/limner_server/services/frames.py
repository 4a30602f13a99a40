"""Answers the newest of a stream's frames: while one is worked on, at most one waits."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NamedTuple,
    NoReturn,
    Protocol,
    TypeAlias,
    TypeVar,
    cast,
)

from google.rpc import error_details_pb2

from limner.errors import LimnerError, to_status
from limner.v1 import image_pb2, stream_pb2
from limner.v1.reasons import Draining, ParameterOutOfRange
from limner_server.routing.callers import LONGEST_KEY
from limner_server.services.checks import Checks
from limner_server.stream import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator

    from google.protobuf.message import Message

    from limner_server.call import Call


class Sayable(Protocol):
    """Settings of any stream: a request whose image is left out."""

    @property
    def options(self) -> image_pb2.CallOptions:
        """What may be said of any call."""


Settings = TypeVar("Settings", bound=Sayable)
Response = TypeVar("Response")
Reply = TypeVar("Reply")
Answer: TypeAlias = "Callable[[Any, Call], Awaitable[Response]]"
"""Answers one frame, of the stream's own kind, by settings that are prepared."""


class Item(NamedTuple, Generic[Settings]):
    """A frame, with the settings that were in force when it came."""

    settings: Settings
    frame: Any
    skipped: int
    """How many frames this one took the place of."""


class Inbox(Generic[Settings]):
    """Holds the newest frame that nobody has begun to work on."""

    def __init__(self, check: Callable[[Settings], None]) -> None:
        """Begin empty; `check` raises what is wrong with settings."""
        self._check = check
        self._settings: Settings | None = None
        self._last = -1
        self._waiting: Any = None
        self._planned: Settings | None = None
        self._skipped = 0
        self._end: BaseException | None = None
        self._changed = asyncio.Event()
        self._open = True

    async def fill(self, requests: AsyncIterator[Any]) -> None:
        """Take in a caller's messages until there are no more.

        Raises:
            ParameterOutOfRange: A message is none, or out of order.
            LimnerError: As `check`.
        """
        async for request in requests:
            part = request.WhichOneof("part") if request is not None else None
            if part == "settings":
                self._check(request.settings)
                self._settings = request.settings
            elif part == "frame":
                self._take(request.frame)
            else:
                raise ParameterOutOfRange("a message of a stream holds settings or a frame")

    def close(self, end: BaseException | None = None) -> None:
        """Let `next` come to an end: with the frame that waits, or at once with an error."""
        self._open = False
        self._end = self._end or end
        self._changed.set()

    async def next(self) -> Item[Settings] | None:
        """Return the newest frame once there is one; None when no more will come."""
        while self._open and self._waiting is None:
            self._changed.clear()
            await self._changed.wait()
        if self._end is not None:
            raise self._end
        if self._waiting is None or self._planned is None:
            return None
        item = Item(self._planned, self._waiting, self._skipped)
        self._waiting, self._skipped = None, 0
        return item

    def _take(self, frame: Any) -> None:
        checks = Checks()
        checks.require(self._settings is not None, "settings", "come before the first frame")
        above = f"{frame.number} is not above {self._last}, the one before"
        checks.require(frame.number > self._last, "frame.number", above)
        checks.done()
        self._last = frame.number
        self._skipped += self._waiting is not None
        self._waiting, self._planned = frame, self._settings
        self._changed.set()


class Desk(Generic[Settings, Response]):
    """Where a stream's frames are answered, by settings that are prepared when they change."""

    def __init__(
        self, stream: Stream, prepare: Callable[[Settings, Call], Awaitable[Answer[Response]]]
    ) -> None:
        """Begin with no settings; `prepare` returns what answers a frame by some."""
        self._stream = stream
        self._prepare = prepare
        self._settings: Settings | None = None
        self._answer: Answer[Response] | None = None

    async def outcome(self, item: Item[Settings]) -> dict[str, Response | stream_pb2.FrameFailure]:
        """Return the response to a frame, or the failure that concerns it alone.

        Raises:
            LimnerError: Its settings are wrong, or the stream cannot go on for another reason.
        """
        stream = self._stream
        try:
            answer = await self._answer_by(item.settings)
        except LimnerError as error:
            if not stream.outlasts(error):
                raise
            return {"failure": to_failure(error)}
        try:
            with stream.frame() as call:
                async with stream.admitted(call, item.frame):
                    return {"response": await answer(item.frame, call)}
        except LimnerError as error:
            if not stream.survives(error):
                raise
            return {"failure": to_failure(error)}

    async def _answer_by(self, settings: Settings) -> Answer[Response]:
        """Return what answers a frame by `settings`, prepared unless they have been already."""
        if self._answer is None or self._settings is not settings:
            self._answer, self._settings = None, settings
            with self._stream.preparation() as call:
                async with self._stream.admitted(call, cast("Message", settings)):
                    self._answer = await self._prepare(settings, call)
        return self._answer


async def answer_newest(
    requests: AsyncIterator[Any],
    check: Callable[[Settings], None],
    prepare: Callable[[Settings, Call], Awaitable[Answer[Response]]],
    reply: Callable[..., Reply],
) -> AsyncIterator[Reply]:
    """Yield what becomes of the newest frames, one after the other, until the caller has no more.

    Args:
        requests: A caller's messages, each with settings or a frame.
        check: Raises what is wrong with settings, without any work.
        prepare: Returns what answers a frame by settings; called once for each settings, and
            again for the next frame where room or time was short.
        reply: Makes a reply of the number, the skipped and either a response or a failure.

    Raises:
        Draining: The server shuts down; the frame in hand was answered.
        LimnerError: Something is wrong that is not one frame's fault.
    """
    stream = Stream.current()
    inbox: Inbox[Settings] = Inbox(_named(stream, check))
    desk = Desk(stream, prepare)
    with _beside(inbox.fill(requests), inbox), _beside(_turned_away(stream), inbox):
        while (item := await inbox.next()) is not None:
            stream.skipped(item.skipped)
            outcome = await desk.outcome(item)
            yield reply(number=item.frame.number, skipped=item.skipped, **outcome)


def on_image(
    answer: Callable[[image_pb2.Image, Call], Awaitable[Response]],
) -> Answer[Response]:
    """Return what answers a frame that is one image, by what answers that image."""

    async def answer_frame(frame: stream_pb2.Frame, call: Call) -> Response:
        checks = Checks()
        checks.image(frame.image, "image")
        checks.done()
        return await answer(frame.image, call)

    return answer_frame


def to_failure(error: LimnerError) -> stream_pb2.FrameFailure:
    """Return `error` as the reply to a frame carries it, no longer than a status would be."""
    status = to_status(error)
    failure = stream_pb2.FrameFailure(
        reason=f"ERROR_REASON_{error.reason}",
        message=status.message,
        retry_after_seconds=error.retry_after,
    )
    bad = error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Unpack(bad):
            for wrong in bad.field_violations:
                failure.violations.add(field=wrong.field, description=wrong.description)
    return failure


def _named(stream: Stream, check: Callable[[Settings], None]) -> Callable[[Settings], None]:
    """Return a check that lets the stream go by what the settings say of it: its id, its caller."""

    def accept(settings: Settings) -> None:
        stream.call.name(settings.options.request_id)
        stream.call.urge(settings.options)
        check(settings)
        checks = Checks("settings.")
        length = len(settings.options.routing_key)
        allowed = f"{length} characters, {LONGEST_KEY} are allowed"
        checks.require(length <= LONGEST_KEY, "options.routing_key", allowed)
        checks.done()
        stream.call.asks = stream.caller(settings.options)

    return accept


async def _turned_away(stream: Stream) -> NoReturn:
    """Wait until the server shuts down.

    Raises:
        Draining: It does.
    """
    await stream.leaving.wait()
    raise Draining("the server is shutting down", retry_after=1.0)


@contextmanager
def _beside(work: Coroutine[Any, Any, None], inbox: Inbox[Any]) -> Iterator[None]:
    """Run `work` beside the block; its end, whatever it is, closes the inbox."""

    def close(task: asyncio.Task[None]) -> None:
        inbox.close(None if task.cancelled() else task.exception())

    task = asyncio.create_task(work)
    task.add_done_callback(close)
    try:
        yield
    finally:
        task.cancel()
