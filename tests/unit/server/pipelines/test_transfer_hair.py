from __future__ import annotations

import asyncio

import numpy as np
import pytest

from limner.v1.reasons import ModelNotReady, NoHair, PoseTooFar
from limner_registry.color import srgb_to_lab
from limner_server.pipelines.course import Course
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.heads import Heads
from limner_server.pipelines.matte import Matting
from limner_server.pipelines.transfer_hair import Order, Transferring, expected
from limner_server.pipelines.wigs import Wigs
from tests.unit.server.pipelines.conftest import HAIR, WALL, call_with, draw
from tests.unit.server.pipelines.haired import Haired

PERSON = (200, 160, 40)
RED = (150, 40, 30)
LARGER = (200, 190, 60)


class Bench:
    """A person and references, drawn."""

    def __init__(self):
        self.networks = Haired()
        heads = Heads(self.networks, Matting(self.networks))
        self.wigs, self.transferring = Wigs(heads), Transferring(self.networks, heads)
        self.call = call_with()
        self.photo, self.hair = draw(PERSON)

    async def reference(self, photo, yaw=0.0):
        async def read():
            return photo

        self.networks.yaw = yaw
        return await self.wigs.of((photo.tobytes(), yaw), Selector(), read, self.call)

    async def person(self, photo=None, yaw=0.0, selector=None, *, keeps_shape=False):
        self.networks.yaw = yaw
        photo = self.photo if photo is None else photo
        return await self.transferring.person(
            photo, selector or Selector(), self.call, keeps_shape=keeps_shape
        )

    async def transfer(self, person, shape, look=None, *, searches=False, **order):
        put_on = self.transferring.search if searches else self.transferring.transfer
        course = Course()
        course.plan(expected(*person.photo.shape[:2], Order(), searches=searches))
        return await put_on(person, shape, look or shape, Order(**order), self.call, course)

    def warned(self):
        return [warning.code for warning in self.call.warnings]


@pytest.fixture
def bench():
    return Bench()


def full(size):
    """Return a head with so much more hair than PERSON's."""
    photo, hair = draw(LARGER, hair=RED)
    grown = np.asarray(photo).copy()
    y, x = np.mgrid[:300, :400]
    more = (np.hypot(x - 200, y - 170) < size) & (y < 170) & (photo == WALL).all(-1)
    grown[more] = RED
    return grown, hair | more


def test_every_part_of_the_work_is_expected_to_take_some_time():
    for searches in (False, True):
        small, large = (expected(n, n, Order(), searches=searches) for n in (1, 5000))
        assert all(seconds > 0 for seconds in small.values())
        assert sum(large.values()) > sum(small.values())
    few, many = (expected(9, 9, Order(steps=n), searches=True)["search"] for n in (20, 900))
    assert few < many


async def test_new_hair_hides_the_old_and_nothing_else_moves_by_a_bit(bench):
    photo, _ = full(95)
    done = await bench.transfer(await bench.person(), await bench.reference(photo))

    untouched = done.mask == 0
    np.testing.assert_array_equal(done.photo[untouched], bench.photo[untouched])
    assert (done.alpha[bench.hair] > 200).mean() > 0.95
    sure = done.alpha > 250
    red = srgb_to_lab(np.uint8(RED))
    assert np.abs(srgb_to_lab(done.photo[sure]).mean(0) - red).max() < 12
    assert not bench.warned()


async def test_the_face_stays_as_it_is_where_no_hair_falls_on_it(bench):
    photo, _ = full(95)
    done = await bench.transfer(await bench.person(), await bench.reference(photo))
    y, x = np.mgrid[:300, :400]
    face = (np.hypot(x - 200, y - 170) < 24) & (done.alpha == 0)
    assert face.sum() > 800
    np.testing.assert_array_equal(done.photo[face], bench.photo[face])


async def test_old_hair_beside_the_new_is_taken_away_by_the_network(bench):
    person, small = await bench.person(full(120)[0]), await bench.reference(bench.photo)
    bench.call.routes = call_with("hair_remover").routes

    done = await bench.transfer(person, small)

    assert bench.networks.asked[-1] == "hair_remover"
    gone = (person.photo == RED).all(-1) & (done.alpha == 0)
    assert gone.sum() > 2000
    left = np.abs(done.photo[gone].astype(int) - WALL).max(-1)
    assert np.median(left) < 12
    assert (np.abs(done.photo[gone].astype(int) - RED).max(-1) < 20).mean() < 0.02


async def test_without_that_network_a_little_old_hair_is_warned_of_and_much_is_refused(bench):
    bench.call.routes = call_with(without="hair_remover").routes
    some, much = full(84)[0], full(120)[0]
    shape = await bench.reference(full(80)[0])

    await bench.transfer(await bench.person(some), shape)
    assert bench.warned() == ["OLD_HAIR_SHOWS"]
    with pytest.raises(ModelNotReady, match="hair_remover"):
        await bench.transfer(await bench.person(much), await bench.reference(bench.photo))


async def test_the_look_of_another_changes_color_alone(bench):
    photo, _ = full(95)
    person, shape, look = (
        await bench.person(),
        await bench.reference(photo),
        await bench.reference(bench.photo),
    )
    plain, other = [await bench.transfer(person, shape, some) for some in (None, look)]
    np.testing.assert_array_equal(plain.alpha, other.alpha)
    sure = other.alpha > 250
    dark = srgb_to_lab(np.uint8(HAIR))
    assert np.abs(srgb_to_lab(other.photo[sure]).mean(0) - dark).max() < 12


async def test_own_hair_keeps_its_shape_in_another_s_look(bench):
    look = await bench.reference(full(95)[0])
    person = await bench.person(keeps_shape=True)

    done = await bench.transfer(person, None, look)

    off = done.alpha == 0
    np.testing.assert_array_equal(done.photo[off], bench.photo[off])
    np.testing.assert_array_equal(done.mask > 0, (done.photo != bench.photo).any(-1))
    inside = done.alpha == 255
    assert inside.sum() > 1500
    red = srgb_to_lab(np.uint8(RED))
    assert np.abs(srgb_to_lab(done.photo[inside]).mean(0) - red).max() < 8


async def test_a_bald_head_gets_hair_but_has_none_to_restyle(bench):
    bald, _ = draw(PERSON, hair=WALL)
    done = await bench.transfer(await bench.person(bald), await bench.reference(bench.photo))
    assert (done.alpha > 200).sum() > 1500
    assert "hair_remover" not in bench.networks.asked
    with pytest.raises(NoHair):
        await bench.person(bald, keeps_shape=True)


async def test_a_reference_that_looks_the_other_way_is_mirrored(bench):
    photo, _ = full(95)
    photo[:, 200:][(photo[:, 200:] == RED).all(-1)] = HAIR
    person = await bench.person(yaw=10)
    halves = []
    for yaw in (10, -10):
        done = await bench.transfer(person, await bench.reference(photo, yaw))
        red = (done.alpha > 250) & (done.photo[..., 0] > 110)
        halves.append(np.flatnonzero(red.any(0)).mean())
    assert halves[0] < 190
    assert halves[1] > 210


@pytest.mark.parametrize(("yaw", "told"), [(8.0, []), (18.0, ["HEADS_TURNED"]), (40.0, PoseTooFar)])
async def test_heads_that_are_turned_apart_are_told_of_or_refused(bench, yaw, told):
    shape = await bench.reference(full(95)[0], yaw)
    person = await bench.person()
    if told is PoseTooFar:
        with pytest.raises(PoseTooFar, match="40 degrees") as caught:
            await bench.transfer(person, shape)
        assert [wrong.field for wrong in caught.value.violations] == ["shape"]
        return
    await bench.transfer(person, shape)
    assert bench.warned() == told


async def test_a_shape_that_its_photo_cuts_is_told_of(bench):
    photo, _ = full(95)
    await bench.transfer(await bench.person(), await bench.reference(photo[120:]))
    assert bench.warned() == ["HAIR_CUT"]


async def test_of_two_heads_one_gets_the_hair(bench):
    two, _ = draw((90, 160, 36), (300, 160, 40))
    shape = await bench.reference(full(95)[0])
    done = await bench.transfer(await bench.person(two, selector=Selector(index=0)), shape)
    x = np.flatnonzero(done.alpha.max(0) > 127)
    assert x.min() > 20
    assert x.max() < 170
    np.testing.assert_array_equal(done.photo[:, 245:], two[:, 245:])


async def test_hair_that_a_search_has_found_goes_on_as_any_other_does(bench):
    person, shape = await bench.person(), await bench.reference(full(95)[0])

    done = await bench.transfer(person, shape, searches=True, steps=6)

    assert done.found.steps == 6
    np.testing.assert_array_equal(done.photo[done.mask == 0], bench.photo[done.mask == 0])
    sure = done.alpha > 250
    assert sure.sum() > 1500
    assert np.abs(done.photo[sure].mean(0) - RED).max() < 25
    assert (done.alpha[bench.hair] > 200).mean() > 0.8


async def test_a_search_for_a_look_alone_keeps_the_person_s_own_shape(bench):
    look = await bench.reference(full(95)[0])
    done = await bench.transfer(await bench.person(), None, look, searches=True, steps=3)
    found = done.alpha > 127
    assert (found & bench.hair).sum() / (found | bench.hair).sum() > 0.6


async def test_who_leaves_ends_the_work(bench):
    shape, person = await bench.reference(full(95)[0]), await bench.person()
    work = asyncio.create_task(bench.transfer(person, shape))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert asyncio.all_tasks() == {asyncio.current_task()}
