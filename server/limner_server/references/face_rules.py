"""What stylists commonly say of which hair suits which face.

A rule of thumb and nothing more: taste, and what somebody feels at home in, are not in it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_server.imaging.face_shape import FaceShape
    from limner_server.imaging.hairstyle import Hairstyle, Texture

Trait = Literal["short", "medium", "long", "at-chin", "full", "fringe", "open", "soft", "straight"]

AT_CHIN: Final = 0.25
"""Face lengths from the chin within which hair ends at it."""

FULL: Final = 1.5
"""Area over the face's from which on hair is full."""

FRINGE: Final = 0.15
"""Share of the forehead from which on hair is a fringe."""


class Rule(NamedTuple):
    """What one trait of hair does for a face."""

    trait: Trait
    effect: float
    """What it adds, in [-0.5, 0.5]."""
    said: str
    """To people: about the hair, never about what is wrong with them."""


NEUTRAL: Final = 0.5
"""How well hair suits of which nothing is said."""

OVAL: Final = 0.75
"""How well any hair suits an oval face."""

RULES: Final[Mapping[FaceShape, tuple[Rule, ...]]] = MappingProxyType(
    {
        "oval": (),
        "round": (
            Rule("long", 0.35, "length below the chin draws a round face longer"),
            Rule("open", 0.1, "a bare forehead lets a round face look longer"),
            Rule("full", -0.15, "fullness at the sides stresses the width of a round face"),
            Rule("at-chin", -0.2, "ending at the chin stresses the width of a round face"),
        ),
        "square": (
            Rule("soft", 0.3, "waves and curls soften the lines of a square face"),
            Rule("long", 0.1, "length leads down past the jaw of a square face"),
            Rule("at-chin", -0.2, "ending at the chin stresses the jaw of a square face"),
            Rule("straight", -0.1, "straight lines repeat those of a square face"),
        ),
        "heart": (
            Rule("at-chin", 0.3, "width at the chin balances a heart-shaped face"),
            Rule("fringe", 0.2, "a fringe balances the forehead of a heart-shaped face"),
            Rule("short", -0.1, "short sides stress the forehead of a heart-shaped face"),
        ),
        "oblong": (
            Rule("fringe", 0.3, "a fringe balances the length of an oblong face"),
            Rule("full", 0.2, "fullness at the sides balances the length of an oblong face"),
            Rule("long", -0.2, "much length stresses the length of an oblong face"),
        ),
    }
)
"""By the shape of the face.

Source: what hairdressing schools and magazines agree on; no study is known that measured it.
"""


def traits(style: Hairstyle, texture: Texture | None) -> frozenset[Trait]:
    """Return what the rules look at in some hair.

    Args:
        style: As measured.
        texture: How it falls, as far as anybody knows.
    """
    fringe = style.fringe >= FRINGE
    seen: set[Trait] = {style.length, "fringe" if fringe else "open"}
    if abs(style.reach) <= AT_CHIN:
        seen.add("at-chin")
    if style.fullness >= FULL:
        seen.add("full")
    if texture:
        seen.add("straight" if texture == "straight" else "soft")
    return frozenset(seen)


def suits(shape: FaceShape, seen: frozenset[Trait]) -> tuple[float, str]:
    """Return how well hair is said to suit a face, in [0, 1], and the rule that weighs most.

    The rule is empty where none speaks of such hair.
    """
    if shape == "oval":
        return OVAL, "an oval face goes with nearly every style"
    spoken = [rule for rule in RULES[shape] if rule.trait in seen]
    share = min(1.0, max(0.0, NEUTRAL + sum(rule.effect for rule in spoken)))
    way = 1 if share >= NEUTRAL else -1
    chosen = max(spoken, key=lambda rule: way * rule.effect, default=None)
    return share, chosen.said if chosen else ""
