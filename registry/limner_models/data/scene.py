"""Layers of people, moved about and laid over one another with what each pixel truly shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner_models.data import portraits
from limner_models.data.filters import warped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from limner_models.data.portraits import Portrait

    Floats = NDArray[np.float32]

FACE_LABELS = (
    portraits.FACE_SKIN,
    portraits.EYES,
    portraits.BROWS,
    portraits.LIPS,
    portraits.EARS,
    portraits.BEARD,
    portraits.MOUTH,
)
BODY_LABELS = (portraits.BODY_SKIN, portraits.CLOTHES)

_IS_FACE = np.isin(np.arange(256), FACE_LABELS).astype(np.float32)
_IS_BODY = np.isin(np.arange(256), BODY_LABELS).astype(np.float32)


@dataclass(frozen=True)
class Layers:
    """People in front of nothing yet; all arrays SxS float32."""

    light: Floats
    """SxSx3, linear light, premultiplied by coverage."""
    coverage: Floats
    """Share of a pixel that shows a person, in [0, 1]."""
    hair: Floats
    """Share that shows hair."""
    face: Floats
    """Share that shows a face: skin, eyes, lips, ears, beard, glasses."""
    body: Floats
    """Share that shows neck, clothes or a hat."""

    def classes(self) -> Floats:
        """Return the shares of background, hair, face and body: 4xSxS, they sum to 1.

        What is covered but by none of the three, as at the rims of strands, is hair and face and
        body in the proportion found there.
        """
        known = self.hair + self.face + self.body
        scale = self.coverage / np.maximum(known, np.float32(1e-3))
        shares = np.stack([1 - self.coverage, self.hair, self.face, self.body])
        shares[1:] *= np.where(known > np.float32(1e-3), scale, 0)
        shares[0] = 1 - shares[1:].sum(0)
        return np.asarray(np.clip(shares, 0, 1), np.float32)


def layers_of(portrait: Portrait, shade: str | None = None) -> Layers:
    """Return a portrait as layers, as it was drawn or with its hair in another shade."""
    face, body = _IS_FACE[portrait.labels], _IS_BODY[portrait.labels]
    worn = portrait.labels == portraits.ACCESSORY
    if worn.any():
        # a hat sits above the brows and belongs to the body, glasses to the face
        hat = worn & _above_brows(portrait.points, worn.shape)
        body[hat] = 1
        face[worn & ~hat] = 1
    bare = np.maximum(portrait.coverage - portrait.hair, 0)
    light = portrait.foreground if shade is None else portrait.shades[shade]
    return Layers(light, portrait.coverage, portrait.hair, face * bare, body * bare)


def warp(layers: Layers, matrix: NDArray[np.float64], size: int, border: int) -> Layers:
    """Return layers under an affine map.

    Args:
        layers: What to move.
        matrix: 2x3, from indices of pixels here to indices in the result.
        size: Pixels a side of the result.
        border: What lies beyond the layers, one of OpenCV's BORDER constants.
    """
    stacked = np.dstack([layers.light, layers.coverage])
    shares = np.dstack([layers.hair, layers.face, layers.body])
    seen, parts = (warped(planes, matrix, size, border) for planes in (stacked, shares))
    return Layers(seen[..., :3], seen[..., 3], parts[..., 0], parts[..., 1], parts[..., 2])


def stack(front: Layers, back: Layers) -> Layers:
    """Return both, the first hiding what it covers of the second."""
    through = 1 - front.coverage
    return Layers(
        front.light + through[..., None] * back.light,
        front.coverage + through * back.coverage,
        front.hair + through * back.hair,
        front.face + through * back.face,
        front.body + through * back.body,
    )


def over(layers: Layers, background: Floats) -> Floats:
    """Return the layers before a background, SxSx3 in linear light."""
    return layers.light + (1 - layers.coverage[..., None]) * background


def empty(size: int) -> Layers:
    """Return a place with nobody in it."""
    nothing = np.zeros((size, size), np.float32)
    return Layers(np.zeros((size, size, 3), np.float32), nothing, nothing, nothing, nothing)


def _above_brows(
    points: Mapping[str, tuple[float, float]], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Return which pixels lie over the line through the brows, HxW."""
    brows = np.array([place for name, place in points.items() if name.startswith("brow")])
    middle = brows.mean(0)
    up = middle - np.array([points["mouth_l"], points["mouth_r"]]).mean(0)
    rows, columns = np.indices(shape)
    away = (columns - middle[0]) * up[0] + (rows - middle[1]) * up[1]
    above: NDArray[np.bool_] = away > 0.06 * float(up @ up)
    return above
