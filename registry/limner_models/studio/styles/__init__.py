"""Hairstyles: each a function from roots and dials to a plan of growth."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from limner_models.studio.styles import short
from limner_models.studio.styles.long import CUTS, hanging
from limner_models.studio.styles.plan import Density, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from limner_models.studio.params import Hair
    from limner_models.studio.scalp import Roots

    Styling = Callable[[Roots, Hair], Plan]

GROWN: Mapping[str, Styling] = MappingProxyType(
    {
        "bald": short.bald,
        "buzz": short.buzz,
        "crop": short.crop,
        "topfade": short.topfade,
        "side_short": short.side_short,
        "slick": short.slick,
        "quiff": short.quiff,
        "bowl": short.bowl,
        "pixie": short.pixie,
        "feathered": short.feathered,
        "afro": short.afro,
        "coily_short": short.coily_short,
        **dict.fromkeys(CUTS, hanging),
    }
)
"""Styles that grow freely."""
TIED = ("ponytail", "bun")
"""Styles that a tie holds."""

DENSITIES: Mapping[str, Density] = MappingProxyType(
    {
        **dict.fromkeys(("bob", "mid_part", "long", "long_part"), Density(17000)),
        **dict.fromkeys(("buzz", "bald"), Density(16000, 5, 0.0045)),
        **dict.fromkeys(("side_short", "quiff", "pixie", "slick"), Density(14000, 16)),
        **dict.fromkeys(("crop", "topfade"), Density(14000, 24, 0.006)),
        "afro": Density(15000, 30, 0.005),
        "coily_short": Density(15000, 30, 0.006),
        "curly": Density(14000, 60, 0.006),
        **dict.fromkeys(("wavy", "shag"), Density(11000, 40)),
        "feathered": Density(14000, 28),
        **dict.fromkeys(TIED, Density(13000, 34)),
    }
)
"""Strands, points and widths of styles; those not named take the usual ones."""
