"""A contact sheet: many pictures on one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST = 64
"""Pictures on one sheet."""
WIDEST = 8
LARGEST_CELL = 256


def contact_sheet(rows: Sequence[Sequence[Path]], file: Path) -> None:
    """Write a JPEG of pictures, each row a line; a single column is folded to a square.

    Args:
        rows: Picture files of one size; rows may be of different lengths.
        file: Where the sheet goes.

    Raises:
        OSError: A picture cannot be read or the sheet not be written.
    """
    shown = list(rows[:MOST])
    if max(len(row) for row in shown) == 1:
        files = [row[0] for row in shown]
        columns = min(WIDEST, math.ceil(math.sqrt(len(files))))
        shown = [files[start : start + columns] for start in range(0, len(files), columns)]
    with Image.open(shown[0][0]) as first:
        cell = min(first.width, LARGEST_CELL)
    sheet = Image.new("RGB", (cell * max(len(row) for row in shown), cell * len(shown)))
    for y, row in enumerate(shown):
        for x, name in enumerate(row):
            with Image.open(name) as picture:
                small = picture.convert("RGB").resize((cell, cell), Image.Resampling.LANCZOS)
            sheet.paste(small, (x * cell, y * cell))
    unfinished = file.with_name(f".{file.name}.part")
    sheet.save(unfinished, "JPEG", quality=90)
    unfinished.rename(file)
