"""Face parsers: the published layout, and labels in the order that drawn hair shows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from limner_models.errors import WeightsRefused
from limner_models.importers.face_parsing import (
    SYSTEMS,
    Probe,
    drawn_probes,
    labels_of,
    parse,
    parser,
)
from limner_models.importers.files import Found
from limner_models.networks.bisenet import BiSeNet

SIDE = 96


def published(classes=19):
    """A state by the published names, with the heads that only training uses."""
    torch.manual_seed(7)
    state = {name: tensor.clone() for name, tensor in BiSeNet(classes).state_dict().items()}
    for name, tensor in state.items():
        if name.endswith("running_mean"):
            tensor.normal_(std=0.1)
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
    for head in ("conv_out16", "conv_out32"):
        state[f"{head}.conv.conv.weight"] = torch.zeros(64, 128, 3, 3)
        state[f"{head}.conv.bn.num_batches_tracked"] = torch.zeros(())
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"{head}.conv.bn.{part}"] = torch.ones(64)
        state[f"{head}.conv_out.weight"] = torch.zeros(classes, 64, 1, 1)
    return state


def scored(state, planes):
    """What the published network says, worked out from its weights by name."""

    def norm(name, x):
        mean, var, weight, bias = (
            state[f"{name}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    def convolved(name, x, padding=1):
        x = functional.conv2d(x, state[f"{name}.conv.weight"], padding=padding)
        return norm(f"{name}.bn", x).relu()

    def block(name, x, stride):
        made = functional.conv2d(x, state[f"{name}.conv1.weight"], stride=stride, padding=1)
        made = functional.conv2d(
            norm(f"{name}.bn1", made).relu(), state[f"{name}.conv2.weight"], padding=1
        )
        if f"{name}.downsample.0.weight" in state:
            x = functional.conv2d(x, state[f"{name}.downsample.0.weight"], stride=stride)
            x = norm(f"{name}.downsample.1", x)
        return (norm(f"{name}.bn2", made) + x).relu()

    def attended(name, x):
        made = convolved(f"{name}.conv", x)
        weights = functional.conv2d(
            functional.adaptive_avg_pool2d(made, 1), state[f"{name}.conv_atten.weight"]
        )
        return made * norm(f"{name}.bn_atten", weights).sigmoid()

    x = functional.conv2d(planes, state["cp.resnet.conv1.weight"], stride=2, padding=3)
    x = functional.max_pool2d(norm("cp.resnet.bn1", x).relu(), 3, 2, 1)
    features = []
    for layer in (1, 2, 3, 4):
        for index in (0, 1):
            stride = 2 if layer > 1 and index == 0 else 1
            x = block(f"cp.resnet.layer{layer}.{index}", x, stride)
        features.append(x)
    _, eighth, sixteenth, last = features
    whole = convolved("cp.conv_avg", functional.adaptive_avg_pool2d(last, 1), 0)
    up = functional.interpolate(whole, last.shape[2:]) + attended("cp.arm32", last)
    up = convolved("cp.conv_head32", functional.interpolate(up, sixteenth.shape[2:]))
    up = functional.interpolate(attended("cp.arm16", sixteenth) + up, eighth.shape[2:])
    joined = convolved("ffm.convblk", torch.cat((eighth, convolved("cp.conv_head16", up)), 1), 0)
    weights = functional.conv2d(
        functional.adaptive_avg_pool2d(joined, 1), state["ffm.conv1.weight"]
    )
    weights = functional.conv2d(weights.relu(), state["ffm.conv2.weight"]).sigmoid()
    made = convolved("conv_out.conv", joined * weights + joined)
    made = functional.conv2d(made, state["conv_out.conv_out.weight"])
    return functional.interpolate(made, planes.shape[2:], mode="bilinear", align_corners=True)


def half_haired(count=3):
    """Photos that are dark above and bright below, where the dark is hair."""
    rng = np.random.default_rng(0)
    probes = []
    for index in range(count):
        hair = np.zeros((SIDE, SIDE), bool)
        hair[: SIDE // 2 + 8 * index] = True
        photo = np.where(hair[..., None], 20, 220) + rng.integers(0, 20, (SIDE, SIDE, 3))
        probes.append(Probe(photo.astype(np.uint8), hair))
    return probes


def taught(probes, number, classes=19):
    """A published state whose last layer was fitted to call the probes' hair class `number`."""
    state = published(classes)
    network = BiSeNet(classes)
    network.load_state_dict(
        {name: each for name, each in state.items() if name in network.state_dict()}
    )
    network.eval()
    rows, wanted = [], []
    with torch.no_grad():
        network.conv_out.conv_out = torch.nn.Identity()
        for probe in probes:
            planes = torch.from_numpy(probe.photo).permute(2, 0, 1)[None].float() / 255
            mean, deviation = (
                torch.tensor(row)[:, None, None]
                for row in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
            )
            seen = network.conv_out(network.ffm(*network.cp((planes - mean) / deviation)))
            rows.append(seen[0].flatten(1).T)
            hair = torch.from_numpy(probe.hair)[None, None].float()
            wanted.append(functional.interpolate(hair, seen.shape[2:], mode="area").flatten())
        features, hair = torch.cat(rows).double(), torch.cat(wanted).double() - 0.5
        ridge = 1e-4 * features.square().mean() * torch.eye(features.shape[1], dtype=torch.double)
        fitted = torch.linalg.solve(
            features.T @ features / len(features) + ridge, features.T @ hair / len(features)
        )
    weight = torch.full((classes, len(fitted), 1, 1), 0.0)
    weight[number, :, 0, 0] = fitted.float()
    weight[0 if number else 1, :, 0, 0] = -fitted.float()
    return {**state, "conv_out.conv_out.weight": weight}


def test_the_published_network_scores_the_same():
    state = published()
    network = parser_of(state)
    planes = torch.randn(1, 3, 64, 96)

    with torch.inference_mode():
        made = network(planes)

    torch.testing.assert_close(made, scored(state, planes), rtol=1e-3, atol=1e-4)
    assert len(state) == 191


def parser_of(state):
    network = BiSeNet(len(state["conv_out.conv_out.weight"]))
    network.load_state_dict(
        {
            name: each
            for name, each in state.items()
            if not name.startswith(("conv_out16", "conv_out32"))
        }
    )
    return network.eval()


@pytest.mark.parametrize(
    ("number", "classes", "system"),
    [(17, 19, "face-parsing.PyTorch"), (13, 19, "CelebAMask-HQ"), (10, 16, "Barbershop")],
)
def test_labels_are_ordered_by_where_hair_is(number, classes, system):
    probes = half_haired()
    state = taught(probes, number, classes)

    labels, network = parser(Found(state, ""), probes)

    assert labels == SYSTEMS[system]
    assert labels.index("hair") == number
    assert ((parse(network, probes[0].photo) == number) == probes[0].hair).mean() > 0.9


def test_every_system_has_as_many_names_as_classes_and_hair_once():
    assert [len(names) for names in SYSTEMS.values()] == [19, 19, 16]
    assert all(names.count("hair") == 1 for names in SYSTEMS.values())


def test_a_parser_whose_hair_is_elsewhere_is_refused():
    probes = half_haired()

    with pytest.raises(WeightsRefused, match="class 5 of 19, as in no order"):
        parser(Found(taught(probes, 5), ""), probes)


def test_who_is_unsure_of_hair_is_refused():
    hair = [np.arange(100).reshape(10, 10) < 60]
    halves = np.where(np.arange(100).reshape(10, 10) < 30, 17, 13).astype(np.uint8)
    halves[6:] = 0

    with pytest.raises(
        WeightsRefused, match=r"none of its 19 classes is surely hair.*0\.50.*0\.50"
    ):
        labels_of(19, [halves], hair)
    with pytest.raises(WeightsRefused, match="surely"):
        labels_of(19, [np.zeros((10, 10), np.uint8)], [np.arange(100).reshape(10, 10) < 10])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cp.resnet.conv1.weight": torch.zeros(64, 1, 7, 7)}, "other shapes"),
        ({"conv_out.conv_out.weight": torch.zeros(2000, 256, 1, 1)}, "no BiSeNet"),
        ({"sp.conv1.weight": torch.zeros(2)}, "no place"),
    ],
)
def test_other_networks_are_refused(change, says):
    with pytest.raises(WeightsRefused, match=says):
        parser(Found({**published(), **change}, ""), half_haired())


def test_drawn_portraits_are_aligned_and_have_hair_above_their_faces():
    for probe in drawn_probes(SIDE):
        assert probe.photo.shape == (SIDE, SIDE, 3)
        assert 0.1 < probe.hair.mean() < 0.6
        rows = np.nonzero(probe.hair)[0]
        assert np.median(rows) < SIDE / 2
        middle = probe.hair[
            round(0.5 * SIDE) : round(0.7 * SIDE), round(0.4 * SIDE) : round(0.6 * SIDE)
        ]
        assert middle.mean() < 0.05
