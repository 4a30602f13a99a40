"""Points that tremble from frame to frame, made steady where they rest and followed where not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.float64]

SPEED_HERTZ: Final = 1.0
"""Cutoff of the low pass that speeds go through, as in the paper."""


@dataclass(frozen=True)
class Ease:
    """How steady points are kept, and how soon they are let go."""

    hertz: float
    """Cutoff of the low pass while they rest, above 0: lower trembles less and follows later."""
    gain: float
    """By how much the cutoff rises with each unit of length a second, at least 0."""


@dataclass(frozen=True, eq=False)
class Steady:
    """Points as they are shown, and how they move."""

    points: Places
    """Nx2."""
    speeds: Places
    """Nx2, a second."""


def steadied(
    before: Steady | None,
    points: Places,
    seconds: float,
    ease: Ease,
    unit: float = 1.0,
    *,
    together: bool = False,
) -> Steady:
    """Return points that tremble less than those seen.

    Args:
        before: What was shown last; None where nothing was.
        points: Those seen now, Nx2 and as many as before.
        seconds: Since the last ones were seen, above 0.
        ease: How steady.
        unit: What lengths are counted in, such as the distance of the eyes, above 0: a face that
            is shown larger is steadied alike.
        together: All points are of one thing, which moves as fast as they do on average. Their
            shape then follows as one, and the noise of so many speeds cancels out.

    Source: Casiez, Roussel and Vogel, 1 Euro Filter: A Simple Speed-based Low-pass Filter for
        Noisy Input in Interactive Systems, CHI 2012. Theirs filters numbers; ours points, by the
        length of their speed, so that how the axes lie makes no difference.
    """
    if before is None:
        return Steady(points, np.zeros_like(points))
    share = _share(SPEED_HERTZ, seconds)
    speeds = before.speeds + share * ((points - before.points) / seconds - before.speeds)
    moving = speeds.mean(0, keepdims=True) if together else speeds
    lengths = np.hypot(moving[:, 0], moving[:, 1])[:, None] / unit
    follow = _share(ease.hertz + ease.gain * lengths, seconds)
    return Steady(before.points + follow * (points - before.points), speeds)


def _share(hertz: NDArray[np.float64] | float, seconds: float) -> NDArray[np.float64]:
    """Return how much of the newest a low pass lets through at once, in (0, 1)."""
    turned = 2 * math.pi * seconds * np.asarray(hertz)
    share: NDArray[np.float64] = turned / (1 + turned)
    return share
