"""One file with all that a search needs: generator, encoder, parser, eye, and how to build them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from limner_models.errors import CheckpointDamaged
from limner_models.loho.parsing import SegmenterParser
from limner_models.loho.pasting import pasted
from limner_models.loho.perception import EncoderEye, Vgg16Eye
from limner_models.loho.search import Tools
from limner_models.loho.settings import Weights
from limner_models.networks.hair_segmenter import HairSegmenter
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.networks.portrait_generator import StyleEncoder
from limner_models.networks.style_generator import StyleGenerator
from limner_models.networks.vgg import LpipsWeights, Vgg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from limner_models.loho.search import Subjects

LARGEST: Final = 2 << 30
"""Bytes of a file of weights; a larger one is not opened."""
OWN_WEIGHTS: Final = Weights(mask=0.5, style=5000.0)
"""Of the losses, where the eye is our own. Between drawn heads appearance then comes to 0.2, style
to 0.3, structure to 0.3 and identity to 0.7 in the median."""
VGG_WEIGHTS: Final = Weights()
"""Where it is VGG16 with LPIPS's weights of channels."""


@dataclass(frozen=True, eq=False)
class Networks:
    """What a file holds, ready for searches."""

    tools: Tools
    parser: SegmenterParser
    weights: Weights
    """Of the losses, for this eye."""
    encoder: StyleEncoder | None
    """Finds the styles of a portrait; None where only the mean ones are known."""

    def start(self, subjects: Subjects) -> torch.Tensor | None:
        """Return styles to begin a search with, 1xLxW; None where there is no encoder.

        They are those of the person with the shape's hair laid on.
        """
        if self.encoder is None:
            return None
        generator = self.tools.generator
        with torch.no_grad():
            planes = pasted(subjects.person, subjects.shape, generator.size)
            styles: torch.Tensor = generator.mean + self.encoder(planes.to(self.tools.mean))
        return styles


def packed(
    generator: StyleGenerator,
    built: Mapping[str, float],
    segmenter: HairSegmenter,
    *,
    encoder: StyleEncoder | None = None,
    eye: Vgg16Eye | None = None,
    weights: Weights | None = None,
) -> bytes:
    """Return networks as a file of safetensors, of half precision.

    Args:
        generator: Draws portraits.
        built: What it was built with, by the names of StyleGenerator's arguments.
        segmenter: The hair segmenter with MobileNetV2, which parses and is our own eye.
        encoder: Trained beside the generator, if it was.
        eye: Another eye; None takes our own.
        weights: Of the losses; None takes those of the eye.
    """
    parts: dict[str, nn.Module] = {"generator": generator, "segmenter": segmenter}
    parts |= {} if encoder is None else {"encoder": encoder}
    parts |= {} if eye is None else {"eye": eye}
    tensors = {
        f"{name}.{key}": tensor.detach().cpu().half().contiguous()
        for name, part in parts.items()
        for key, tensor in part.state_dict().items()
    }
    usual = OWN_WEIGHTS if eye is None else VGG_WEIGHTS
    header: dict[str, Any] = {"generator": dict(built), "weights": asdict(weights or usual)}
    if encoder is not None:
        widths = [step[0].out_channels for step in encoder.steps]
        header["encoder"] = {"rows": generator.rows, "width": generator.width, "widths": widths}
    made: bytes = save(tensors, {"limner": json.dumps(header)})
    return made


def unpacked(file: Path, device: torch.device) -> Networks:
    """Return the networks of a file on a device.

    Raises:
        CheckpointDamaged: It cannot be read, or holds something else.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise CheckpointDamaged(f"{file} is larger than {LARGEST >> 30} GiB")
        with safe_open(file, "pt") as opened:
            header = json.loads((opened.metadata() or {})["limner"])
            tensors = {key: opened.get_tensor(key).float() for key in opened.keys()}  # noqa: SIM118
        return _built(header, tensors, device)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointDamaged(f"{file} holds no networks of a search: {error}") from error


def _built(
    header: Mapping[str, Any], tensors: Mapping[str, torch.Tensor], device: torch.device
) -> Networks:
    generator = _filled(StyleGenerator(**header["generator"]), "generator", tensors, device)
    segmenter = _filled(HairSegmenter(MobileNetEncoder()), "segmenter", tensors, device)
    eye = EncoderEye(segmenter.encoder)
    if any(key.startswith("eye.") for key in tensors):
        eye = _filled(Vgg16Eye(Vgg(16), LpipsWeights()), "eye", tensors, device)
    encoder = None
    if "encoder" in header:
        encoder = _filled(StyleEncoder(**header["encoder"]), "encoder", tensors, device)
    parser = SegmenterParser(segmenter)
    tools = Tools.of(generator, eye, parser)
    return Networks(tools, parser, Weights(**header["weights"]), encoder)


def _filled(
    network: nn.Module, name: str, tensors: Mapping[str, torch.Tensor], device: torch.device
) -> Any:
    """Return a network with its tensors, none of which takes a gradient."""
    prefix = f"{name}."
    mine = {key.removeprefix(prefix): tensors[key] for key in tensors if key.startswith(prefix)}
    network.load_state_dict(mine)
    return network.to(device).eval().requires_grad_(requires_grad=False)
