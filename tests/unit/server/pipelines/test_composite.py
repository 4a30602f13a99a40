from __future__ import annotations

import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from limner.v1.reasons import ModelNotReady, NoFace, PoseTooFar
from limner_registry.contracts import (
    BACKGROUND_BLENDER,
    COLOR_CORRECTOR,
    COMPOSER,
    FACE_DETECTOR,
    FACE_EXTRACTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
)
from limner_registry.face_template import ON_MESH, TEMPLATE
from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.imaging.detection import Detection
from limner_server.imaging.pose import HeadPose
from limner_server.pipelines.composite import Compositing, Engine, Portrait
from limner_server.pipelines.faces import FoundFace, Selector
from tests.unit.server.pipelines.conftest import Networks, draw

CHAIN = (FACE_EXTRACTOR, COLOR_CORRECTOR, BACKGROUND_BLENDER)
EVERY = (FACE_DETECTOR, FACE_MESH, FACE_MESH_ATTENTION, COMPOSER, *CHAIN)
RED = (200, 40, 40)


class Composers:
    """Answers in place of Triton: a disk is face, and colors are as they come."""

    def __init__(self):
        self.asked = []

    async def infer(self, contract, inputs, call):
        call.use_of(contract.model)
        for tensor in contract.inputs:
            assert tensor.holds(inputs[tensor.name].shape[1:])
            assert inputs[tensor.name].dtype == tensor.dtype
        self.asked.append((contract, inputs))
        return getattr(self, contract.model)(**inputs)

    def composer(self, original, converted, valid):
        face = disk(original.shape[1])[None] * (valid > 0)
        zeros = np.zeros_like(face)
        colors = np.broadcast_to(np.eye(3, 4, dtype=np.float32).ravel(), (1, 16, 16, 12))
        ring = original.astype(np.float32) / 255
        return {"masks": np.stack([face, 1 - face, zeros], -1), "colors": colors, "ring": ring}

    def face_extractor(self, image):
        return {"face": np.stack([disk(image.shape[1])] * len(image))}

    def color_corrector(self, converted, face, original, original_face):
        return {"corrected": converted.astype(np.float32) / 255}

    def background_blender(self, corrected, face, original, original_face):
        share = (face / np.float32(255))[..., None]
        laid = share * corrected + (1 - share) * original
        return {"picture": laid.astype(np.float32) / 255}


def disk(size):
    away = np.hypot(*(np.indices((size, size)) - size / 2))
    return np.where(away < 0.3 * size, np.float32(1), np.float32(0))


def call_with(contracts=EVERY):
    ready = {contract.model: 1 for contract in contracts}
    return Call("/limner.v1.CompositeService/Composite", time.monotonic() + 60, Routes(1, ready))


def portrait(side=300.0, left=50.0, top=60.0, color=RED):
    """Return a photo of one color whose face lies where the template has it in such a square."""
    photo = np.full((400, 400, 3), color, np.uint8)
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[:, :2] = np.array([left, top]) + side * np.random.default_rng(0).uniform(
        0.3, 0.7, (478, 2)
    )
    for point, which in zip(TEMPLATE, ON_MESH, strict=True):
        landmarks[list(which), :2] = np.array([left, top]) + side * point
    box = Detection(left, top, left + side, top + side, np.zeros((6, 2), np.float32), 0.9)
    return Portrait(photo, FoundFace(box, landmarks, HeadPose(0.0, 0.0, 0.0)))


def turned(one, **pose):
    return replace(one, face=replace(one.face, pose=replace(one.face.pose, **pose)))


GRAY = np.full((400, 400, 3), 90, np.uint8)


def gray():
    return replace(portrait(), photo=GRAY)


@pytest.mark.parametrize("engine", Engine)
async def test_the_face_is_the_other_photo_s_and_all_else_the_original_s(engine):
    call = call_with()
    done = await Compositing(Composers()).composite(gray(), portrait(), engine, call)

    np.testing.assert_array_equal(done.photo[done.mask == 0], GRAY[done.mask == 0])
    assert (np.abs(done.photo[210, 200].astype(int) - RED) <= 1).all()
    assert (done.photo[:60] == 90).all()
    assert done.misfit == pytest.approx(0, abs=1e-4)
    assert done.scale == pytest.approx(1, abs=1e-4)
    assert done.visible == 1
    assert not call.warnings


async def test_a_chain_asks_one_network_after_the_other_with_what_the_last_one_said():
    networks = Composers()
    await Compositing(networks).composite(gray(), portrait(), Engine.CONVENTIONAL, call_with())
    assert [contract for contract, _ in networks.asked] == list(CHAIN)
    (_, extracting), (_, correcting), (_, blending) = networks.asked
    assert extracting["image"].shape == (2, 256, 256, 3)
    np.testing.assert_array_equal(extracting["image"][0], correcting["original"][0])
    np.testing.assert_array_equal(extracting["image"][1], correcting["converted"][0])
    np.testing.assert_array_equal(blending["corrected"], correcting["converted"])


async def test_a_smaller_face_is_enlarged_onto_the_other_and_the_caller_is_told():
    call = call_with()
    small = portrait(side=100)
    done = await Compositing(Composers()).composite(gray(), small, Engine.NETWORK, call)
    assert done.scale == pytest.approx(1 / 3, abs=1e-3)
    assert [warning.code for warning in call.warnings] == ["FACE_ENLARGED"]
    assert (np.abs(done.photo[210, 200].astype(int) - RED) <= 1).all()


async def test_a_face_that_its_photo_cuts_is_laid_in_as_far_as_it_goes():
    call = call_with()
    cut = portrait(left=-150)
    done = await Compositing(Composers()).composite(gray(), cut, Engine.NETWORK, call)
    assert 0.3 < done.visible < 0.8
    (warning,) = call.warnings
    assert (warning.code, warning.field) == ("FACE_CUT", "converted")
    assert (done.photo[210, 150] == 90).all()
    assert (np.abs(done.photo[210, 250].astype(int) - RED) <= 1).all()


@pytest.mark.parametrize("pose", [{"yaw": -15.0}, {"pitch": 15.0}])
async def test_heads_turned_a_little_apart_are_composited_and_the_caller_is_told(pose):
    call = call_with()
    await Compositing(Composers()).composite(
        gray(), turned(portrait(), **pose), Engine.NETWORK, call
    )
    (warning,) = call.warnings
    assert (warning.code, warning.field) == ("FACES_TURNED", "converted")
    assert "15 degrees" in warning.message


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (turned(portrait(), yaw=21.0), "yaw differs by 21 degrees"),
        (turned(portrait(), pitch=-45.0), "pitch by 45"),
        (portrait(side=30), "10.0 times larger"),
    ],
)
async def test_faces_too_far_apart_are_refused_with_the_numbers(other, said):
    networks = Composers()
    for pair in ((gray(), other), (other, gray())):
        with pytest.raises(PoseTooFar, match=said):
            await Compositing(networks).composite(*pair, Engine.NETWORK, call_with())
    assert not networks.asked


async def test_faces_of_other_proportions_are_refused_with_their_misfit():
    strange = portrait()
    strange.face.landmarks[1, 0] += 80
    with pytest.raises(PoseTooFar, match=r"the misfit is 0\.\d\d, at most 0.25"):
        await Compositing(Composers()).composite(gray(), strange, Engine.NETWORK, call_with())


async def test_how_a_head_leans_makes_no_difference():
    leaning = portrait()
    turn = cv2.getRotationMatrix2D((200, 200), 40, 1.0)
    points = leaning.face.landmarks[:, :2] @ turn[:, :2].T + turn[:, 2]
    leaning.face.landmarks[:, :2] = points
    done = await Compositing(Composers()).composite(gray(), leaning, Engine.NETWORK, call_with())
    assert done.misfit == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    ("engine", "missing"), [(Engine.NETWORK, COMPOSER), (Engine.CONVENTIONAL, COLOR_CORRECTOR)]
)
async def test_an_engine_without_its_network_is_not_ready(engine, missing):
    call = call_with([contract for contract in EVERY if contract is not missing])
    with pytest.raises(ModelNotReady, match=missing.model):
        await Compositing(Composers()).composite(gray(), portrait(), engine, call)


async def test_a_photo_without_the_face_that_is_meant_is_named():
    heads, _ = draw((200, 150, 50))
    compositing = Compositing(Networks())
    assert (await compositing.look(heads, Selector(), "original", call_with())).photo is heads
    with pytest.raises(NoFace, match="the converted: face 3 was asked for") as caught:
        await compositing.look(heads, Selector(index=3), "converted", call_with())
    (violation,) = caught.value.violations
    assert violation.field == "converted"
    with pytest.raises(NoFace, match="the original: no face was found"):
        await compositing.look(GRAY, Selector(), "original", call_with())
