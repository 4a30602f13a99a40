"""What color hair has: its mean in CIELAB, and the class of HAIR_COLORS nearest to that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner_registry.color import ciede2000, srgb_to_lab
from limner_registry.hair_colors import HAIR_COLORS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]

SURE = 0.95
"""Hair's share of a pixel from which its color is believed."""

GLARE = 95.0
"""CIELAB lightness from which a pixel shows the lamp, not the hair."""

CLEAR = 3.0
"""How much nearer, in CIEDE2000, the nearest class must be than the next."""

FAR = 25.0
"""CIEDE2000 from which a color belongs to no class."""


def hair_color(photo: Photo, alpha: Floats) -> Floats:
    """Return the mean CIELAB where hair is sure and shows no lamp.

    Args:
        photo: HxWx3 uint8 sRGB.
        alpha: HxW in [0, 1]; some of it above SURE.
    """
    lab = srgb_to_lab(photo[alpha > SURE])
    plain = lab[lab[:, 0] < GLARE]
    mean: Floats = (plain if len(plain) else lab).mean(0)
    return mean


def color_class(lab: Floats) -> str | None:
    """Return the class a color belongs to; None if it is far from all or between two.

    Args:
        lab: 3 CIELAB.
    """
    distances = {
        name: min(float(ciede2000(lab, prototype)) for prototype in prototypes)
        for name, prototypes in HAIR_COLORS.items()
    }
    nearest, next_ = sorted(distances, key=lambda name: distances[name])[:2]
    clear = distances[next_] - distances[nearest] >= CLEAR
    return nearest if clear and distances[nearest] < FAR else None
