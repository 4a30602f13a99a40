"""Lays out everybody as each animal, on one sheet: `python examples/animals.py SHEET PHOTO...`.

A running server draws them: `limner up`, or the one that LIMNER_ADDRESS names.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image, ImageOps
from sheet import Card, head, lay_out

from limner_client import AnimalizedFace, LimnerClient

ABOVE, WIDE = 0.14, 2.6
"""Of a face's height: how far above its middle a card's middle lies, and how much a card shows."""


def main(sheet: Path, photos: list[Path]) -> None:
    """Draw them one after the other, a row each."""
    with LimnerClient() as limner:
        lay_out([row_of(limner, photo) for photo in photos], sheet)


def row_of(limner: LimnerClient, photo: Path) -> list[Card]:
    """Return a person's photo and every animal's, cut out around the head alike."""
    cards: list[Card] = []
    for animal in limner.list_animals().animals:
        result = limner.animalize(photo, animal=animal)
        face = result.faces[0]
        picture = Image.open(io.BytesIO(result.image.data))
        square = around(face, result.width, result.height)
        if not cards:
            upright = ImageOps.exif_transpose(Image.open(photo))
            cards.append(Card(head(upright, square), photo.stem, f"{upright.width} px wide"))
        cards.append(Card(head(picture, square), animal, f"{face.coat} coat"))
    return cards


def around(face: AnimalizedFace, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the square of a photo that a card shows: left, top, right, bottom."""
    box = face.face.box
    tall = box.bottom - box.top
    side = min(round(WIDE * tall), width, height)
    left = round((box.left + box.right - side) / 2)
    top = round((box.top + box.bottom - side) / 2 - ABOVE * tall)
    left, top = min(max(left, 0), width - side), min(max(top, 0), height - side)
    return left, top, left + side, top + side


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
