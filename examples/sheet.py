"""The demo's contact sheet: one head in the colors it was dyed, each under its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PAPER, INK, PENCIL = (247, 244, 239), (38, 34, 32), (140, 131, 124)
EDGE, GAP, CAPTION, MARGIN = 320, 28, 64, 44
"""Pixels: of a picture's side, between pictures, of the line below one, around the sheet."""
ROUND = 18
FINER = 4
"""Masks are drawn so many times finer, for smooth curves."""


@dataclass(frozen=True)
class Card:
    """One picture of the sheet and what is written below it."""

    picture: Image.Image
    title: str
    note: str
    chip: str | None = None
    """Color of the dot before the title."""


def lay_out(rows: Sequence[Sequence[Card]], path: Path) -> None:
    """Write the cards to `path`, row by row; the first of each row stands a little apart."""
    columns = max(len(row) for row in rows)
    width = 2 * MARGIN + columns * EDGE + columns * GAP
    height = 2 * MARGIN + len(rows) * (EDGE + CAPTION) - GAP
    sheet = Image.new("RGB", (width, height), PAPER)
    for line, row in enumerate(rows):
        for place, card in enumerate(row):
            left = MARGIN + place * (EDGE + GAP) + (GAP if place else 0)
            _place(sheet, card, left, MARGIN + line * (EDGE + CAPTION))
    sheet.save(path, quality=93)


def head(picture: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """Return what lies in `box`, as large as a card shows it."""
    cut = picture.convert("RGB").crop(box)
    return cut.resize((EDGE, EDGE), Image.Resampling.LANCZOS)


def _place(sheet: Image.Image, card: Card, left: int, top: int) -> None:
    sheet.paste(card.picture, (left, top), _rounded())
    draw = ImageDraw.Draw(sheet)
    line = top + EDGE + 22
    start = left + 4
    if card.chip:
        sheet.paste(Image.new("RGB", (20, 20), card.chip), (left + 2, line - 10), _dot())
        start = left + 32
    draw.text((start, line), card.title, INK, ImageFont.load_default(20), anchor="lm")
    note = ImageFont.load_default(14)
    draw.text((left + EDGE - 4, line + 1), card.note, PENCIL, note, anchor="rm")


def _rounded() -> Image.Image:
    mask = Image.new("L", (EDGE * FINER, EDGE * FINER), 0)
    corner = (EDGE * FINER - 1, EDGE * FINER - 1)
    ImageDraw.Draw(mask).rounded_rectangle(((0, 0), corner), ROUND * FINER, fill=255)
    return mask.resize((EDGE, EDGE), Image.Resampling.LANCZOS)


def _dot() -> Image.Image:
    mask = Image.new("L", (20 * FINER, 20 * FINER), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, 20 * FINER - 1, 20 * FINER - 1), fill=255)
    return mask.resize((20, 20), Image.Resampling.LANCZOS)
