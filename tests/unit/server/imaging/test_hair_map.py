from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from limner_server.imaging.geometry import Region, crop
from limner_server.imaging.hair_map import ClassMap, Label, class_map, cleaned, ground_of, hair_of
from limner_server.imaging.head import INPUT_PX, farther, looks

seeds = st.integers(0, 2**32 - 1)


def portrait(size=400):
    """Return a gray photo with a disk of dark hair, and the hair."""
    y, x = np.mgrid[:size, :size]
    hair = np.hypot(x - size / 2, y - size / 2.4) < size / 5
    photo = np.where(hair[..., None], np.uint8((40, 30, 20)), np.uint8((170, 160, 150)))
    return photo, hair


def seen(hair, region):
    """Return what a network that sees hair well but only at its own size answers."""
    share = crop(np.dstack([hair.astype(np.uint8) * 255] * 3), region, INPUT_PX, INPUT_PX)[..., 0]
    classes = np.zeros((4, INPUT_PX, INPUT_PX), np.float32)
    classes[Label.HAIR] = share / np.float32(255)
    classes[Label.BACKGROUND] = 1 - classes[Label.HAIR]
    return classes


@pytest.mark.parametrize("angle", [0.0, 0.5, -2.0])
@pytest.mark.parametrize("size", [150, 400, 1500])
def test_hair_is_mapped_to_where_it_is(angle, size):
    photo, hair = portrait(size)
    region = Region(size / 2, size / 2.2, 0.8 * size, 0.8 * size, angle)

    found = class_map(ground_of(photo, [region]), [seen(hair, region)])

    np.testing.assert_allclose(found.classes().sum(-1), 1, atol=1e-3)
    assert found.classes().min() >= -1e-5
    high, wide = found.hair.shape
    part = hair[found.rows, found.columns]
    y = ((np.arange(high) + 0.5) / found.scale).astype(int)
    x = ((np.arange(wide) + 0.5) / found.scale).astype(int)
    wrong = (found.hair > 0.5) != part[np.ix_(y, x)]
    assert wrong.mean() < 0.01


def test_what_no_crop_shows_is_background():
    photo, hair = portrait()
    region = Region(60, 60, 100, 100, 0.6)

    found = class_map(ground_of(photo, [region]), [seen(np.ones_like(hair), region)])

    assert found.classes()[0, 0, Label.BACKGROUND] > 0.9


def test_the_wall_is_where_crops_show_background_and_nothing_else():
    photo, hair = portrait()
    region = Region(200, 180, 220, 220, 0.4)

    found = class_map(ground_of(photo, [region]), [seen(hair, region)])
    wall = found.wall()

    bare = wall.over(slice(0, 400), slice(0, 400), (400, 400))
    assert not bare[hair].any()
    assert bare[250, 270]
    assert not bare[60:75, 60:75].any()  # a corner of the map that its leaning crop does not show
    assert 0.07 < bare.mean() < 0.3


def test_a_second_look_shows_what_the_first_cut_off():
    photo, hair = portrait()
    near = Region(200, 170, 120, 120)
    far = farther(farther(near))

    found = class_map(ground_of(photo, [near], far), [seen(hair, near)], [seen(hair, far)])

    got = found.hair > 0.5
    assert got.sum() == pytest.approx(hair.sum() * found.scale**2, rel=0.03)


def test_what_most_looks_say_is_believed():
    photo, hair = portrait()
    regions = looks(Region(200, 180, 320, 320))
    answers = [seen(hair, region) for region in regions]
    answers[1] = answers[1][[0, 2, 1, 3]]  # one that takes hair for skin

    found = class_map(ground_of(photo, regions), answers)

    assert (found.hair > 0.5).sum() == pytest.approx(hair.sum() * found.scale**2, rel=0.03)


def test_hair_nearer_to_another_head_is_not_the_head_s_own():
    own, other = Region(40, 50, 60, 60), Region(160, 50, 60, 60)
    ground = ground_of(np.zeros((100, 200, 3), np.uint8), [Region(100, 50, 300, 300)])
    found = ClassMap(ground, (), np.ones((50, 100), np.float32))

    hair = hair_of(found, own, [other])

    assert hair[:, :49].all()
    assert not hair[:, 51:].any()
    np.testing.assert_array_equal(hair_of(found, own, []), found.hair)


def test_specks_and_holes_go():
    hair = np.zeros((100, 100), np.float32)
    hair[20:60, 20:80] = 1
    hair[30:33, 30:33] = 0
    hair[90, 90] = 1

    inside = cleaned(hair, 2000, (50, 50, 29))

    assert inside.sum() == 40 * 60
    np.testing.assert_array_equal(cleaned(hair, 2000, None), inside)


@pytest.mark.parametrize("bridge", [0, 1])
def test_hair_that_does_not_grow_on_the_head_is_somebody_else_s(bridge):
    hair = np.zeros((100, 200), np.float32)
    hair[10:60, 10:80] = 1
    hair[10:90, 130:200] = 1

    hair[40:42, 80:130] = bridge

    inside = cleaned(hair, 2000, (45, 45, 40))

    assert inside[:, :80].sum() == 50 * 70
    assert not inside[:, 130:].any()
