"""The animalizer's network: what it takes, what it answers, and that the export answers alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner_models.export import export
from limner_models.multiplications import multiplications
from limner_models.networks.animalizer import (
    BENT,
    COATS,
    FIRSTS,
    Animalizer,
    Shape,
    Window,
)
from limner_models.networks.told import AJAR, SHUT, gaping, numbers, shut, spots
from limner_models.networks.unrolled import Lids, Placer, flat_place, laid
from limner_registry.animals import ANCHORS, ANIMALS, TOLD
from limner_registry.contracts import ANIMALIZER

SMALL = Shape(
    side=32,
    widths=(16, 16, 16, 16),
    fine=8,
    pelt=4,
    coat=4,
    weave=8,
    lids=(3, 4, 4),
    places=16,
    told=16,
)


def network(shape=SMALL):
    torch.manual_seed(0)
    return Animalizer(shape).eval()


def asked(count=2, side=32):
    rng = np.random.default_rng(0)
    return {
        "image": rng.integers(0, 256, (count, side, side, 3)).astype(np.uint8),
        "points": rng.random((count, len(TOLD), 2), np.float32),
        "animal": np.arange(count, dtype=np.uint8)[:, None],
        "coat": np.zeros((count, 1), np.uint8),
    }


def answer(net, inputs):
    with torch.inference_mode():
        return net(*(torch.from_numpy(array) for array in inputs.values()))


def test_it_answers_a_picture_of_twice_the_side_and_the_anchors():
    drawn, anchors = answer(network(), asked())

    assert drawn.shape == (2, 64, 64, 4)
    assert drawn.dtype == torch.uint8
    assert anchors.shape == (2, len(ANCHORS), 2)
    assert anchors.dtype == torch.float32


def test_what_it_takes_by_default_is_the_contract_s():
    image, drawn = ANIMALIZER.inputs[0].shape, ANIMALIZER.outputs[0].shape
    assert Shape().side == image[0]
    assert 2 * Shape().side == drawn[0]


def test_the_export_answers_as_the_network_does():
    net = network()
    assert export(net, ANIMALIZER, asked())


@pytest.mark.parametrize("changed", ["image", "points", "animal", "coat"])
def test_everything_it_is_told_matters(changed):
    net, before = network(), asked(1)
    other = {
        "image": 255 - before["image"],
        "points": before["points"] + 0.1,
        "animal": before["animal"] + 1,
        "coat": before["coat"] + 1,
    }
    after = {**before, changed: other[changed].astype(before[changed].dtype)}
    assert not torch.equal(answer(net, before)[0], answer(net, after)[0])


def test_a_coat_beyond_an_animal_s_own_is_its_last():
    net, inputs = network(), asked(1)
    fox = [*ANIMALS].index("fox")
    told = {**inputs, "animal": np.array([[fox]], np.uint8)}
    last = answer(net, {**told, "coat": np.array([[COATS[fox] - 1]], np.uint8)})[0]
    beyond = answer(net, {**told, "coat": np.array([[200]], np.uint8)})[0]
    assert torch.equal(last, beyond)


def test_every_coat_of_every_animal_has_a_number_of_its_own():
    kinds = {
        first + coat for first, coats in zip(FIRSTS, COATS, strict=True) for coat in range(coats)
    }
    assert kinds == set(range(sum(COATS)))


def test_a_window_shows_what_the_whole_picture_does():
    net, inputs = network(), asked(1)
    planes = torch.from_numpy(inputs["image"]).permute(0, 3, 1, 2) / 255
    animal = torch.zeros(1, dtype=torch.int64)
    with torch.inference_mode():
        parts = net.parts(planes, torch.from_numpy(inputs["points"]), animal, animal)
        whole = net.fine(parts, animal)
        window = Window(2, 4, 12)
        part = net.fine(parts, animal, window)
    rim = 8
    inner = part[:, :, rim:-rim, rim:-rim]
    expected = window.of(whole, 4)[:, :, rim:-rim, rim:-rim]
    assert torch.allclose(inner, expected, atol=1e-4)


def test_a_flat_place_lays_a_texture_down_as_it_is():
    pelts = torch.rand(1, 3, 8, 8)
    place = flat_place(torch.zeros(1, 2, 8, 8))
    assert torch.allclose(laid(pelts, place), pelts, atol=1e-5)


def test_points_alone_teach_how_a_head_is_turned():
    torch.manual_seed(0)
    points = 0.5 + 0.1 * torch.rand(64, len(TOLD), 2)
    animal = torch.randint(0, len(ANIMALS), (64,))
    moved = points[:, 0, :, None, None] - 0.55
    true = flat_place(torch.zeros(64, 2, 8, 8)) + moved
    placer = Placer(32)
    optimizer = torch.optim.Adam(placer.parameters(), 3e-3)
    for _ in range(200):
        place, _ = placer(points, animal, 8)
        off = (place - true).abs().mean()
        optimizer.zero_grad()
        off.backward()
        optimizer.step()
    assert off < 0.3 * moved.abs().mean()


def test_places_are_bent_by_no_more_than_they_may():
    net, inputs = network(), asked()
    torch.nn.init.constant_(net.bend.bias, 100.0)
    planes = torch.from_numpy(inputs["image"]).permute(0, 3, 1, 2) / 255
    points, animal = torch.from_numpy(inputs["points"]), torch.tensor([0, 1])
    with torch.inference_mode():
        parts = net.parts(planes, points, animal, torch.zeros_like(animal))
        unbent, _ = net.placer(points, animal, 16)
    assert torch.allclose(parts.place - unbent, torch.full_like(unbent, BENT), atol=1e-5)


def test_a_spot_is_brightest_at_its_point():
    points = torch.tensor([[[0.25, 0.5], [0.8, 0.1]]])
    maps = spots(points, 16)
    assert maps.shape == (1, 2, 16, 16)
    for index, (x, y) in enumerate(points[0]):
        place = int(maps[0, index].argmax())
        assert abs(place % 16 + 0.5 - 16 * x) <= 0.5
        assert abs(place // 16 + 0.5 - 16 * y) <= 0.5


def test_numbers_tell_an_open_eye_from_a_closed_one():
    points = torch.full((2, len(TOLD), 2), 0.5)
    points[1, list(TOLD).index("eye_top_l"), 1] -= 0.02
    closed, open_ = numbers(points)
    assert (closed - open_).abs().max() > 0.2


def eyes_ajar(right, left):
    """Points of eyes whose lids are so many widths of the eye apart."""
    points = torch.full((1, len(TOLD), 2), 0.5)
    for side, much in (("r", right), ("l", left)):
        for name, x, y in (
            ("outer", 0.0, 0.0),
            ("inner", 0.1, 0.0),
            ("top", 0.05, -0.05 * much),
            ("bottom", 0.05, 0.05 * much),
        ):
            which = list(TOLD).index(f"eye_{name}_{side}")
            points[0, which] += torch.tensor([x, y])
    return points


@pytest.mark.parametrize("turned", [0.0, 0.7])
def test_each_eye_s_lids_are_told_apart(turned):
    turn = torch.tensor([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]])
    points = eyes_ajar(SHUT, (AJAR[0] + SHUT) / 2) @ turn.float()
    right, left = shut(points)[0]
    assert torch.allclose(right, torch.ones(2), atol=1e-4)
    assert torch.allclose(left, torch.tensor([0.5, 0.0]), atol=1e-4)
    assert not shut(eyes_ajar(AJAR[0] + 1e-3, 1.0)).any()


def test_lids_show_where_an_eye_is_shut_and_nowhere_else():
    lids = Lids(1, 3, (4, 4))
    torch.nn.init.ones_(lids.textures)
    place, kind = flat_place(torch.zeros(1, 2, 64, 64)), torch.zeros(1, dtype=torch.int64)

    shown = lids(torch.tensor([[[1.0, 1.0], [0.0, 0.0]]]), kind, place)[0, 0]

    across, down = place[0]
    right = (across < -0.1) & (across > -0.2) & (down > 0) & (down < 0.2)
    left = (across > 0.1) & (across < 0.2) & (down > 0) & (down < 0.2)
    assert torch.allclose(shown[right], torch.tensor(2.0), atol=0.05)
    assert torch.allclose(shown[left], torch.tensor(0.0), atol=0.05)
    assert not shown[(across.abs() > 0.3) | (down > 0.4)].any()


def test_it_computes_little_enough_for_two_cores():
    """12 GMAC take about 250 ms there."""
    inputs = (torch.from_numpy(array) for array in asked(1, 256).values())
    assert multiplications(Animalizer(), *inputs) < 6e9


def test_an_eye_gapes_as_its_lids_are_apart_whatever_its_size():
    eye = torch.tensor([[0.0, 0.0], [0.4, 0.0], [0.2, -0.1], [0.2, 0.1]])
    points = torch.stack((torch.cat((eye, eye * torch.tensor([1.0, 0.2]))), torch.rand(8, 2)))
    points[1] = 3 * points[0] + 0.1
    found = gaping(points, ((0, 1, 2, 3), (4, 5, 6, 7)))
    assert torch.allclose(found, torch.tensor([[0.5, 0.1], [0.5, 0.1]]))
