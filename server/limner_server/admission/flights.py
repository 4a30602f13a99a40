"""Calls that are sent again while they run: the second one waits for the first one's answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from google.protobuf.message import Message

    from limner_server.call import Call


@dataclass(eq=False)
class Flight:
    """One answer that is being worked on, and how many wait for it."""

    call: Call
    """Of the first who asked: the work goes by its plan, and by the latest deadline of all."""
    request: Message
    task: asyncio.Task[Message]
    waiting: int = 0

    def answers(self, call: Call, request: Message) -> bool:
        """Return whether its answer is another call's, too: the same caller asks for the same."""
        ours, theirs = self.call.caller, call.caller
        same = ours.unit == theirs.unit and ours.pins == theirs.pins
        return same and not self.task.done() and self.request == request


class Flights:
    """Every answer that is being worked on, by method and request id."""

    def __init__(self, outlived: Callable[[Call, bool], None]) -> None:
        """Begin with none.

        `outlived` hears of each call that others waited for to the end when its own caller did
        not, and whether it ended well.
        """
        self._flights: dict[tuple[str, str], Flight] = {}
        self._outlived = outlived

    def carries(self, call: Call) -> bool:
        """Return whether others still wait for what is worked on as this call."""
        flight = self._flights.get((call.method, call.request_id))
        return flight is not None and flight.call is call

    async def answer(
        self, call: Call, request: Message, work: Callable[[], Coroutine[None, None, Message]]
    ) -> Message:
        """Return the answer to a call: of the same one that runs already, or else of `work`.

        Work ends early once nobody waits for it any more.

        Args:
            call: Who asks; it has its request's id.
            request: Must be the same, to the last byte, to be answered by the same.
            work: Answers it; run as a task of its own.
        """
        key = call.method, call.request_id
        flight = self._flights.get(key)
        if flight is None or not flight.answers(call, request):
            taken = flight is not None and not flight.task.done()
            flight = Flight(call, request, asyncio.create_task(work()))
            if not taken:  # another call goes by this id just now: nobody can join this one
                self._flights[key] = flight
        flight.call.deadline = max(flight.call.deadline, call.deadline)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                if self._flights.get(key) is flight:
                    del self._flights[key]
                well = await _ended(flight)
                if flight.call is not call:
                    self._outlived(flight.call, well)


async def _ended(flight: Flight) -> bool:
    """See a flight that nobody waits for any more to its end; return whether there is an answer."""
    flight.call.over = True
    if not flight.task.done():
        flight.task.cancel()
        await asyncio.wait({flight.task})
    return not flight.task.cancelled() and flight.task.exception() is None
