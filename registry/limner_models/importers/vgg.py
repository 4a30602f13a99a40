"""torchvision's VGG16 and VGG19, and LPIPS's weights of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner_models.errors import WeightsRefused
from limner_models.importers.placing import matched
from limner_models.networks.vgg import WIDTHS, LpipsWeights, Vgg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from limner_models.importers.files import Found


def vgg(found: Found) -> tuple[int, Vgg]:
    """Return the VGG that a file holds, and its depth; what belongs to its classifier is dropped.

    Raises:
        WeightsRefused: It holds neither VGG16 nor VGG19, or one with batch norms.
    """
    features = _named(found.tensors, "features.")
    if any(name.endswith("running_mean") for name in features):
        raise WeightsRefused("it is a VGG with batch norms; those without are read")
    biases = sum(name.endswith(".bias") for name in features)
    depth = next((each for each in WIDTHS if biases == each - 3), None)
    if depth is None:
        raise WeightsRefused("it is neither torchvision's VGG16 nor its VGG19")
    network = Vgg(depth)
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    network.load_state_dict(matched(features, shapes))
    network.eval().requires_grad_(requires_grad=False)
    return depth, network


def lpips(found: Found) -> LpipsWeights:
    """Return the weights of channels that a file of LPIPS 0.1 for VGG holds.

    Raises:
        WeightsRefused: It holds others, or some below 0.
    """
    network = LpipsWeights()
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    weights = matched(_named(found.tensors, "lin"), shapes)
    negative = [name for name, tensor in weights.items() if (tensor < 0).any()]
    if negative:
        raise WeightsRefused(f"{negative[0]} counts differences for less than nothing")
    network.load_state_dict(weights)
    network.eval().requires_grad_(requires_grad=False)
    return network


def _named(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
