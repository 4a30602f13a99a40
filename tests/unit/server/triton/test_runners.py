from __future__ import annotations

import asyncio
import shutil
import subprocess

import psutil
import pytest

from limner_server.triton.runners import Runners


@pytest.fixture
def folder(tmp_path):
    """A version's folder with a program in it that does nothing for a minute."""
    folder = tmp_path / "echo.v1"
    folder.mkdir()
    shutil.copy(shutil.which("sleep"), folder / "runner")
    return folder


@pytest.fixture
def start(folder):
    started = []

    def start():
        started.append(subprocess.Popen([folder / "runner", "60"]))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


async def test_the_end_of_a_runner_is_heard_of_at_once(folder, start):
    ended = asyncio.Event()
    runners, process = Runners(folder, ended.set), start()
    await runners.watch()
    assert not ended.is_set()
    process.kill()
    await asyncio.wait_for(ended.wait(), 0.5)


async def test_what_runs_elsewhere_is_not_watched(tmp_path, start):
    ended = asyncio.Event()
    runners, process = Runners(tmp_path / "echo.v10", ended.set), start()
    await runners.watch()
    process.kill()
    process.wait()
    await asyncio.sleep(0.1)
    assert not ended.is_set()


async def test_nothing_is_heard_of_runners_that_were_let_go(folder, start):
    ended = asyncio.Event()
    runners, process = Runners(folder, ended.set), start()
    await runners.watch()
    files = psutil.Process().num_fds()
    runners.let_go()
    assert psutil.Process().num_fds() == files - 1
    process.kill()
    process.wait()
    await asyncio.sleep(0.1)
    assert not ended.is_set()


async def test_runners_that_hang_are_ended(folder, start):
    runners, processes = Runners(folder, list), [start(), start()]
    processes[0].send_signal(subprocess.signal.SIGSTOP)
    runners.end()
    assert [process.wait(5) for process in processes] == [-9, -9]


async def test_a_runner_that_has_not_grown_has_not(folder, start):
    runners, _ = Runners(folder, list), start()
    assert runners.grown() == 0
    await runners.watch()
    assert 0 <= runners.grown() < 1024 * 1024
    runners.let_go()
