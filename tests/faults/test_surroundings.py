"""What a server stands on: the registry, and the table of versions."""

from __future__ import annotations

import asyncio
import os
import subprocess

from tests.conftest import LIMNER


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
