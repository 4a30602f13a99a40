from __future__ import annotations

import asyncio
import time

from limner_server.lag import EVERY, watch_lag


async def test_work_on_the_event_loop_shows_as_lag():
    lags = []
    watching = asyncio.create_task(watch_lag(lags.append))
    await asyncio.sleep(4 * EVERY)
    time.sleep(6 * EVERY)  # noqa: ASYNC251 - the fault itself
    await asyncio.sleep(2 * EVERY)
    watching.cancel()
    assert max(lags) > 4 * EVERY
    assert min(lags) < EVERY


async def test_a_loop_with_nothing_to_do_is_looked_at_at_a_steady_pace():
    lags = []
    watching = asyncio.create_task(watch_lag(lags.append))
    await asyncio.sleep(10.5 * EVERY)
    watching.cancel()
    assert 3 <= len(lags) <= 11
