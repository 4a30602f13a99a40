"""What a server stands on: the registry, the table of versions, the wall clock."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from pathlib import Path

import grpc
import pytest

from limner.errors import LimnerError
from limner.v1.reasons import ModelFailed
from limner_server.triton.leftovers import SHM
from tests.conftest import LIMNER
from tests.faults.conftest import Calls, apart
from tests.faults.toy import HANG, RAISE, place

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
DAY = 86_400
FAILED = 'limner_errors_created{reason="MODEL_FAILED"'
"""When the first call of a kind failed, by the wall clock of the server."""


async def test_a_registry_that_is_away_is_missed_by_operators_alone(house, table):
    nobody = os.environ | {"LIMNER_REGISTRY_URI": "http://127.0.0.1:1"}
    command = [LIMNER, "models", "list", "--state", house.state]
    async with house.called() as calls:
        done = await asyncio.to_thread(
            subprocess.run, command, env=nobody, capture_output=True, text=True, check=False
        )
    table.add("MLflow down", None, calls, "nothing; operators' commands end with 3")
    assert done.returncode == 3, done.stderr
    assert "does not answer" in done.stderr
    assert not calls.errors


async def test_a_table_that_is_damaged_leaves_the_one_in_force(house, table):
    file = house.state / "models/routes.json"
    whole = file.read_text()
    async with house.called() as calls:
        file.write_text(whole[:20])
        await asyncio.sleep(3)
        file.write_text(whole)
    table.add("routing table cut short on disk", None, calls, "nothing")
    assert not calls.errors


@pytest.mark.long
@pytest.mark.skipif(FAKETIME is None, reason="no wall clock to turn: apt-get install libfaketime")
async def test_a_wall_clock_that_jumps_is_not_noticed(tmp_path, table):
    """By a day ahead, then by two back; each time a runner is killed, and a deadline passes."""
    clock = tmp_path / "clock"
    clock.write_text("+0")
    faked = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    place(tmp_path)
    calls, created = Calls(), []
    async with apart(tmp_path, environment=faked) as house:
        for days in (1, -1):
            clock.write_text(f"{days:+d}d")
            async with house.called(rate=5) as some:
                house.runner().kill()
                _, healed = await house.lost_and_found()
                await asyncio.sleep(1)
            calls.seconds += some.seconds
            calls.errors += some.errors
            began = time.monotonic()
            with pytest.raises(LimnerError) as late:
                await house.call(HANG, milliseconds=2000, timeout=0.5)
            passed = time.monotonic() - began
            assert late.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
            await house.call()
            with pytest.raises(ModelFailed):
                await house.call(RAISE)
            created.append(await house.metric(FAILED))
            assert healed < 15
            assert 0.4 < passed < 2
    for left in SHM.glob(f"*faketime_*_{house.process.pid}"):  # libfaketime's own
        left.unlink()
    assert created[0] > time.time() + DAY / 2, "it did not jump"
    table.add("wall clock a day ahead, then behind", None, calls, "nothing")
    assert not calls.errors
