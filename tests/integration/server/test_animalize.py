from __future__ import annotations

import io
import json
import queue
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.v1 import animalize_pb2, image_pb2, reasons
from limner_registry.animals import ANIMALS
from tests.conftest import limner
from tests.integration.conftest import failure, plane, saved

PNG = {"format": image_pb2.IMAGE_FORMAT_PNG}
GRAY = saved(Image.new("RGB", (300, 300), (120, 120, 120)), "PNG")
OFFLINE = Path(__file__).parents[3] / "examples/animalize_offline.py"
NAMES = {
    value.number: value.name.removeprefix("ANIMAL_ANCHOR_").lower()
    for value in animalize_pb2.AnimalAnchor.DESCRIPTOR.values
}


def asked(photo: bytes, **fields) -> animalize_pb2.AnimalizeRequest:
    told = {"image": {"data": photo}, "animal": "fox", "output": PNG, "want_mask": True}
    return animalize_pb2.AnimalizeRequest(**told | fields)


def pixels(reply) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(reply.image.data)).convert("RGB"))


def places(face) -> dict[str, np.ndarray]:
    return {
        NAMES[point.anchor]: np.array([point.place.x_px, point.place.y_px]) for point in face.points
    }


@pytest.mark.parametrize("animal", ANIMALS)
def test_a_person_becomes_an_animal_and_nothing_else_moves_by_a_bit(
    stubs, astronaut, portrait, animal
):
    reply = stubs.animalize.Animalize(asked(astronaut, animal=animal))

    picture, mask = pixels(reply), plane(reply.mask.data)
    np.testing.assert_array_equal(picture[mask == 0], np.asarray(portrait)[mask == 0])
    assert 0.05 < (mask > 0).mean() < 0.6
    (face,) = reply.faces
    assert (face.animal, face.visible) == (animal, 1)
    assert face.coat in ANIMALS[animal].coats
    points = places(face)
    assert all(mask[tuple(points[name][::-1].astype(int))] > 200 for name in ("nose", "eyes"))
    assert points["eye_r"][0] < points["nose"][0] < points["eye_l"][0]
    stages = {stage.name for stage in reply.timings.stages}
    assert {"decode", "align", "animalizer", "lay_on", "encode"} <= stages


def test_an_animal_s_eyes_and_nose_lie_where_the_person_s_are(stubs, astronaut):
    (face,) = stubs.animalize.Animalize(asked(astronaut)).faces
    x, y = (np.array(column) for column in (face.face.landmarks.x_px, face.face.landmarks.y_px))
    eyes = np.array([x[[33, 133, 362, 263]].mean(), y[[33, 133, 362, 263]].mean()])
    apart = np.hypot(x[263] - x[33], y[263] - y[33])
    assert np.hypot(*(places(face)["eyes"] - eyes)) < 0.4 * apart


def test_a_coat_is_as_told_and_each_one_looks_its_own(stubs, astronaut):
    means = []
    for coat in ("red", "arctic"):
        reply = stubs.animalize.Animalize(asked(astronaut, coat=coat))
        assert reply.faces[0].coat == coat
        means.append(pixels(reply)[plane(reply.mask.data) == 255].mean(0))
    red, arctic = means
    assert red[0] - red[2] > 15 + arctic[0] - arctic[2]


def test_a_large_photo_keeps_its_size(stubs, portrait):
    large = saved(portrait.resize((2200, 2200), Image.Resampling.BICUBIC), "JPEG")
    reply = stubs.animalize.Animalize(asked(large, output={"format": 1}))
    assert pixels(reply).shape == (2200, 2200, 3)


def test_every_face_becomes_one_and_wears_what_it_is_told(stubs, portrait):
    two = Image.new("RGB", (1024, 512))
    two.paste(portrait, (0, 0))
    two.paste(portrait, (512, 0))
    photo = saved(two, "PNG")
    plain = stubs.animalize.Animalize(asked(photo, selector={"all": True}))
    worn = asked(photo, selector={"all": True}, stickers=[{"name": "glasses"}])
    reply = stubs.animalize.Animalize(worn)
    assert [face.index for face in reply.faces] == [0, 1]
    changed = (pixels(reply) != pixels(plain)).any(-1)
    for face in reply.faces:
        x, y = places(face)["eye_l"].astype(int)
        assert changed[y - 3 : y + 3, x - 3 : x + 3].any()


def test_a_face_that_the_photo_cuts_is_drawn_as_far_as_it_goes(stubs, portrait):
    cut = portrait.crop((215, 0, 512, 512))
    reply = stubs.animalize.Animalize(asked(saved(cut, "PNG")))
    assert 0.3 < reply.faces[0].visible < 0.99
    assert "FACE_CUT" in {warning.code for warning in reply.warnings}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (reasons.AnimalUnknown, {"animal": "newt"}),
        (reasons.CoatUnknown, {"coat": "plaid"}),
        (reasons.StickerUnknown, {"stickers": [{"name": "wig"}]}),
        (reasons.NoFace, {"image": {"data": GRAY}}),
        (reasons.NoFace, {"selector": {"index": 5}}),
    ],
)
def test_what_cannot_be_drawn_is_a_typed_error(stubs, astronaut, kind, fields):
    assert isinstance(failure(stubs.animalize.Animalize, asked(astronaut, **fields)), kind)


def test_a_stream_s_animal_stays_where_its_person_does(stubs, portrait):
    waiting = queue.Queue()
    settings = {"animal": "cat", "output": PNG}
    waiting.put(animalize_pb2.AnimalizeStreamRequest(settings=settings))
    call = stubs.animalize.AnimalizeStream(iter(waiting.get, None))
    rng, noses = np.random.default_rng(0), []
    for number in range(6):
        noisy = np.asarray(portrait) + rng.normal(0, 6, (512, 512, 3))
        data = saved(Image.fromarray(noisy.clip(0, 255).astype(np.uint8)), "PNG")
        frame = {"number": number, "image": {"data": data}}
        waiting.put(animalize_pb2.AnimalizeStreamRequest(frame=frame))
        noses.append(places(next(call).response.faces[0])["nose"])
    waiting.put(None)
    assert np.hypot(*np.diff(noses, axis=0).T).mean() < 1


def test_without_a_server_the_same_animal_comes_out(stack, stubs, astronaut, portrait, tmp_path):
    photo = tmp_path / "me.png"
    photo.write_bytes(astronaut)
    address = ("--address", stack.address)
    limner("models", "export", "animalizer", "-o", tmp_path / "net", *address)
    limner("segment", photo, "-o", tmp_path / "found", *address)
    found = tmp_path / "found/me.json"
    assert len(json.loads(found.read_text())["faces"]) == 1
    out = tmp_path / "fox.png"
    arguments = [tmp_path / "net", photo, found, "fox", out]
    subprocess.run([sys.executable, OFFLINE, *map(str, arguments)], check=True)

    served = pixels(stubs.animalize.Animalize(asked(astronaut, coat=ANIMALS["fox"].coats[0])))
    apart = np.abs(np.asarray(Image.open(out)).astype(int) - served)
    changed = (served != np.asarray(portrait)).any(-1)
    assert apart[changed].mean() < 6
    assert apart[~changed].mean() < 1
