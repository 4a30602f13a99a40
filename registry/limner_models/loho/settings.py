"""What decides how a search goes, beside its pictures and networks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Weights:
    """Of the losses; each at least 0."""

    identity: float = 1.0
    """Of the person's face."""
    structure: float = 1.0
    """Of the shape's hair, by coarse features."""
    mask: float = 1.0
    """Of the shape's mask, which LOHO does not look at; 0 leaves it out."""
    appearance: float = 40.0
    """Of the look's mean finest features."""
    style: float = 900.0
    """Of the look's Gram matrices, divided by the hair's area."""
    noise: float = 1e5
    """Of patterns in the noise."""


PUBLISHED = Weights(mask=0.0, style=15000.0)
"""LOHO's own; its Gram matrices are divided by the picture's area, of which hair is a fourth."""


@dataclass(frozen=True)
class Settings:
    """One search's numbers; the same ones with the same networks and pictures find the same."""

    first: int = 1000
    """Steps of the stage that finds face and shape, at least 0."""
    second: int = 1000
    """Steps of the stage that finds colors and strands too, at least 0."""
    rate: float = 0.1
    """Of Adam, at its peak."""
    weights: Weights = Weights()
    orthogonal: bool = True
    """Whether the shape's structure is sought only where that does not bring its own colors and
    strands along, as published, and all else only where that does not change the hair's outline."""
    by_area: bool = True
    """Whether hair is compared in whole pictures, by its own area. Else as published: all but the
    hair is gray, the eye sees it raw, and Gram matrices are divided by the picture's area."""
    refresh: int = 10
    """Steps after which the hair in the drawn picture is looked for anew. 0 does it once, between
    the stages, as published."""
    side: int = 256
    """Pixels a side at which pictures are compared, at most; a power of 2."""
    least_change: float = 1e-3
    """Share by which the mean loss has to fall over 50 steps, past the middle of a search, for it
    to go on; 0 never ends early."""
    seed: int = 0
    """Of the noise, in [0, 2**63)."""

    @property
    def steps(self) -> int:
        """Of both stages."""
        return self.first + self.second
