"""Aligned heads: where their points come to lie, and what a move does to them."""

from __future__ import annotations

import numpy as np
import pytest

from limner_models.data import faces
from limner_models.data.faces import Move
from limner_registry.face_template import IN_STUDIO, TEMPLATE
from tests.unit.models.conftest import disk, write_portrait

SPOTS = TEMPLATE * 120 + (60, 40)
"""Where a face lies in a portrait of 256 px."""


@pytest.fixture(scope="module")
def face(tmp_path_factory):
    light = sum(disk(*spot, 4, 256) for spot in SPOTS)
    labels = np.where(light > 0, 5, 2).astype(np.uint8)
    labels[:, 200:] = 8
    names = [name for group in IN_STUDIO for name in group]
    places = [spot for spot, group in zip(SPOTS, IN_STUDIO, strict=True) for _ in group]
    file = write_portrait(
        tmp_path_factory.mktemp("faces") / "000000.npz",
        foreground=np.repeat(light[..., None], 3, -1).astype(np.float16),
        coverage=np.full((256, 256), 255, np.uint8),
        hair=np.zeros((256, 256), np.uint8),
        labels=labels,
        names=np.array([*names, "brow_l0"]),
        landmarks=np.array([*places, (0, 0)], np.float32),
    )
    return faces.read_face(file)


def spots(seen, size):
    """Return where the five disks lie, as shares of the crop."""
    rows, columns = np.indices((size, size))
    found = []
    for x, y in TEMPLATE * size - 0.5:
        near = seen.light[..., 0] * (np.hypot(columns - x, rows - y) < 0.1 * size)
        found.append(((near * columns).sum() / near.sum(), (near * rows).sum() / near.sum()))
    return (np.array(found) + 0.5) / size


@pytest.mark.parametrize("size", [64, 128, 256])
def test_five_points_lie_on_the_template_at_every_size(face, size):
    np.testing.assert_allclose(spots(faces.seen(face, size), size), TEMPLATE, atol=0.2 / size)
    np.testing.assert_allclose(face.points, TEMPLATE, atol=1e-6)


def test_a_shift_moves_right_and_down(face):
    moved = faces.seen(face, 128, Move(shift=(0.03, 0.01)))

    np.testing.assert_allclose(spots(moved, 128), TEMPLATE + np.array([0.03, 0.01]), atol=0.003)


def test_growth_and_turn_are_about_the_middle(face):
    moved = faces.seen(face, 128, Move(turn=0.05, grow=1.04))

    cosine, sine = 1.04 * np.cos(0.05), 1.04 * np.sin(0.05)
    wanted = (TEMPLATE - 0.5) @ np.array([[cosine, sine], [-sine, cosine]]) + 0.5
    np.testing.assert_allclose(spots(moved, 128), wanted, atol=0.003)


def test_the_first_move_comes_first(face):
    shifted, grown = Move(shift=(0.04, 0.0)), Move(grow=1.1)

    moved = faces.seen(face, 128, shifted, grown)

    wanted = (TEMPLATE + np.array([0.04, 0]) - 0.5) * 1.1 + 0.5
    np.testing.assert_allclose(spots(moved, 128)[2:4], wanted[2:4], atol=0.004)


def test_a_bend_of_nothing_and_no_move_are_the_same(face):
    still = faces.seen(face, 64)
    bent = faces.seen(face, 64, Move(bend=np.zeros((5, 5, 2))))

    np.testing.assert_array_equal(still.light, bent.light)


def test_a_mirrored_head_is_the_mirror_image(face):
    plain = faces.seen(face, 64)
    mirrored = faces.seen(face, 64, Move(mirrored=True))

    np.testing.assert_allclose(mirrored.light, plain.light[:, ::-1], atol=1e-5)


def test_shares_of_the_face_leave_out_ears_and_its_skin_the_eyes(face):
    seen = faces.seen(face, 128)

    assert (seen.skin <= seen.face + 1e-6).all()
    assert (seen.face <= seen.coverage + 1e-6).all()
    x, y = (TEMPLATE[0] * 128).astype(int)
    assert seen.face[y, x] == 1
    assert seen.skin[y, x] < 0.5


def test_a_draw_is_as_far_off_as_it_is_told():
    rng = np.random.default_rng(0)
    turns = [Move.draw(rng, 2.0).turn for _ in range(400)]

    assert np.degrees(np.std(turns)) == pytest.approx(1.2, rel=0.15)
