from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import time
from dataclasses import replace

import numpy as np
import pytest
import pytest_asyncio

from limner.v1.reasons import ModelNotReady
from limner_registry.contracts import CONTRACTS, PERSON_SEGMENTER
from limner_registry.golden import Golden
from limner_registry.routes import Routes
from limner_server.metrics import Metrics
from limner_server.triton.keeper import MEND_SECONDS, STREAMED_SECONDS
from limner_server.triton.servables import KEEP_SECONDS, Servables
from limner_server.triton.unanswered import Unanswered
from tests.unit.server.triton.settling import settle

MODEL = "person_segmenter"


async def never(_model, _version):
    await asyncio.sleep(60)


class Triton:
    """A Triton whose versions answer what the test says, and which remembers what it was told."""

    def __init__(self):
        self.answers = {}
        self.loaded = set()
        self.told = []
        self.asked = []
        self.unanswered = Unanswered()
        self.dead_after = None
        """Runs that are still answered until it is loaded anew; None for any number."""

    async def reached(self):
        pass

    async def load(self, model, version):
        self.told.append(("load", version))
        self.dead_after = None
        if version not in self.answers:
            raise ModelNotReady("it does not load")
        self.loaded.add(version)

    async def unload(self, model, version):
        self.told.append(("unload", version))
        self.loaded.discard(version)

    async def run(self, contract, version, inputs, timeout):
        self.asked.append(contract.model)
        if version not in self.loaded:
            raise ModelNotReady("it is not there")
        if self.dead_after is not None:
            self.dead_after -= 1
            if self.dead_after < 0:
                raise ModelNotReady("its runner is dead")
        return {"person": np.full((1, 256, 256), self.answers[version], np.float32)}


@pytest.fixture
def triton():
    return Triton()


@pytest.fixture
def servables(triton, tmp_path):
    async def routed(_routes):
        pass

    return Servables(triton, tmp_path, CONTRACTS, Metrics(), routed)


@pytest_asyncio.fixture
async def settled(servables, triton, tmp_path):
    """One version that is up."""
    place(tmp_path, 1, 0.5)
    route(tmp_path, 1, 1)
    triton.answers[1] = 0.5
    await settle(servables)
    return servables


OTHER = replace(PERSON_SEGMENTER, model="other")


@pytest.fixture
def runners(tmp_path):
    """A process for each of two placed versions, that runs a file of it for a minute."""
    runners = []
    for model in (MODEL, OTHER.model):
        place(tmp_path, 1, 0.5, model)
        program = shutil.copy(shutil.which("sleep"), tmp_path / f"{model}.v1")
        runners.append(subprocess.Popen([program, "60"]))
    yield runners
    for runner in runners:
        runner.kill()
        runner.wait()


@pytest_asyncio.fixture
async def pair(triton, tmp_path, runners):
    """Two versions that are up, and whose runners are seen."""

    async def routed(_routes):
        pass

    table = {"generation": 1, "models": {MODEL: {"stable": 1}, "other": {"stable": 1}}}
    (tmp_path / "routes.json").write_text(json.dumps(table))
    triton.answers[1] = 0.5
    servables = Servables(triton, tmp_path, (PERSON_SEGMENTER, OTHER), Metrics(), routed)
    await settle(servables)
    assert not any(runner.poll() for runner in runners)
    triton.asked.clear()
    yield servables
    servables.leave()


def place(models, version, answer, model=MODEL):
    folder = models / f"{model}.v{version}" / str(version)
    folder.mkdir(parents=True)
    image = np.zeros((1, 256, 256, 3), np.uint8)
    person = np.full((1, 256, 256), answer, np.float32)
    Golden({"image": image}, {"person": person}, 1e-3).write(folder)


def route(models, generation, version):
    table = {"generation": generation, "models": {MODEL: {"stable": version}}}
    (models / "routes.json").write_text(json.dumps(table))


async def test_a_version_is_routed_to_once_it_answers_its_golden_inputs(settled):
    assert settled.routes == Routes(1, {MODEL: 1})


async def test_versions_are_here_as_soon_as_they_are_wanted(settled, tmp_path):
    assert settled.versions(MODEL) == [1]
    route(tmp_path, 2, 2)
    await settled.look()
    assert settled.versions(MODEL) == [1, 2]
    assert settled.versions("face_mesh") == []


async def test_a_version_that_answers_otherwise_than_when_published_is_never_routed_to(
    servables, triton, tmp_path
):
    place(tmp_path, 1, 0.5)
    route(tmp_path, 1, 1)
    triton.answers[1] = 0.6
    await settle(servables)
    assert servables.routes.stable == {}


async def test_a_version_of_another_contract_is_never_loaded_and_keeps_no_other_from_serving(
    triton, tmp_path
):
    async def routed(_routes):
        pass

    place(tmp_path, 1, 0.5)
    place(tmp_path, 1, 0.5, OTHER.model)
    about = tmp_path / f"{OTHER.model}.v1/about.json"
    about.write_text(json.dumps({"contract": "other/0"}))
    table = {"generation": 1, "models": {MODEL: {"stable": 1}, "other": {"stable": 1}}}
    (tmp_path / "routes.json").write_text(json.dumps(table))
    triton.answers[1] = 0.5
    servables = Servables(triton, tmp_path, (PERSON_SEGMENTER, OTHER), Metrics(), routed)
    await settle(servables)
    assert servables.routes.stable == {MODEL: 1}
    assert servables.tried
    assert "keeps contract other/0" in servables.troubles()["other", 1]
    assert triton.told == [("load", 1)]


async def test_a_new_version_that_does_not_come_up_leaves_the_old_one_serving(
    servables, triton, tmp_path
):
    place(tmp_path, 1, 0.5)
    place(tmp_path, 2, 0.7)
    triton.answers[1] = 0.5
    route(tmp_path, 1, 1)
    await settle(servables)
    route(tmp_path, 2, 2)
    await settle(servables)
    assert servables.routes.stable == {MODEL: 1}
    assert ("unload", 1) not in triton.told


async def test_a_replaced_version_stays_loaded_for_the_calls_planned_with_it(
    servables, triton, tmp_path, monkeypatch
):
    now = [1000.0]
    monkeypatch.setattr("limner_server.triton.servables.time.monotonic", lambda: now[0])
    place(tmp_path, 1, 0.5)
    place(tmp_path, 2, 0.7)
    triton.answers = {1: 0.5, 2: 0.7}
    route(tmp_path, 1, 1)
    await settle(servables)
    route(tmp_path, 2, 2)
    await settle(servables)
    await settle(servables)
    assert servables.routes.stable == {MODEL: 2}
    assert 1 in triton.loaded
    now[0] += KEEP_SECONDS + 1
    await settle(servables)
    assert triton.loaded == {2}


async def test_a_version_that_was_lost_is_loaded_anew(settled, triton):
    triton.loaded.clear()
    await settle(settled)
    assert settled.routes.stable == {MODEL: 1}
    assert triton.loaded == {1}
    assert triton.told[-2:] == [("unload", 1), ("load", 1)]


async def test_calls_wait_for_a_version_that_was_lost_until_it_is_mended(settled, triton):
    mended, load = asyncio.Event(), triton.load

    async def wait(model, version):
        await mended.wait()
        await load(model, version)

    triton.load = wait
    triton.loaded.clear()
    losses = await settled.back(MODEL, 1, 10)
    assert settled.lose(MODEL, 1, losses)
    waiting = asyncio.create_task(settled.back(MODEL, 1, 10))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    assert settled.routes.stable == {MODEL: 1}
    assert settled.troubles() == {(MODEL, 1): "a run found it dead"}
    mended.set()
    await asyncio.wait_for(waiting, 5)
    assert settled.troubles() == {(MODEL, 1): ""}
    assert settled.mends == 1


async def test_a_run_hears_that_its_version_is_lost(settled):
    hearing = asyncio.create_task(settled.lost(MODEL, 1, 0))
    elsewhere = asyncio.create_task(settled.lost(MODEL, 7, 0))
    await asyncio.sleep(0)
    assert not hearing.done()

    settled.lose(MODEL, 1, 0)
    await asyncio.wait_for(hearing, 5)
    await asyncio.wait_for(settled.lost(MODEL, 1, 0), 5)

    assert not elsewhere.done()
    elsewhere.cancel()


async def test_nobody_waits_longer_than_he_has_time(settled, triton):
    triton.load = never
    settled.lose(MODEL, 1, 0)
    await asyncio.wait_for(settled.back(MODEL, 1, 0.05), 5)
    assert settled.troubles()[MODEL, 1]


async def test_a_version_that_is_not_mended_in_time_loses_its_place(settled, triton, monkeypatch):
    triton.load = never
    settled.lose(MODEL, 1, 0)
    now = time.monotonic() + MEND_SECONDS + 1
    monkeypatch.setattr("limner_server.triton.keeper.time.monotonic", lambda: now)
    await settled.look()
    assert settled.routes.stable == {}
    assert not settled.lose(MODEL, 1, 0)


async def test_a_run_that_began_before_a_version_was_mended_does_not_lose_it_again(settled, triton):
    losses = await settled.back(MODEL, 1, 10)
    settled.lose(MODEL, 1, losses)
    await settle(settled)
    told = [*triton.told]
    assert settled.lose(MODEL, 1, losses)
    await settle(settled)
    assert triton.told == told


async def test_one_that_is_being_mended_does_not_keep_others_waiting(settled, triton):
    triton.load = never
    settled.lose(MODEL, 1, 0)
    await asyncio.wait_for(settled.look(), 5)


async def test_a_version_that_nobody_knows_is_not_worth_waiting_for(servables):
    assert await servables.back(MODEL, 7, 10) == 0
    assert not servables.lose(MODEL, 7, 0)


async def test_a_version_that_failed_is_left_alone_until_something_changes(
    servables, triton, tmp_path
):
    place(tmp_path, 1, 0.5)
    route(tmp_path, 1, 1)
    await settle(servables)
    triton.answers[1] = 0.5
    await settle(servables)
    assert servables.routes.stable == {}
    servables.wake()
    await settle(servables)
    assert servables.routes.stable == {MODEL: 1}


async def test_a_wake_while_a_version_is_failing_is_not_forgotten(servables, triton, tmp_path):
    place(tmp_path, 1, 0.5)
    route(tmp_path, 1, 1)
    refuse = triton.load

    async def wakes(model, version):
        servables.wake()
        await refuse(model, version)

    triton.load = wakes
    await settle(servables)
    triton.load, triton.answers[1] = refuse, 0.5
    await settle(servables)
    assert servables.routes.stable == {MODEL: 1}


async def test_a_defect_does_not_end_the_loop_that_keeps_versions_alive(
    servables, triton, tmp_path
):
    place(tmp_path, 1, 0.5)
    route(tmp_path, 1, 1)
    triton.answers[1] = 0.5
    load, loaded = triton.load, asyncio.Event()

    async def load_and_tell(model, version):
        await load(model, version)
        loaded.set()

    async def fail_once(_model, _version):
        triton.load = load_and_tell
        servables.wake()
        raise RuntimeError

    triton.load = fail_once
    keeping = asyncio.create_task(servables.keep_settled())
    await asyncio.wait_for(loaded.wait(), 5)
    keeping.cancel()


async def test_damaged_routes_leave_the_table_in_force(settled, tmp_path):
    (tmp_path / "routes.json").write_text("{")
    await settle(settled)
    assert settled.routes == Routes(1, {MODEL: 1})


async def test_a_model_that_no_service_needs_is_not_loaded(servables, triton, tmp_path):
    table = {"generation": 1, "models": {"stranger": {"stable": 1}}}
    (tmp_path / "routes.json").write_text(json.dumps(table))
    await settle(servables)
    assert triton.told == []


async def test_every_runner_of_a_version_is_asked(triton, tmp_path):
    async def routed(_routes):
        pass

    contract = replace(PERSON_SEGMENTER, runners=2)
    servables = Servables(triton, tmp_path, [contract], Metrics(), routed)
    place(tmp_path, 1, 0.5)
    route(tmp_path, 1, 1)
    triton.answers[1] = 0.5
    await settle(servables)
    assert triton.told == [("load", 1)]

    triton.dead_after = 1  # the first of the two answers, the other does not
    await settle(servables)

    assert triton.told[1:] == [("unload", 1), ("load", 1)]
    assert servables.routes.stable == {MODEL: 1}


async def test_a_version_that_streams_is_not_asked_again_and_again(triton, tmp_path, monkeypatch):
    async def routed(_routes):
        pass

    streaming = replace(PERSON_SEGMENTER, backend="loho")
    servables = Servables(triton, tmp_path, (streaming,), Metrics(), routed)
    place(tmp_path, 1, 0.5)
    route(tmp_path, 1, 1)
    triton.answers[1] = 0.5
    await settle(servables)

    triton.dead_after = 0
    await settle(servables)
    assert servables.routes.stable == {MODEL: 1}
    later = time.monotonic() + STREAMED_SECONDS
    monkeypatch.setattr("limner_server.triton.keeper.time.monotonic", lambda: later)
    await settle(servables)
    assert triton.told.count(("load", 1)) == 2


async def test_versions_whose_runners_are_seen_prove_themselves_in_turn(pair, triton):
    for _ in range(4):
        await settle(pair)
    assert triton.asked in ([MODEL, "other"] * 2, ["other", MODEL] * 2)


async def test_a_version_that_left_a_run_unanswered_proves_itself_out_of_turn(pair, triton):
    await settle(pair)
    last = triton.asked.pop()
    with pytest.raises(ModelNotReady), triton.unanswered.run(last, 1):
        raise ModelNotReady("nothing came")
    await settle(pair)
    assert sorted(triton.asked) == ["other", MODEL]
    await settle(pair)
    assert len(triton.asked) == 3


async def test_a_version_whose_runner_is_stopped_is_lost_at_the_next_look(pair, runners):
    runners[0].send_signal(signal.SIGSTOP)
    await pair.look()
    assert pair.troubles()[MODEL, 1] == "a runner was stopped"
