"""Parsers of the search: where in a picture hair is, and where the face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from limner_models.networks.hair_segmenter import HairSegmenter

HAIR, FACE = 1, 2
"""Of the hair segmenter's classes."""
SEEN_PX: Final = 256
"""Pixels a side of what it was taught to see."""


class Parsed(NamedTuple):
    """Where things are; each 1x1xSxS."""

    hair: Tensor
    face: Tensor


class Parser(Protocol):
    """Tells hair and face apart."""

    def __call__(self, picture: Tensor) -> Parsed:
        """Return where they are in a picture, 1x3xSxS sRGB in [-1, 1], as 0 and 1."""

    def shares(self, picture: Tensor) -> Parsed:
        """Return how likely they are there, in [0, 1], with gradients."""


class SegmenterParser:
    """Our own: the hair segmenter, each pixel the likeliest of its classes."""

    def __init__(self, segmenter: HairSegmenter) -> None:
        """Ask a trained network."""
        self._segmenter = segmenter

    def __call__(self, picture: Tensor) -> Parsed:
        """Return where hair and face are."""
        classes = self._scores(picture).argmax(1, keepdim=True)
        return Parsed((classes == HAIR).to(picture), (classes == FACE).to(picture))

    def shares(self, picture: Tensor) -> Parsed:
        """Return how likely each pixel is hair and face, in [0, 1], with gradients."""
        likely = torch.softmax(self._scores(picture), 1)
        return Parsed(likely[:, HAIR, None], likely[:, FACE, None])

    def _scores(self, picture: Tensor) -> Tensor:
        """Return the classes' scores, 1x4xSxS, at the picture's own size."""
        seen = resized(picture, SEEN_PX)
        bytes_of = (seen.clamp(-1, 1) + 1) * 127.5
        scores = self._segmenter.logits(bytes_of.permute(0, 2, 3, 1))
        return resized(scores, picture.shape[-1])


def resized(planes: Tensor, side: int) -> Tensor:
    """Return planes, NxCxHxW, at SxS: areas are averaged where there are fewer pixels."""
    made: Tensor = functional.interpolate(planes, (side, side), mode="bilinear", antialias=True)
    return made
