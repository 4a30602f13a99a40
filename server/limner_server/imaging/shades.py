"""Shades of hair that have a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Shade:
    """One color of hair with its name."""

    name: str
    """Lower case, words joined by hyphens."""
    lab: tuple[float, float, float]
    """CIELAB of the hair's commonest color."""


SHADES: Final = (
    Shade("jet-black", (9.0, 0.0, -2.0)),
    Shade("black", (15.0, 1.0, 1.0)),
    Shade("dark-brown", (25.0, 6.0, 10.0)),
    Shade("chestnut", (31.0, 13.0, 17.0)),
    Shade("auburn", (32.0, 22.0, 20.0)),
    Shade("brown", (38.0, 9.0, 18.0)),
    Shade("red", (40.0, 33.0, 32.0)),
    Shade("copper", (48.0, 29.0, 38.0)),
    Shade("light-brown", (50.0, 9.0, 24.0)),
    Shade("gray", (55.0, 0.0, 2.0)),
    Shade("dark-blond", (58.0, 6.0, 25.0)),
    Shade("strawberry-blond", (64.0, 15.0, 32.0)),
    Shade("blond", (68.0, 6.0, 30.0)),
    Shade("silver", (72.0, 0.0, -3.0)),
    Shade("platinum", (84.0, 0.0, 13.0)),
    Shade("white", (88.0, 0.0, 3.0)),
    Shade("burgundy", (25.0, 28.0, 8.0)),
    Shade("purple", (34.0, 32.0, -34.0)),
    Shade("blue", (38.0, 6.0, -40.0)),
    Shade("green", (43.0, -30.0, 22.0)),
    Shade("teal", (46.0, -24.0, -9.0)),
    Shade("pink", (62.0, 45.0, -2.0)),
    Shade("rose-gold", (68.0, 20.0, 14.0)),
)
"""The natural ones from dark to light, then the others from dark to light.

Source: the classes' prototypes of METHODS B.e4 and what lies between them; the others by eye, as
colors that a screen can show and dyed hair has.
"""


def shade_named(name: str) -> Shade:
    """Return the shade of that name; case, spaces and underscores make no difference.

    Raises:
        KeyError: None has it; `nearest_names` says which it may have been.
    """
    plain = _plain(name)
    for shade in SHADES:
        if shade.name == plain:
            return shade
    raise KeyError(name)


def nearest_names(name: str, count: int = 3) -> list[str]:
    """Return the names that are spelled most like one that no shade has, the likest first."""
    plain = _plain(name)[:64]
    names = [shade.name for shade in SHADES]
    return sorted(names, key=lambda other: _edits(plain, other))[:count]


def _plain(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


def _edits(one: str, other: str) -> float:
    """Return the letters to add, drop or change for one to become other, over the longer's length.

    Source: Levenshtein, 1966.
    """
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, wanted in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (letter != wanted))
    return row[-1] / max(len(one), len(other), 1)
