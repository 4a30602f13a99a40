"""BiSeNets that parse faces; which of their classes is hair is asked, not believed."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch

from limner_models.errors import WeightsRefused
from limner_models.importers.placing import matched
from limner_models.networks.bisenet import BiSeNet
from limner_models.networks.eyes import DEVIATION, MEAN
from limner_registry.face_template import aligned, five_of_studio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from limner_models.importers.files import Found

    Labels = NDArray[np.uint8]

SYSTEMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "face-parsing.PyTorch": (
            *("background", "skin", "brow_l", "brow_r", "eye_l", "eye_r", "glasses", "ear_l"),
            *("ear_r", "earring", "nose", "mouth", "lip_upper", "lip_lower", "neck", "necklace"),
            *("cloth", "hair", "hat"),
        ),
        "CelebAMask-HQ": (
            *("background", "skin", "nose", "glasses", "eye_l", "eye_r", "brow_l", "brow_r"),
            *("ear_l", "ear_r", "mouth", "lip_upper", "lip_lower", "hair", "hat", "earring"),
            *("necklace", "neck", "cloth"),
        ),
        "Barbershop": (
            *("background", "", "", "", "", "", "", "", "", ""),
            *("hair", "", "", "", "", ""),
        ),
    }
)
"""Classes in the order that a network's author gave them; empty where it is published nowhere."""
UNUSED: Final = ("conv_out16.", "conv_out32.")
"""Heads that only training uses."""
MOST: Final = 64
"""Classes; a network with more is refused."""
PROBES: Final = (1, 8, 29)
"""The studio's seeds of portraits that are asked about: short, middling and long hair, ahead."""
SIDE: Final = 512
"""Pixels a side of aligned faces, as the published networks see them."""
SURE, DOUBTFUL = 0.5, 0.25
"""Overlap with true hair from which a class is hair, and from which another might be, too."""


@dataclass(frozen=True)
class Probe:
    """An aligned portrait with what it shows."""

    photo: NDArray[np.uint8]
    """SxSx3 sRGB."""
    hair: NDArray[np.bool_]
    """SxS: what is hair of the scalp."""


def parser(found: Found, probes: Sequence[Probe]) -> tuple[tuple[str, ...], BiSeNet]:
    """Return the labels and the face parser that a file holds.

    Args:
        found: The file's weights.
        probes: Portraits by which the order of its labels is found out.

    Raises:
        WeightsRefused: It holds no face parser, or nobody can say which of its classes is hair.
    """
    head = found.tensors.get("conv_out.conv_out.weight")
    if head is None or "cp.resnet.conv1.weight" not in found.tensors or len(head) > MOST:
        raise WeightsRefused("it is no BiSeNet by face-parsing.PyTorch's names")
    network = BiSeNet(len(head))
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    mine = {name: tensor for name, tensor in found.tensors.items() if not name.startswith(UNUSED)}
    network.load_state_dict(matched(mine, shapes))
    network.eval().requires_grad_(requires_grad=False)
    parsed = [parse(network, probe.photo) for probe in probes]
    return labels_of(len(head), parsed, [probe.hair for probe in probes]), network


def labels_of(
    classes: int, parsed: Sequence[Labels], hair: Sequence[NDArray[np.bool_]]
) -> tuple[str, ...]:
    """Return a network's labels, by which of its classes lies where hair is.

    Args:
        classes: How many the network has.
        parsed: What it makes of some portraits, SxS each.
        hair: What is hair in them, SxS each.

    Raises:
        WeightsRefused: No class is surely hair, or no known order has it there.
    """
    overlaps = [_overlap([each == number for each in parsed], hair) for number in range(classes)]
    order = np.argsort(overlaps)[::-1]
    best, second = int(order[0]), int(order[1])
    if overlaps[best] < SURE or overlaps[second] > DOUBTFUL:
        raise WeightsRefused(
            f"none of its {classes} classes is surely hair: of three drawn portraits, class {best} "
            f"overlaps hair by {overlaps[best]:.2f}, class {second} by {overlaps[second]:.2f}"
        )
    for names in SYSTEMS.values():
        if len(names) == classes and names.index("hair") == best:
            return names
    raise WeightsRefused(f"its hair is class {best} of {classes}, as in no order that is known")


def parse(network: BiSeNet, photo: NDArray[np.uint8]) -> Labels:
    """Return each pixel's class, SxS, of a photo, SxSx3 sRGB."""
    mean, deviation = (torch.tensor(row)[:, None, None] for row in (MEAN, DEVIATION))
    planes = torch.from_numpy(photo).permute(2, 0, 1).float() / 255
    with torch.inference_mode():
        scores = network(((planes - mean) / deviation)[None])
    return np.asarray(scores[0].argmax(0).numpy(), np.uint8)


def drawn_probes(side: int = SIDE) -> list[Probe]:
    """Return three portraits that the studio draws, aligned as faces are parsed."""
    # drawing waits for its compiler
    from limner_models.studio.labels import Label  # noqa: PLC0415
    from limner_models.studio.landmarks import LANDMARKS  # noqa: PLC0415
    from limner_models.studio.portrait import draw  # noqa: PLC0415
    from limner_models.studio.sampling import sample  # noqa: PLC0415

    probes = []
    for seed in PROBES:
        portrait = draw(sample(seed), side)
        points = {
            name: (float(x), float(y))
            for name, (x, y) in zip(LANDMARKS, portrait.landmarks, strict=True)
        }
        matrix = aligned(five_of_studio(points), side)
        how: dict[str, Any] = {"dsize": (side, side), "borderMode": cv2.BORDER_REPLICATE}
        photo = cv2.warpAffine(portrait.photo, matrix, flags=cv2.INTER_LINEAR, **how)
        labels = cv2.warpAffine(portrait.labels, matrix, flags=cv2.INTER_NEAREST, **how)
        probes.append(Probe(np.asarray(photo, np.uint8), np.asarray(labels == Label.HAIR)))
    return probes


def _overlap(some: Sequence[NDArray[Any]], others: Sequence[NDArray[Any]]) -> float:
    """Return the intersection over the union of masks, over all pictures together."""
    pairs = list(zip(some, others, strict=True))
    both = sum(int((one & other).sum()) for one, other in pairs)
    either = sum(int((one | other).sum()) for one, other in pairs)
    return both / max(either, 1)
