"""The colors of hair that the bank of generators knows, and the pairs it dyes.

An index into DYE_PAIRS is a tensor of the contract DYE_BANK, so both are as fixed as it is.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HAIR_COLORS: Mapping[str, tuple[tuple[float, float, float], ...]] = MappingProxyType(
    {
        "black": ((15.0, 1.0, 1.0),),
        "brown": ((25.0, 6.0, 10.0), (38.0, 9.0, 18.0), (50.0, 9.0, 24.0)),
        "blond": ((68.0, 6.0, 30.0),),
        "red": ((38.0, 26.0, 28.0),),
        "gray": ((62.0, 0.0, 2.0), (85.0, 0.0, 2.0)),
        "blue": ((38.0, 6.0, -40.0),),
        "pink": ((62.0, 45.0, -2.0),),
    }
)
"""The classes of hair color that DYE_BANK knows, each with its prototypes in CIELAB (D65)."""

DYE_PAIRS: tuple[tuple[str, str], ...] = tuple(
    pair
    for one, other in (
        ("black", "brown"),
        ("black", "blond"),
        ("black", "red"),
        ("black", "gray"),
        ("brown", "blond"),
        ("brown", "red"),
        ("brown", "gray"),
        ("brown", "blue"),
        ("blond", "red"),
        ("blond", "pink"),
    )
    for pair in ((one, other), (other, one))
)
"""The (found, wanted) pairs of DYE_BANK, in the order of its index; both ways of each pair."""
