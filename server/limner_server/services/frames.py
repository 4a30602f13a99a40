"""Answers the newest of a stream's frames: while one is worked on, at most one waits."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, cast

from google.rpc import error_details_pb2

from limner.errors import LimnerError, to_status
from limner.v1 import image_pb2, stream_pb2
from limner.v1.reasons import Draining
from limner_server.routing.callers import LONGEST_KEY
from limner_server.services.checks import Checks
from limner_server.services.inbox import Inbox, Sayable
from limner_server.stream import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator

    from google.protobuf.message import Message

    from limner_server.call import Call
    from limner_server.services.inbox import Item, Told

Settings = TypeVar("Settings", bound=Sayable)
Response = TypeVar("Response")
Reply = TypeVar("Reply")


@dataclass(frozen=True)
class Answer(Generic[Response]):
    """What answers a stream's frames by settings that are prepared."""

    to: Callable[[Any, Call], Awaitable[Response]]
    """Answers one frame, of the stream's own kind."""
    kept: int = 0
    """Bytes of decoded pictures that are kept for it."""
    beside: int = 0
    """Pixels of them that are worked on with every frame."""

    async def __call__(self, frame: Any, call: Call) -> Response:
        """Return the response to a frame."""
        return await self.to(frame, call)


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
    inbox: Inbox[Settings] = Inbox(_named(stream, check), stream.stay.held)

    async def next_reply() -> Reply | None:
        if (item := await inbox.next()) is None:
            return None
        stream.skipped(item.skipped)
        with item.room:
            outcome = await _outcome(stream, prepare, item)
        return reply(number=item.number, skipped=item.skipped, **outcome)

    with inbox, _beside(inbox.fill(requests), inbox), _beside(_turned_away(stream), inbox):
        while (answered := await next_reply()) is not None:
            yield answered
            del answered  # or it stays until the next one


def on_image(
    answer: Callable[[image_pb2.Image, Call], Awaitable[Response]],
) -> Answer[Response]:
    """Return what answers a frame that is one image, by what answers that image."""

    async def answer_frame(frame: stream_pb2.Frame, call: Call) -> Response:
        checks = Checks()
        checks.image(frame.image, "image")
        checks.done()
        return await answer(frame.image, call)

    return Answer(answer_frame)


async def _outcome(
    stream: Stream,
    prepare: Callable[[Settings, Call], Awaitable[Answer[Response]]],
    item: Item[Settings],
) -> dict[str, Response | stream_pb2.FrameFailure]:
    """Return the response to a frame, or the failure that concerns it alone.

    Raises:
        LimnerError: Its settings are wrong, or the stream cannot go on for another reason.
    """
    try:
        if item.refusal is not None:
            with stream.preparation():
                raise item.refusal
        answer = await _prepared(stream, prepare, item.told)
    except LimnerError as error:
        if not stream.outlasts(error):
            raise
        return {"failure": to_failure(error)}
    try:
        with stream.frame() as call:
            async with stream.stay.admitted(call, item.frame, item.size, answer.beside):
                return {"response": await answer(item.frame, call)}
    except LimnerError as error:
        if not stream.survives(error):
            raise
        return {"failure": to_failure(error)}


async def _prepared(
    stream: Stream,
    prepare: Callable[[Settings, Call], Awaitable[Answer[Response]]],
    told: Told[Settings],
) -> Answer[Response]:
    """Return what answers a frame by settings, which are prepared unless they have been already."""
    answer: Answer[Response] | None = told.answer
    if answer is None:
        with stream.preparation() as call:
            async with stream.stay.admitted(call, cast("Message", told.settings), told.size):
                answer = await prepare(told.settings, call)
            told.room.enter_context(stream.stay.kept(answer.kept))
            told.answer = answer
    return answer


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
