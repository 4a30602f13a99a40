"""A line with three times the work it can do, its time simulated: what callers get of it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
import pytest

from limner_server.admission.line import Crowded, Line, Priority, Turn
from limner_server.admission.pace import Pace
from limner_server.admission.patience import Patience

CALLS = 4000


@dataclass
class Run:
    """What became of the calls of one simulation."""

    waits: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    work: float = 0.0
    """Seconds of work that was finished."""
    share: float = 0.0
    """Of what the places could have done while calls came."""
    refused: int = 0


class Even(Patience):
    """Lets everybody wait as long, whoever was turned away."""

    def learn(self, *, refused: bool) -> None:
        """Do not."""


def simulate(
    places: int, load: float, spread: float, rng: np.random.Generator, kind=Patience
) -> Run:
    """Let calls come at random, `load` times as many as can be done; they take 0.2 s or so."""
    run, pace, patience, now = Run(), Pace(), kind(places), 0.0
    line = Line(places, clock=lambda: now)
    takes = np.exp(rng.normal(np.log(0.2), spread, CALLS))
    comes = rng.exponential(0.2 / (load * places), CALLS).cumsum()
    came: dict[Turn, int] = {}
    working: list[tuple[float, int, Turn]] = []
    begun: set[Turn] = set()

    def begin() -> None:
        for turn, index in came.items():
            if turn.granted.is_set() and turn not in begun:
                begun.add(turn)
                heapq.heappush(working, (turn.began + takes[index], index, turn))

    def end_until(then: float) -> None:
        nonlocal now
        while working and working[0][0] <= then:
            now, index, turn = heapq.heappop(working)
            line.leave(turn)
            pace.took("call", turn.worked)
            run.waits.append(turn.began - comes[index])
            run.times.append(now - comes[index])
            run.work += takes[index]
            del came[turn]
            begin()
        now = then

    for index, arrival in enumerate(comes):
        end_until(arrival)
        expected = pace.of("call") or 0.2
        try:
            came[line.join(Priority.INTERACTIVE, expected, patience.of(expected))] = index
        except Crowded:
            patience.learn(refused=True)
            run.refused += 1
        else:
            patience.learn(refused=False)
        begin()
    run.share = run.work / (now * places)
    end_until(np.inf)
    return run


@pytest.mark.parametrize("places", [1, 2, 4, 16])
@pytest.mark.parametrize("spread", [0.05, 0.3])
def test_at_three_times_its_capacity_a_line_keeps_its_places_busy_and_its_callers_short(
    places, spread
):
    rng = np.random.default_rng(places)
    run = simulate(places, 3.0, spread, rng)
    alone = np.quantile(np.exp(rng.normal(np.log(0.2), spread, CALLS)), 0.99)
    assert run.share > 0.9
    assert np.quantile(run.times, 0.99) < 2 * alone
    assert np.median(run.times) < 1.3 * 0.2
    assert run.refused == pytest.approx(CALLS * 2 / 3, rel=0.1)


@pytest.mark.parametrize("load", [0.9, 1.2])
def test_where_most_are_let_in_the_line_is_as_long_as_ever(load):
    runs = [simulate(4, load, 0.3, np.random.default_rng(2), kind) for kind in (Patience, Even)]
    refused, otherwise = (run.refused / CALLS for run in runs)
    assert refused == pytest.approx(otherwise, abs=0.01)


def test_a_line_with_half_of_what_it_can_do_refuses_hardly_anybody():
    run = simulate(4, 0.5, 0.3, np.random.default_rng(1))
    assert run.refused < 0.01 * CALLS
    assert np.median(run.waits) == 0
