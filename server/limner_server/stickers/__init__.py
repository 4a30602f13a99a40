"""Stickers that come with the server, and how each is worn.

Their pictures are ours, drawn by `draw_stickers.py`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from limner_server.imaging import codec
from limner_server.imaging.stickers import Sticker, kept

if TYPE_CHECKING:
    from collections.abc import Mapping


class Wear(NamedTuple):
    """How a sticker is worn; `Sticker` says what each is."""

    anchor: str
    held: tuple[float, float]
    width: float


WORN: Final[Mapping[str, Wear]] = MappingProxyType(
    {
        "hat": Wear("forehead", (0.5, 0.80), 2.6),
        "crown": Wear("forehead", (0.5, 0.86), 1.7),
        "glasses": Wear("eyes", (0.5, 0.46), 2.1),
        "bow": Wear("ear_l", (0.5, 0.8), 1.1),
    }
)
"""Every sticker by its name."""


@cache
def packaged(name: str) -> Sticker:
    """Return a sticker that comes with the server.

    Raises:
        KeyError: None has that name.
    """
    wear = WORN[name]
    return Sticker(kept(codec.decode_cutout(picture_of(name))), *wear)


@cache
def picture_of(name: str) -> bytes:
    """Return a sticker's PNG."""
    return files(__name__).joinpath(f"{name}.png").read_bytes()
