"""Long calls on the wire: how far the work is while it runs, then its result, maybe in pieces."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from limner.v1 import image_pb2
from limner_server.services import wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator

    from limner_server.call import Call
    from limner_server.pipelines.course import Course

TICK_SECONDS: Final = 0.15
"""Between two messages that tell how far a call is."""
PREVIEW: Final = 256
"""Longest edge of a preview in pixels, at most."""
PIECE: Final = 1024 * 1024
"""Bytes of a picture that one message holds. Larger ones hold up every other call while they are
written, and a client that was told nothing takes 4 MiB at most."""


class Result(Protocol):
    """A result whose picture may follow in pieces."""

    following_bytes: int
    """Bytes of its image's data that follow."""

    @property
    def image(self) -> image_pb2.Image:
        """The picture."""


Response = TypeVar("Response")


async def tell(
    work: Coroutine[None, None, Result],
    course: Course,
    call: Call,
    response: Callable[..., Response],
) -> AsyncGenerator[Response, None]:
    """Yield how far the work is until it is done, then its result; closing it ends the work.

    Args:
        work: What the call is for.
        course: Knows how far that is.
        call: Gives up its turn once there is only something to be sent.
        response: Makes one message of a `progress`, a `result` or a `piece`.
    """
    working = asyncio.create_task(work)
    try:
        while not working.done():
            yield response(progress=await _standing(course))
            await asyncio.wait({working}, timeout=TICK_SECONDS)
        result = working.result()
        if course.preview is not None:
            yield response(progress=await _standing(course))
    finally:
        working.cancel()
    call.rest()
    for message in _messages(result, response):
        yield message


async def _standing(course: Course) -> image_pb2.Progress:
    """Return how far a call is; a preview goes with the first message after it is there."""
    standing, preview = course.standing(), course.preview
    progress = image_pb2.Progress(
        stage=standing.stage, fraction=standing.fraction, remaining_seconds=standing.remaining
    )
    if preview is not None:
        course.preview = None
        jpeg = image_pb2.OutputSpec(longest_edge_px=PREVIEW)
        written = await asyncio.to_thread(wire.write_image, preview, None, jpeg)
        progress.preview.CopyFrom(written)
    return progress


def _messages(result: Result, response: Callable[..., Response]) -> Iterator[Response]:
    """Return a result as messages: whole, or without its image's data and that in pieces."""
    data = result.image.data
    if len(data) <= PIECE:
        yield response(result=result)
        return
    result.image.ClearField("data")
    result.following_bytes = len(data)
    yield response(result=result)
    for start in range(0, len(data), PIECE):
        yield response(piece=image_pb2.Piece(data=data[start : start + PIECE]))
