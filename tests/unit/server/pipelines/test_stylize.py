from __future__ import annotations

import asyncio
import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from limner.v1.reasons import ModelFailed
from limner_registry.contracts import STYLIZER
from limner_registry.routes import Arm, Choice, Routes
from limner_registry.styles import STYLES
from limner_server.call import Call, Use
from limner_server.pipelines.course import Course
from limner_server.pipelines.stylize import Order, Stylizing, Tiling, expected

few = hypothesis_settings(max_examples=15)
BLUR = 2 * 12 + 1
"""Pixels across that the network here looks at; it reaches less far than the real one."""


class Network:
    """Draws as the real one does: each pixel by what is around it and by the thumbnail."""

    def __init__(self):
        self.tiles = []
        self.thumbnails = []
        self.in_flight = self.most_in_flight = 0
        self.falls_back_at = None
        self.fails_at = None

    async def infer(self, contract, inputs, call):
        assert contract is STYLIZER
        for tensor in contract.inputs:
            assert tensor.holds(inputs[tensor.name].shape[1:])
            assert inputs[tensor.name].dtype == tensor.dtype
        use = call.use_of(contract.model)
        tile, thumbnail = inputs["tile"][0], inputs["thumbnail"][0]
        assert all(side % 4 == 0 and side >= 16 for side in (*tile.shape[:2], *thumbnail.shape[:2]))
        self.tiles.append(tile.shape[:2])
        self.thumbnails.append(thumbnail)
        if len(self.tiles) == self.falls_back_at:
            use.fell_back = True
        if len(self.tiles) == self.fails_at:
            raise ModelFailed("it did")
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        return {"fields": self._drawn(tile, thumbnail, use.version)[None]}

    def _drawn(self, tile, thumbnail, version):
        values = tile.astype(np.float32) / 255
        around = cv2.boxFilter(
            values, -1, (BLUR, BLUR), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        tint = thumbnail.mean() / 255 * (0.5 if version == 2 else 1.0)
        colors = np.clip(0.5 * values + 0.3 * around / BLUR**2 + 0.2 * tint, 0, 1)
        line = np.abs(values - around / BLUR**2).mean(-1, keepdims=True)
        return np.rint(np.dstack([colors, line]) * 32767).astype(np.int16)


def call_for(*, canary=False):
    call = Call(
        "/limner.v1.StylizeService/Stylize", time.monotonic() + 600, Routes(1, {"stylizer": 1})
    )
    if canary:
        call.uses["stylizer"] = Use(Choice(2, Arm.CANARY, "r"), stable=1)
    return call


def photo_of(height, width, seed=0):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (max(2, height // 40), max(2, width // 40), 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def seam(picture, column):
    """Return how much more a picture changes from one column to the next there than elsewhere."""
    changes = np.abs(np.diff(picture.astype(int), axis=1)).mean((0, 2))
    return changes[column - 1] / changes.mean()


async def drawn_by(network, photo, call=None, **told):
    order = Order(**{"style": STYLES[0]} | told)
    course = Course()
    course.plan(expected(*photo.shape[:2], order))
    drawn = await Stylizing(network).draw(photo, order, call or call_for(), course)
    return drawn, course


async def test_tiles_of_any_size_make_the_same_picture():
    photo = photo_of(700, 900)
    pictures = [
        (await drawn_by(Network(), photo, tile_px=edge))[0].picture for edge in (256, 512, 1024)
    ]
    for other in pictures[1:]:
        assert np.abs(other.astype(int) - pictures[0]).max() <= 1


async def test_a_plain_grid_shows_where_its_tiles_meet():
    photo = photo_of(700, 900)
    whole, _ = await drawn_by(Network(), photo)
    network = Network()

    grid, _ = await drawn_by(network, photo, tiling=Tiling.PLAIN_GRID)

    assert grid.tiles == 4
    assert sorted(network.tiles[1:]) == [(200, 400), (200, 500), (500, 400), (500, 500)]
    assert len({thumbnail.tobytes() for thumbnail in network.thumbnails}) == 5
    assert seam(grid.picture, 500) > 1.5
    assert seam(whole.picture, 512) < 1.2


async def test_nothing_is_drawn_along_a_photos_edges():
    photo = np.full((300, 700, 3), (90, 140, 200), np.uint8)
    drawn, _ = await drawn_by(Network(), photo, tile_px=256)
    assert (drawn.picture == drawn.picture[0, 0]).all()


async def test_a_large_photo_is_drawn_small_and_laid_on_at_its_own_size():
    photo = photo_of(1200, 3000)
    network = Network()

    drawn, _ = await drawn_by(network, photo)

    assert drawn.picture.shape == photo.shape
    assert drawn.size == (600, 1500)
    assert drawn.tiles == len(network.tiles) - 1 == 6
    assert network.tiles[0] == (136, 288), "the preview's, framed"
    assert network.most_in_flight == 2
    assert drawn.shares.sum() == pytest.approx(1)


@few
@given(st.integers(1, 40), st.integers(1, 700), st.sampled_from(Tiling), st.integers(0, 64))
async def test_photos_of_all_shapes_are_drawn(height, width, tiling, colors):
    photo = photo_of(height, width)
    drawn, _ = await drawn_by(Network(), photo, tiling=tiling, colors=colors and max(2, colors))
    assert drawn.picture.shape == photo.shape
    assert len(drawn.palette) == len(drawn.shares)


@pytest.mark.parametrize("size", [(1, 1), (8, 10_000), (10_000, 8)])
async def test_a_pixel_and_a_line_of_them_are_drawn(size):
    photo = photo_of(*size)
    drawn, _ = await drawn_by(Network(), photo)
    assert drawn.picture.shape == photo.shape


async def test_the_same_order_makes_the_same_picture_and_another_seed_another():
    photo = photo_of(300, 400)
    first, again, other = [
        (await drawn_by(Network(), photo, seed=seed, colors=6))[0] for seed in (0, 0, 5)
    ]
    np.testing.assert_array_equal(first.picture, again.picture)
    assert (first.picture != other.picture).any()


async def test_a_limited_picture_has_exactly_the_palettes_colors():
    drawn, _ = await drawn_by(Network(), photo_of(300, 400), colors=16)
    there = np.unique(drawn.picture.reshape(-1, 3), axis=0)
    named = np.unique(np.rint(drawn.palette * 255).astype(np.uint8), axis=0)
    np.testing.assert_array_equal(there, named)
    assert len(there) == 16
    assert drawn.shares.sum() == pytest.approx(1)


async def test_strength_nought_is_the_photo_and_asks_nobody():
    photo, network = photo_of(300, 400), Network()
    drawn, _ = await drawn_by(network, photo, strength=0.0)
    np.testing.assert_array_equal(drawn.picture, photo)
    assert not network.tiles
    limited, _ = await drawn_by(network, photo, strength=0.0, colors=4)
    assert len(np.unique(limited.picture.reshape(-1, 3), axis=0)) == 4


async def test_a_preview_is_there_before_the_tiles():
    photo = photo_of(300, 400)
    network = Network()
    network.fails_at = 2
    course = Course()
    order = Order(STYLES[1])
    course.plan(expected(*photo.shape[:2], order))

    with pytest.raises(ModelFailed):
        await Stylizing(network).draw(photo, order, call_for(), course)

    assert course.preview is not None
    assert course.preview.shape == (192, 256, 3)


async def test_a_picture_that_another_version_took_over_is_all_by_that_one():
    photo = photo_of(700, 900)
    by_stable, _ = await drawn_by(Network(), photo)
    network, call = Network(), call_for(canary=True)
    network.falls_back_at = 3

    drawn, _ = await drawn_by(network, photo, call)

    assert call.uses["stylizer"].version == 1
    np.testing.assert_array_equal(drawn.picture, by_stable.picture)


async def test_a_caller_who_leaves_ends_the_tiles():
    class Slow(Network):
        busy = asyncio.Event()

        async def infer(self, contract, inputs, call):
            answer = await super().infer(contract, inputs, call)
            if len(self.tiles) == 5:
                self.busy.set()
            await asyncio.sleep(0.05)
            return answer

    network = Slow()
    task = asyncio.create_task(drawn_by(network, photo_of(1500, 1500), tile_px=256))
    await network.busy.wait()
    asked = len(network.tiles)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.15)
    assert len(network.tiles) == asked


def test_every_part_of_a_call_is_expected_to_take_some_time():
    seconds = expected(4000, 6000, Order(STYLES[0], colors=8))
    assert list(seconds) == ["decode", "reduce", "preview", "draw", "lay_on", "limit", "encode"]
    assert all(part > 0 for part in seconds.values())
    assert "limit" not in expected(1, 1, Order(STYLES[0]))
