"""The hair remover: what it promises whatever its weights are."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from limner_models.export import export
from limner_models.networks.hair_remover import HairRemover, gone_on, spread
from limner_models.recipes.hair_remover import drawn_holes
from limner_registry.contracts import HAIR_REMOVER


@pytest.fixture(scope="module")
def network():
    """A network that paints something, as an untrained one spreads colors alone."""
    torch.manual_seed(0)
    network = HairRemover((4, 8, 16))
    torch.nn.init.normal_(network.leave.weight, std=0.3)
    return network.eval()


def asked():
    rng = np.random.default_rng(3)
    image = torch.from_numpy(rng.integers(0, 256, (2, 64, 64, 3), np.uint8))
    hole = torch.zeros((2, 64, 64), dtype=torch.uint8)
    hole[0, 8:40, 10:50] = 255
    hole[1, 30:, :20] = 200
    skull = torch.zeros_like(hole)
    skull[:, 20:52, 20:44] = 255
    return image, hole, skull


def test_outside_the_hole_the_photo_is_its_own_to_the_bit(network):
    image, hole, skull = asked()
    with torch.inference_mode():
        beneath = network(image, hole, skull)

    assert torch.equal(beneath[hole == 0], image[hole == 0])
    assert (beneath != image)[hole > 0].float().mean() > 0.9


def test_what_the_hole_hides_is_not_looked_at(network):
    image, hole, skull = asked()
    other = torch.where(hole[..., None] > 0, 255 - image, image)
    with torch.inference_mode():
        assert torch.equal(network(image, hole, skull), network(other, hole, skull))


def test_the_photos_of_a_batch_do_not_change_each_others_answers(network):
    image, hole, skull = asked()
    with torch.inference_mode():
        gap = network(image, hole, skull)[1:].int() - network(image[1:], hole[1:], skull[1:]).int()

    assert gap.abs().max() <= 1


def test_colors_are_spread_from_what_is_near():
    planes = torch.zeros(1, 3, 64, 64)
    planes[..., 32:] = 1
    known = torch.ones(1, 1, 64, 64)
    known[..., 16:48, 8:56] = 0

    filled = spread(planes * known, known)[0, 0]

    assert filled[32, 10] < 0.1
    assert filled[32, 53] > 0.9
    assert (filled.diff(dim=1) > -0.02).all()


def test_the_face_goes_on_within_the_skull_and_the_wall_beyond():
    face, wall, hair = 0.7, 0.2, 1.0
    skull, hole = torch.zeros(2, 1, 1, 64, 64)
    skull[..., 10:60, 16:48] = 1
    planes = torch.where(skull > 0, face, wall).expand(-1, 3, -1, -1)
    hole[..., 4:36, 8:56] = 1
    planes = torch.where(hole > 0, hair, planes)

    made = gone_on(planes, hole, skull)[0, 0]

    assert torch.allclose(made[skull[0, 0] > 0], torch.tensor(face))
    assert torch.allclose(made[skull[0, 0] == 0], torch.tensor(wall))


def test_a_picture_that_is_all_hole_is_still_a_picture(network):
    image, _, skull = asked()
    with torch.inference_mode():
        planes = network.paint(torch.rand(1, 3, 64, 64), *torch.ones(2, 1, 1, 64, 64))

    assert torch.isfinite(planes).all()
    whole = torch.full((2, 64, 64), 255, dtype=torch.uint8)
    assert network(image, whole, skull).shape == image.shape


def test_it_answers_the_contract_once_exported(network):
    session = onnxruntime.InferenceSession(
        export(network, HAIR_REMOVER, drawn_holes()), providers=["CPUExecutionProvider"]
    )
    examples = {name: array[:1] for name, array in drawn_holes().items()}
    (beneath,) = session.run(["beneath"], examples)

    assert beneath.dtype == np.uint8
    assert beneath.shape[1:] == HAIR_REMOVER.outputs[0].shape
