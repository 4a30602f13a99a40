"""A search followed: what it is asked, what is told of it, what becomes of its answers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import numpy as np
import pytest

from limner.v1.reasons import ModelFailed, ModelNotReady
from limner_registry.contracts import HAIR_OPTIMIZER, HAIR_SEGMENTER, SEARCH_MEASURES
from limner_registry.face_template import ON_MESH, TEMPLATE
from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.pipelines.course import Course
from limner_server.pipelines.optimize_hair import (
    SIDE,
    USUAL_STEPS,
    Portrait,
    Search,
    optimize,
    portrait_of,
)


class Networks:
    """Parses by red and green, and searches in as many steps as it is asked for."""

    def __init__(self, side=128, reduced=None, *, ends_early=False):
        self.side, self.reduced, self.ends_early = side, reduced or side, ends_early
        self.asked = None
        self.left = False

    async def infer(self, contract, inputs, call):
        assert contract is HAIR_SEGMENTER
        shares = np.zeros((len(inputs["image"]), 4, SIDE, SIDE), np.float32)
        shares[:, 1], shares[:, 2] = np.moveaxis(inputs["image"] / np.float32(255), -1, 0)[:2]
        return {"classes": shares}

    async def follow(self, contract, inputs, call):
        assert contract is HAIR_OPTIMIZER
        for tensor in contract.inputs:
            assert tensor.holds(inputs[tensor.name].shape[1:])
            assert inputs[tensor.name].dtype == tensor.dtype
        self.asked = inputs
        steps = int(inputs["steps"].sum())
        try:
            for done in range(1, steps + 1):
                await asyncio.sleep(0)
                yield self._answer(done, steps, shown=done % 10 == 0)
            if not self.ends_early:
                yield self._answer(steps, steps, shown=True, ended=True)
        finally:
            self.left = True

    def _answer(self, done, steps, *, shown, ended=False):
        measures = np.arange(len(SEARCH_MEASURES), dtype=np.float32)
        return {
            "steps": np.array([[done, steps]], np.int16),
            "measures": measures[None],
            "side": np.array([[self.reduced]], np.int16),
            "picture": np.full((1, *(shown * self.side,) * 2, 3), done % 256, np.uint8),
            "maps": np.full((1, *(ended * self.side,) * 2, 2), (255, 51), np.uint8),
        }


def portrait(red=0):
    crop = np.zeros((SIDE, SIDE, 3), np.uint8)
    crop[..., 0] = red
    return Portrait(crop, np.array([[2.0, 0.0, 10.0], [0.0, 2.0, 20.0]]))


def call_with(*models):
    return Call("/limner.v1.TransferHairService/TransferHair", time.monotonic() + 60, ready(models))


def ready(models):
    return Routes(1, dict.fromkeys(models, 1))


@pytest.fixture
def call():
    return call_with(HAIR_OPTIMIZER.model, HAIR_SEGMENTER.model)


def planned():
    course = Course()
    course.plan({"search": 1.0})
    return course


async def test_the_three_are_asked_for_in_their_order_with_their_maps(call):
    networks, course = Networks(), planned()

    heads = portrait(10), portrait(20), portrait(30)
    found = await optimize(*heads, Search(9, seed=258), networks, call, course)

    asked = networks.asked
    assert asked["photos"][0, :, 0, 0, 0].tolist() == [10, 20, 30]
    assert asked["maps"][0, :, 0, 0, 0].tolist() == [10, 20, 30]
    assert asked["steps"].tolist() == [[3, 6]]
    assert asked["seed"].tolist() == [[2, 1, 0, 0]]
    assert found.steps == 9
    assert course.standing().fraction == pytest.approx(1)
    assert found.measures["overlap"] == len(SEARCH_MEASURES) - 1
    assert (found.hair.max(), found.face.min()) == (1.0, pytest.approx(0.2))
    assert not call.warnings


async def test_the_map_leads_to_the_picture_whatever_its_size(call):
    for side in (128, 512):
        found = await optimize(*[portrait()] * 3, Search(3), Networks(side), call, planned())

        there = found.matrix[:, :2] @ (7, 9) + found.matrix[:, 2]
        share = (np.array([24, 38]) + 0.5) / SIDE
        assert (there + 0.5) / side == pytest.approx(share)


async def test_previews_and_progress_come_while_it_runs(call):
    networks, course = Networks(), planned()
    seen = []

    class Watched(Networks):
        async def follow(self, *asked):
            async for answer in Networks.follow(networks, *asked):
                yield answer
                seen.append((course.standing().fraction, course.preview is not None))

    await optimize(*[portrait()] * 3, Search(30), Watched(), call, course)

    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[14] == pytest.approx(0.5, abs=0.1)
    assert [shown for _, shown in seen].index(True) == 9
    assert course.preview.shape == (128, 128, 3)


async def test_who_leaves_ends_the_search(call):
    networks, course = Networks(), planned()
    work = asyncio.create_task(optimize(*[portrait()] * 3, Search(2000), networks, call, course))
    await asyncio.sleep(0.01)
    work.cancel()

    with pytest.raises(asyncio.CancelledError):
        await work
    assert networks.left


async def test_the_caller_is_told_of_a_smaller_search(call):
    await optimize(*[portrait()] * 3, Search(1), Networks(128, 64), call, planned())

    assert [warning.code for warning in call.warnings] == ["SEARCH_REDUCED"]


async def test_a_search_without_an_end_has_failed(call):
    networks = Networks(ends_early=True)
    with pytest.raises(ModelFailed):
        await optimize(*[portrait()] * 3, Search(2), networks, call, planned())


async def test_without_an_optimizer_nothing_is_begun():
    call = call_with(HAIR_SEGMENTER.model)
    with pytest.raises(ModelNotReady):
        await optimize(*[portrait()] * 3, Search(), Networks(), call, planned())


def test_the_usual_steps_are_halved_unevenly_for_the_second_stage_is_harder():
    assert sum(Search().stages) == USUAL_STEPS
    assert Search(100).stages == (33, 67)


def test_a_portrait_has_its_face_where_the_template_has_it():
    landmarks = np.zeros((478, 3), np.float32)
    photo = np.zeros((400, 400, 3), np.uint8)
    for number, (x, y) in enumerate(TEMPLATE * 200 + (90, 70)):
        landmarks[list(ON_MESH[number]), :2] = x, y
        photo[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4] = 255

    found = portrait_of(photo, landmarks)

    for x, y in np.rint(TEMPLATE * SIDE - 0.5).astype(int):
        assert found.crop[y, x].min() > 200


async def test_hair_that_is_known_is_not_left_to_the_segmenter(call):
    networks = Networks()
    hair = np.zeros((SIDE, SIDE), np.uint8)
    hair[:100] = 255
    known = replace(portrait(20), hair=hair)

    await optimize(portrait(10), known, portrait(30), Search(2), networks, call, planned())

    maps = networks.asked["maps"][0]
    np.testing.assert_array_equal(maps[1, ..., 0], hair)
    assert not maps[1, :100, :, 1].any()
    assert maps[[0, 2], 5, 5, 0].tolist() == [10, 30]
