"""What is measured of servers asked in turn: time, rate and processor time of an answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import grpc
import numpy as np
from askers import Wrong
from peer_processes import cpu_seconds
from peers_served import Way, negative
from rich.console import Console
from rich.progress import track

MOST_CALLS: Final = 200
"""Of one turn, however soon they are answered."""
LOST: Final = (OSError, TimeoutError, Wrong, grpc.aio.AioRpcError)
"""How asking can fail."""
ANSWER_SECONDS: Final = 60


@dataclass(frozen=True)
class Plan:
    """How long all of it takes."""

    rounds: int
    """In which every server gets its turn with one client."""
    loads: int
    """In which it gets its turn with each number of clients."""
    seconds: float
    """Of one turn."""
    clients: tuple[int, ...]
    """That ask at once and never pause."""


FULL: Final = Plan(10, 4, 0.8, (2, 4, 8, 16))
QUICK: Final = Plan(2, 1, 0.3, (4,))


@dataclass
class Turn:
    """What one server did in its turn."""

    seconds: list[float]
    """That each answer took."""
    wall: float
    """Seconds of the whole turn."""
    cpu: float
    """Seconds of the processor that the server took for it."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.wall

    @property
    def median(self) -> float:
        """Seconds of half of the answers."""
        return float(np.median(self.seconds))


@dataclass
class Results:
    """Turns by the server's name, bytes of the tensor and clients, in the order of rounds."""

    turns: dict[tuple[str, int, int], list[Turn]] = field(default_factory=dict)
    failures: dict[tuple[str, int], str] = field(default_factory=dict)
    """Why servers were not asked any more, by name and bytes."""

    def values(self, name: str, size: int, clients: int, what: str) -> np.ndarray[Any, Any]:
        """Return one figure of each turn, such as `rate`; empty where there was none."""
        turns = self.turns.get((name, size, clients), [])
        return np.array([getattr(turn, what) for turn in turns], float)

    def pooled(self, name: str, size: int, clients: int = 1) -> np.ndarray[Any, Any]:
        """Return the seconds of every answer of all rounds."""
        turns = self.turns.get((name, size, clients), [])
        return np.array([second for turn in turns for second in turn.seconds], float)

    def best_rate(self, name: str, size: int) -> float:
        """Return the highest median rate of any number of clients; 0 where nothing answered."""
        found = [key for key in self.turns if key[:2] == (name, size)]
        return max((float(np.median(self.values(*key, "rate"))) for key in found), default=0.0)


async def measured(ways: list[Way], sizes: list[int], plan: Plan, screen: Console) -> Results:
    """Return what all servers did, taken in turn; a server that fails is left out from then on."""
    results = Results()
    stages = [(plan.rounds, 1), *((plan.loads, clients) for clients in plan.clients)]
    for rounds, clients in stages:
        label = "one client" if clients == 1 else f"{clients} clients"
        turns = _turns(ways, sizes, rounds)
        total = rounds * len(ways) * len(sizes)
        for way, size in track(turns, label, total, console=screen, transient=True):
            if (way.name, size) in results.failures:
                continue
            try:
                turn = await _turn(way, size, clients, plan.seconds)
            except LOST as error:
                why = f"{clients} clients: {type(error).__name__} {error}".splitlines()[0]
                results.failures[way.name, size] = why[:160]
            else:
                results.turns.setdefault((way.name, size, clients), []).append(turn)
    return results


def _turns(ways: list[Way], sizes: list[int], rounds: int) -> Iterator[tuple[Way, int]]:
    """Yield who is asked with how much; who begins changes from round to round."""
    for number in range(rounds):
        first = number % len(ways)
        for size, way in product(sizes, (*ways[first:], *ways[:first])):
            yield way, size


async def _turn(way: Way, size: int, clients: int, seconds: float) -> Turn:
    """Return what a server did in so many seconds, or calls, of some clients that never pause.

    Raises:
        Wrong: It answered something else.
    """
    photo = np.random.default_rng(size).bytes(size)
    async with _connected(way, photo, clients) as asks:
        wanted = negative(photo)
        async with asyncio.timeout(ANSWER_SECONDS):
            for ask in asks:
                if await ask() != wanted:
                    raise Wrong("not the negative of what was sent")
        taken: list[float] = []
        cpu, began = cpu_seconds(way.root), time.perf_counter()
        most = MOST_CALLS if clients == 1 else 10**9
        clients_at_work = [
            asyncio.create_task(_client(ask, began + seconds, most, taken)) for ask in asks
        ]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.gather(*clients_at_work)
        finally:  # where one failed the others are still at it
            for one in clients_at_work:
                one.cancel()
            await asyncio.gather(*clients_at_work, return_exceptions=True)
        return Turn(taken, time.perf_counter() - began, cpu_seconds(way.root) - cpu)


@contextlib.asynccontextmanager
async def _connected(way: Way, photo: bytes, clients: int) -> AsyncIterator[list[Any]]:
    """Yield what asks on so many connections."""
    async with contextlib.AsyncExitStack() as stack:
        opened = []
        for _ in range(clients):
            client = way.open(photo)
            stack.push_async_callback(client.close)
            opened.append(client.ask)
        yield opened


async def _client(ask: Any, until: float, most: int, taken: list[float]) -> None:
    """Ask again and again; at least once."""
    while True:
        began = time.perf_counter()
        await ask()
        ended = time.perf_counter()
        taken.append(ended - began)
        if ended >= until or len(taken) >= most:
            return
