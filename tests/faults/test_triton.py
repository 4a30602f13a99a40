"""A Triton that is killed, cannot have its port, is short of shared memory, or is worn out."""

from __future__ import annotations

import asyncio
import socket

import pytest

from limner_server.triton import slab, wear
from tests.faults.conftest import housed
from tests.faults.toy import place


async def test_no_call_fails_when_triton_is_killed_under_load(house, table):
    async with house.called(rate=10) as calls:
        await asyncio.sleep(0.3)
        house.triton().kill()
        times = await house.lost_and_found()
        await asyncio.sleep(1)
    table.add("tritonserver killed, 10 calls a second", times, calls, f"{calls.longest:.1f} s once")
    assert not calls.errors
    assert times[1] < 15


@pytest.mark.long
async def test_a_triton_that_hangs_is_replaced(house, table):
    triton = house.triton()
    async with house.called(rate=2, timeout=60) as calls:
        triton.suspend()
        times = await house.lost_and_found(detect=30)
    longest = f"{calls.longest:.1f} s once"
    table.add("tritonserver stopped (SIGSTOP), 2 calls a second", times, calls, longest)
    assert not triton.is_running()
    assert not calls.errors


@pytest.mark.long
async def test_a_triton_whose_port_was_taken_meanwhile_comes_back_when_it_is_free(house, table):
    triton = house.triton()
    ports = {one.laddr.port for one in triton.net_connections("tcp") if one.status == "LISTEN"}
    async with house.called(rate=10, timeout=25) as calls:
        triton.kill()
        with socket.socket() as stranger:
            # or connections that the dead one left would keep it from the port, but not the next
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            await house.until(lambda: _taken(stranger, min(ports)), 5)
            await asyncio.sleep(3)
            assert not await house.is_up()
        times = 3.0, 3 + await house.until(house.is_up, 30)
    table.add("its port taken for 3 s as it restarts", times, calls, f"{calls.longest:.1f} s once")
    assert not calls.errors


@pytest.mark.long
async def test_a_triton_is_replaced_that_too_many_versions_had_to_be_mended_in(
    tmp_path, monkeypatch, table
):
    monkeypatch.setattr(wear, "MOST_MENDED", 2)
    monkeypatch.setattr(wear, "LOOK_SECONDS", 0.5)
    place(tmp_path)
    async with housed(tmp_path) as house, house.called(rate=10) as calls:
        first = house.triton().pid
        for _ in range(2):
            house.runner().kill()
            times = await house.lost_and_found()
        await house.until(lambda: _is_other(house, first), 20)
        times = 0.5, 0.5 + await house.until(house.is_up, 20)
    table.add("two runners die, two being the limit", times, calls, f"{calls.longest:.1f} s once")
    assert not calls.errors


async def test_a_server_without_room_in_shared_memory_sends_messages(tmp_path, monkeypatch, table):
    def full(_fd, _offset, _size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(slab.os, "posix_fallocate", full)
    place(tmp_path)
    async with housed(tmp_path) as house, house.called(rate=10, data=b"x" * 400_000) as calls:
        await asyncio.sleep(1)
        assert await house.metric("limner_lanes_open") == 0
    table.add("/dev/shm full", None, calls, "nothing: tensors go by message")
    assert not calls.errors


async def _taken(stranger, port) -> bool:
    try:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
    except OSError:
        return False
    return True


async def _is_other(house, pid) -> bool:
    try:
        return house.triton().pid != pid
    except StopIteration:
        return False
