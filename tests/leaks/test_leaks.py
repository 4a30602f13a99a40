"""Whether a server and its children keep anything, round after round; and whether that is seen.

`make leaks` goes through many rounds and prints how much is gained; without it a few seconds are.
"""

from __future__ import annotations

import time

import pytest

from tests.faults.toy import LEAK, LEAK_CHILD, LEAK_FILE, LEAK_SHM, LEAK_THREAD
from tests.leaks.conftest import LITTERERS, MILLS, TELLTALE
from tests.leaks.gate import bound, growth, leaks, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
FEW = 8
"""Rounds that show a leak, if not how small it is."""


async def test_nothing_is_kept_of_versions_that_are_loaded_and_unloaded(estate, request, tell):
    rounds = request.config.getoption("--cycles", None) or FEW
    samples = await settled(lambda: estate.loaded(MILLS), rounds)
    tell("a version loaded, another unloaded", samples)
    assert not leaks(samples)


async def test_nothing_is_kept_of_calls(estate, request, tell):
    for _ in range(FEW):
        began = time.monotonic()
        await estate.mixed()
    minutes = request.config.getoption("--minutes", None) or 0
    rounds = int(60 * minutes / (time.monotonic() - began))
    samples = await settled(estate.mixed, max(2 * FEW, rounds))
    tell("28 calls of all kinds", samples)
    assert not leaks(samples)


@pytest.mark.parametrize(
    ("what", "held"),
    [
        (LEAK, "runners rss"),
        (LEAK_FILE, "runners fds"),
        (LEAK_THREAD, "runners threads"),
        (LEAK_CHILD, "zombies"),
        (LEAK_SHM, "shm files"),
    ],
    ids=["memory", "a file", "a thread", "a child", "a file in /dev/shm"],
)
async def test_what_a_runner_leaks_on_purpose_is_seen(estate, what, held):
    await estate.turn_to(TELLTALE)
    samples = await settled(lambda: estate.leaking(what), FEW)
    assert held in leaks(samples)


@pytest.mark.long
async def test_what_is_left_on_purpose_at_every_load_is_seen(estate):
    samples = await settled(lambda: estate.loaded(LITTERERS), FEW)
    assert "shm files" in leaks(samples)


@pytest.fixture
def tell(capsys, request):
    """Says how much more is held after each round, where many were asked for."""

    def tell(round_of: str, samples) -> None:
        if not any(request.config.getoption(option, None) for option in ("--cycles", "--minutes")):
            return
        lines = ["", f"| held after {round_of} | gained a round | 95 % | bound |"]
        lines.append("| --- | --- | --- | --- |")
        for held, slope in sorted(growth(samples).items()):
            numbers = f"{slope.median:.2f} | {slope.low:.2f} to {slope.high:.2f}"
            lines.append(f"| {held} | {numbers} | {bound(held)} |")
        with capsys.disabled():
            print("\n".join(lines))  # noqa: T201 - what was asked for

    return tell
