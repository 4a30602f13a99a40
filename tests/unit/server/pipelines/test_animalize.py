from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from limner.v1.reasons import ModelNotReady, NoFace, PoseTooFar
from limner_registry.animals import ANCHORS, ANIMALS, HEAD, TOLD
from limner_registry.contracts import ANIMALIZER
from limner_server.imaging.fusing import fuse
from limner_server.imaging.mesh import FACE_OVAL
from limner_server.imaging.pose import RIGID, TEMPLATE
from limner_server.imaging.stickers import Sticker, kept
from limner_server.pipelines.animalize import Animalizing, Order
from limner_server.pipelines.coats import COATS
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.following import Follower
from tests.unit.server.pipelines.conftest import SKIN, WALL, Networks, call_with, draw
from tests.unit.server.pipelines.watched import loop_worked_on, watched

BLUE, GREEN = (30, 40, 220), (40, 200, 60)
EVERY = Selector(every=True)
EYE_APART = 72.0
"""Pixels between the outer corners of the eyes, of the 192 that a mesh sees."""


def still_face():
    """Return a face that looks straight, 478x3: right, down, away from the camera."""
    turns = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    face = np.zeros((478, 3))
    still = dict(zip(RIGID, TEMPLATE, strict=True))
    eyes = still[33][1]
    face[list(FACE_OVAL)] = np.stack(
        [7 * np.sin(turns), eyes + 2 - 9.5 * np.cos(turns), np.zeros(36)], -1
    )
    face[list(RIGID)] = TEMPLATE
    face[[1, 61, 291]] = (0, 4.2 + eyes, -3.9), (-2.9, 6.7 + eyes, -1), (2.9, 6.7 + eyes, -1)
    face[468:473], face[473:478] = face[[33, 133]].mean(0), face[[263, 362]].mean(0)
    return face * EYE_APART / 9


class Painters(Networks):
    """Networks that know drawn heads; one with a blue nose is turned, and animals are disks."""

    yaw, pitch = 60.0, 0.0
    shift = 0.0
    """Pixels of the mesh's input that every face lies to the right."""
    radius = 170
    """Pixels, of what is drawn, of every animal."""

    def __init__(self):
        super().__init__()
        self.told = []

    async def infer(self, contract, inputs, call):
        call.use_of(contract.model)
        if contract is ANIMALIZER:
            for tensor in contract.inputs:
                assert tensor.holds(inputs[tensor.name].shape[1:])
                assert inputs[tensor.name].dtype == tensor.dtype
            self.told.append(inputs)
        return await super().infer(contract, inputs, call)

    def face_mesh(self, image, points=468):
        yaw = pitch = 0.0
        if (np.abs(image.astype(int) - BLUE).sum(-1) < 60).any():
            yaw, pitch = math.radians(self.yaw), math.radians(self.pitch)
        c, s = math.cos(yaw), math.sin(yaw)
        across = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        c, s = math.cos(pitch), math.sin(pitch)
        down = np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
        face = still_face() @ (down @ across) + (96 + self.shift, 96, 0)
        return {"landmarks": face[:points].astype(np.float32), "presence": np.ones(1, np.float32)}

    def animalizer(self, image, points, animal, coat):
        away = np.hypot(*(np.indices((512, 512)) - 256))
        drawn = np.full((512, 512, 4), (*GREEN, 0), np.uint8)
        drawn[away < self.radius, 3] = 255
        drawn[away < self.radius, 2] = 20 * coat[0]
        eye_r, eye_l, nose, mouth_r, mouth_l = list(ANIMALS.values())[animal[0]].template
        known = {"eye_r": eye_r, "eye_l": eye_l, "nose": nose}
        known |= {"mouth_r": mouth_r, "mouth_l": mouth_l, "chin": (0.5, 0.8)}
        anchors = [known.get(name, (0.5, 0.3)) for name in ANCHORS]
        return {"drawn": drawn, "anchors": np.array(anchors, np.float32)}


def blue_nose(photo, x, y):
    cv2.circle(photo, (x, y), 5, BLUE, -1)
    return photo


def ready(**fields):
    return call_with(ANIMALIZER.model, **fields)


async def animalized(photo, *, networks=None, call=None, **order):
    told = {"animal": "fox", "coat": 0} | order
    return await Animalizing(networks or Painters()).animalize(
        photo, Order(**told), call or ready()
    )


def is_green(photo, x, y):
    return (np.abs(photo[y, x].astype(int) - GREEN)[:2] <= 2).all()


async def test_a_head_is_drawn_where_the_face_is_and_all_else_keeps_its_bits():
    photo, _ = draw((200, 150, 50))
    networks, call = Painters(), ready()

    done = await animalized(photo, networks=networks, call=call)

    np.testing.assert_array_equal(done.photo[done.mask == 0], photo[done.mask == 0])
    assert is_green(done.photo, 200, 150)
    assert 0.02 < (done.mask > 0).mean() < 0.5
    (animal,) = done.animals
    assert (animal.index, animal.coat, animal.visible) == (0, 0, 1)
    assert not call.warnings
    assert networks.asked.count("animalizer") == 1


@pytest.mark.parametrize("animal", ANIMALS)
async def test_the_network_sees_the_face_on_the_animal_s_and_is_told_its_points(animal):
    networks = Painters()
    photo, _ = draw((200, 150, 50))

    done = await animalized(photo, networks=networks, animal=animal, coat=2)

    (told,) = networks.told
    points = dict(zip(TOLD, told["points"][0], strict=True))
    template = np.array(ANIMALS[animal].template)
    seen = np.array(
        [
            (points["eye_outer_r"] + points["eye_inner_r"]) / 2,
            (points["eye_outer_l"] + points["eye_inner_l"]) / 2,
            points["nose_tip"],
            points["mouth_r"],
            points["mouth_l"],
        ]
    )
    middle = template[[0, 0, 1, 1, 2, 3, 4]].mean(0)
    np.testing.assert_allclose(seen, middle + (template - middle) / HEAD, atol=0.03)
    assert (told["animal"][0, 0], told["coat"][0, 0]) == (list(ANIMALS).index(animal), 2)
    nose = done.animals[0].wearer.anchors["nose"]
    assert np.hypot(*(nose - (200, 150))) < 60


async def test_every_face_is_drawn_and_of_two_that_meet_the_larger_is_in_front():
    photo, _ = draw((90, 150, 35), (240, 150, 60), size=(300, 400))
    call = ready()

    done = await animalized(photo, selector=EVERY, call=call)
    alone = await animalized(photo, selector=Selector(index=1))

    assert [animal.index for animal in done.animals] == [0, 1]
    front = alone.mask == 255
    np.testing.assert_array_equal(done.photo[front], alone.photo[front])
    assert is_green(done.photo, 90, 150)


async def test_more_faces_than_a_batch_holds_are_asked_for_in_turns():
    photo, _ = draw(*((60 + 110 * n, 100, 28) for n in range(5)), size=(200, 600))
    networks = Painters()
    done = await animalized(photo, networks=networks, selector=EVERY)
    assert [len(told["image"]) for told in networks.told] == [4, 1]
    assert len(done.animals) == 5


@pytest.mark.parametrize(
    ("yaw", "pitch", "said"),
    [(46, 0, "yaw is 46 degrees, at most 45"), (-70, 0, "yaw is 70"), (0, 36, "pitch is 36")],
)
async def test_a_head_that_is_turned_too_far_is_refused_with_its_degrees(yaw, pitch, said):
    networks = Painters()
    networks.yaw, networks.pitch = yaw, pitch
    photo, _ = draw((200, 150, 50))
    with pytest.raises(PoseTooFar, match=said):
        await animalized(blue_nose(photo, 200, 150), networks=networks)
    assert not networks.told


async def test_of_several_those_turned_too_far_are_left_and_the_caller_is_told():
    photo, _ = draw((100, 150, 45), (290, 150, 45))
    blue_nose(photo, 100, 150)
    call = ready()

    done = await animalized(photo, selector=EVERY, call=call)

    assert [animal.index for animal in done.animals] == [1]
    np.testing.assert_array_equal(done.photo[:, :150], photo[:, :150])
    (warning,) = call.warnings
    assert warning.code == "POSE_TOO_FAR"
    assert "face 0 was left as it is: yaw is 60" in warning.message

    with pytest.raises(PoseTooFar, match="every head is turned too far"):
        await animalized(blue_nose(photo, 290, 150), selector=EVERY)


async def test_a_face_at_the_border_is_drawn_as_far_as_the_photo_goes():
    photo, _ = draw((15, 150, 50))
    networks, call = Painters(), ready()
    networks.shift = -15
    done = await animalized(photo, networks=networks, call=call)
    assert 0.3 < done.animals[0].visible < 0.95
    (warning,) = call.warnings
    assert (warning.code, warning.field) == ("FACE_CUT", "image")
    assert is_green(done.photo, 5, 150)


async def test_without_a_wanted_coat_it_is_the_one_most_like_the_hair():
    blond, dark = (205, 170, 110), (25, 22, 20)
    for hair, coats in ((blond, {"golden", "cream"}), (dark, {"black and white", "black and tan"})):
        photo, _ = draw((200, 150, 50), hair=hair)
        networks = Painters()
        networks.hair_segmenter = lambda image, hair=hair: _hair_of(image, hair)
        done = await animalized(photo, networks=networks, animal="dog", coat=None)
        assert ANIMALS["dog"].coats[done.animals[0].coat] in coats


def _hair_of(image, hair):
    near = np.abs(image.astype(int) - hair).sum(-1) < 60
    return {"classes": np.stack([~near, near, near & False, near & False]).astype(np.float32)}


async def test_hair_beside_the_animal_is_gone_unless_it_is_to_stay():
    photo, hair = draw((200, 150, 50))
    networks = Painters()
    networks.radius = 60

    kept = await animalized(photo, networks=networks, keep_hair=True)
    done = await animalized(photo, networks=networks)

    np.testing.assert_array_equal(done.photo[done.mask == 0], photo[done.mask == 0])
    beside = hair & (kept.mask == 0)
    assert beside.sum() > 300
    np.testing.assert_array_equal(kept.photo[beside], photo[beside])
    assert (done.mask[beside] == 255).all()
    assert np.abs(done.photo[beside].astype(int) - WALL).max() < 12
    np.testing.assert_array_equal(done.photo[kept.mask == 255], kept.photo[kept.mask == 255])


async def test_masks_of_heads_and_of_hair_are_joined_beside_the_loop(monkeypatch):
    photo, _ = draw((200, 150, 50))
    masks = []

    def remembering(*args):
        fused, mask = fuse(*args)
        masks.append(watched(mask))
        return fused, masks[-1]

    monkeypatch.setattr("limner_server.pipelines.animalize.fuse", remembering)
    await animalized(photo)

    assert [loop_worked_on(mask) for mask in masks] == [False]


async def test_without_what_finds_hair_nothing_beside_the_animal_changes():
    photo, _ = draw((200, 150, 50))
    call = ready(without="hair_segmenter")

    kept, done = [await animalized(photo, keep_hair=keep, call=call) for keep in (True, False)]

    np.testing.assert_array_equal(done.photo, kept.photo)
    np.testing.assert_array_equal(done.mask, kept.mask)


async def test_a_bald_skull_beside_the_animal_is_gone_too():
    bald, _ = draw((200, 150, 50), hair=SKIN)
    networks = Painters()
    networks.radius = 20

    done = await animalized(bald, networks=networks)

    assert done.mask[110, 200] == 255
    assert np.abs(done.photo[110, 200].astype(int) - WALL).max() < 12


async def test_without_hair_or_what_finds_it_the_coat_is_the_first():
    networks = Painters()
    bald, _ = draw((200, 150, 50), hair=(120, 150, 160))
    done = await animalized(bald, networks=networks, coat=None)
    assert "hair_segmenter" in networks.asked
    assert done.animals[0].coat == 0

    networks = Painters()
    call = ready(without="hair_segmenter")
    await animalized(bald, networks=networks, coat=None, call=call)
    assert "hair_segmenter" not in networks.asked


def test_every_coat_there_is_has_a_color():
    assert {name: tuple(coats) for name, coats in COATS.items()} == {
        name: animal.coats for name, animal in ANIMALS.items()
    }


async def test_what_a_head_wears_is_laid_over_it_and_nothing_else_changes():
    photo, _ = draw((200, 150, 50))
    red = kept(np.full((20, 60, 4), (250, 10, 10, 255), np.uint8))
    plain = await animalized(photo)
    done = await animalized(photo, stickers=(Sticker(red, "eyes", width=1.0),))
    x, y = np.rint(done.animals[0].wearer.anchors["eyes"]).astype(int)
    assert (done.photo[y, x] == (250, 10, 10)).all()
    changed = (done.photo != plain.photo).any(-1)
    unit = done.animals[0].wearer.unit
    assert changed.sum() == pytest.approx(unit * unit / 3, rel=0.2)


async def test_without_an_animalizer_nothing_is_drawn():
    photo, _ = draw((200, 150, 50))
    with pytest.raises(ModelNotReady, match="animalizer"):
        await animalized(photo, call=ready(without=ANIMALIZER.model))


async def test_a_photo_without_the_face_that_is_meant_is_refused():
    photo, _ = draw((200, 150, 50))
    with pytest.raises(NoFace, match="face 3 was asked for"):
        await animalized(photo, selector=Selector(index=3))
    with pytest.raises(NoFace, match="no face was found"):
        await animalized(np.full((200, 200, 3), 90, np.uint8), selector=EVERY)


async def test_a_stream_s_face_keeps_its_coat_and_moves_steadily():
    networks, follower = Painters(), Follower()
    animalizing, order = Animalizing(networks), Order("dog", keep_hair=True)
    noses = []
    for n, x in enumerate((200, 200, 206)):
        photo, _ = draw((x, 150, 50))
        done = await animalizing.animalize(photo, order, ready(), follower, n / 30)
        noses.append(done.animals[0].wearer.anchors["nose"][0])
    looks = networks.asked[: networks.asked.index("animalizer")].count("hair_segmenter")
    assert networks.asked.count("hair_segmenter") == looks > 0
    assert len({int(told["coat"][0, 0]) for told in networks.told}) == 1
    assert noses[0] == pytest.approx(noses[1], abs=0.5)
    assert 0.5 < noses[2] - noses[1] < 5
