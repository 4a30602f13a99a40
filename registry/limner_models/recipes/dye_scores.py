"""How well dyes do: measured on heads whose true look in the other color is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_models.data.hair_color import SURE, hair_color
from limner_registry.color import ciede2000, srgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from numpy.typing import NDArray

    Pair = Mapping[str, NDArray[Any]]
    Dye = Callable[[NDArray[np.uint8], Pair], NDArray[np.uint8]]


def dye_scores(dye: Dye, pairs: Iterable[Pair]) -> dict[str, float]:
    """Return how much of the way to the truth a dye goes, in [0, 1].

    `true_color` is one less the mean CIEDE2000 of the sure hair to the head drawn in the color
    wanted, over that of doing nothing; `reached` the same for the mean color.

    Args:
        dye: Takes a photo, HxWx3 uint8, and its pair; returns it dyed.
        pairs: As `Recolored` makes them, each apart; what is wanted differs from what is found.
    """
    left, whole = np.zeros(2), np.zeros(2)
    for pair in pairs:
        alpha = pair["alpha"] / np.float32(255)
        before, after = pair["before"], pair["after"]
        dyed = dye(before, pair)
        left += distances(dyed, after, alpha)
        whole += distances(before, after, alpha)
    shares = np.clip(1 - left / np.maximum(whole, 1e-6), 0, 1)
    return {"true_color": float(shares[0]), "reached": float(shares[1])}


def distances(
    photo: NDArray[np.uint8], true: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the mean CIEDE2000 of the sure hair of two photos, and that of their means."""
    sure = alpha > SURE
    each = ciede2000(srgb_to_lab(photo[sure]), srgb_to_lab(true[sure])).mean()
    mean = ciede2000(hair_color(photo, alpha), hair_color(true, alpha))
    return np.array([each, mean])
