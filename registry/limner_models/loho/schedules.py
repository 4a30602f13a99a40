"""How a search's steps change on its way, as shares of its whole length."""

from __future__ import annotations

import math
from typing import Final

RAMP_UP: Final = 0.05
"""Share of the search in which the rate rises."""
RAMP_DOWN: Final = 0.25
"""Share in which it falls, along a cosine."""
SHAKEN: Final = 0.75
"""Share in which styles are shaken."""
STRENGTH: Final = 0.05
"""Of the shaking at first, of the deviation of styles."""


def rate_at(share: float) -> float:
    """Return the learning rate as a share of its peak, when `share` in [0, 1] of a search is done.

    Source: Karras et al., Analyzing and Improving the Image Quality of StyleGAN, CVPR 2020,
        appendix D; `shaking_at` too.
    """
    down = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - share) / RAMP_DOWN))
    return down * min(1.0, share / RAMP_UP)


def shaking_at(share: float) -> float:
    """Return how much noise is laid on styles, in deviations of styles, likewise."""
    return STRENGTH * max(0.0, 1 - share / SHAKEN) ** 2
