"""What all sampling asks of a generator of random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy.random import Generator

    from limner_models.studio.arrays import RGB


def pick(draws: Generator, shares: dict[str, float]) -> str:
    """Return one of the names, drawn by its share."""
    weights = np.array(list(shares.values()))
    return str(draws.choice(list(shares), p=weights / weights.sum()))


def rgb(values: npt.ArrayLike) -> RGB:
    """Return three numbers as a color that JSON can hold."""
    r, g, b = (float(value) for value in np.asarray(values))
    return r, g, b


def seed_of(draws: Generator) -> int:
    """Return a seed for what is drawn later, in [0, 2**31)."""
    return int(draws.integers(1 << 31))
