"""Draws the stickers that come with the server: hat, crown, glasses and bow, each as a PNG.

They are shapes of flat color with a lighter and a darker side, drawn at eight times their size.
Run by hand, after which the pictures are committed.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Point = tuple[float, float]

FOLDER = Path(__file__).parent / "limner_server/stickers"
FINER = 8
"""How many times larger they are drawn than they are kept, each way."""

INK = (38, 30, 44)


class Sheet:
    """A clear picture that shapes are drawn on, in pixels of the sticker that it becomes."""

    def __init__(self, width: int, height: int) -> None:
        """Begin clear."""
        self.image = Image.new("RGBA", (width * FINER, height * FINER), (*INK, 0))
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Sequence[Point], color: tuple[int, ...]) -> None:
        self._draw.polygon([(x * FINER, y * FINER) for x, y in points], fill=color)

    def oval(self, center: Point, radii: Point, color: tuple[int, ...]) -> None:
        (x, y), (wide, high) = center, radii
        box = [(x - wide) * FINER, (y - high) * FINER, (x + wide) * FINER, (y + high) * FINER]
        self._draw.ellipse(box, fill=color)

    def shade(self, points: Sequence[Point], color: tuple[int, ...]) -> None:
        """Draw a shape only where something is drawn already."""
        over = Sheet(*(side // FINER for side in self.image.size))
        over.polygon(points, color)
        alpha = ImageChops.multiply(over.image.getchannel("A"), self.image.getchannel("A"))
        over.image.putalpha(alpha)
        self.image.alpha_composite(over.image)

    def see_through(self, shapes: Sheet, share: int) -> None:
        """Let so much of 255 through where other shapes are drawn."""
        lets = shapes.image.getchannel("A").point(lambda value: value * share // 255)
        self.image.putalpha(ImageChops.subtract(self.image.getchannel("A"), lets))

    def kept(self) -> Image.Image:
        """Return the sticker at its size, with few enough colors for a small file."""
        width, height = (side // FINER for side in self.image.size)
        small = self.image.convert("RGBa").resize((width, height), Image.Resampling.BOX)
        return small.convert("RGBA")


def curve(
    around: Callable[[float], Point], start: float, end: float, steps: int = 96
) -> list[Point]:
    """Return points of a curve between two parameters."""
    return [around(start + (end - start) * n / steps) for n in range(steps + 1)]


def hat() -> Image.Image:
    """Return a straw hat with a red band."""
    straw, dark, band = (226, 184, 108, 255), (150, 104, 46, 90), (190, 44, 52, 255)
    sheet = Sheet(384, 240)
    sheet.oval((192, 190), (188, 44), (201, 156, 82, 255))
    sheet.oval((192, 184), (186, 42), straw)
    crown = [
        (94, 190),
        *curve(lambda t: (192 - 84 * math.cos(t), 70 - 52 * math.sin(t)), 0, math.pi),
        (290, 190),
        *curve(lambda t: (192 + 98 * math.cos(t), 188 + 22 * math.sin(t)), 0, math.pi),
    ]
    sheet.polygon(crown, straw)
    ribbon = [
        *curve(lambda t: (192 + 95 * math.cos(t), 150 + 20 * math.sin(t)), 0, math.pi),
        *curve(lambda t: (192 - 98 * math.cos(t), 188 + 22 * math.sin(t)), 0, math.pi),
    ]
    sheet.polygon(ribbon, band)
    sheet.shade([(215, 0), (384, 0), (384, 240), (240, 240)], dark)
    sheet.shade([(120, 60), (150, 40), (142, 150), (116, 150)], (255, 240, 205, 110))
    return sheet.kept()


def crown() -> Image.Image:
    """Return a crown of gold with three stones."""
    gold, dark, light = (247, 199, 64, 255), (176, 112, 12, 110), (255, 240, 180, 130)
    sheet = Sheet(320, 220)
    tips = [(22, 40), (91, 60), (160, 18), (229, 60), (298, 40)]
    dips = [(66, 128), (123, 112), (197, 112), (254, 128)]
    line = [point for pair in zip(tips, [*dips, (0, 0)], strict=True) for point in pair][:-1]
    base = curve(lambda t: (160 + 122 * math.cos(t), 182 + 26 * math.sin(t)), 0, math.pi)
    sheet.polygon([*line, *base], gold)
    for tip in tips:
        sheet.oval(tip, (13, 13), gold)
    rim = [
        *curve(lambda t: (160 + 127 * math.cos(t), 158 + 26 * math.sin(t)), 0, math.pi),
        *curve(lambda t: (160 - 122 * math.cos(t), 184 + 26 * math.sin(t)), 0, math.pi),
    ]
    sheet.polygon(rim, (226, 168, 40, 255))
    sheet.shade([(178, 0), (320, 0), (320, 220), (200, 220)], dark)
    sheet.shade([(62, 100), (84, 110), (92, 210), (70, 210)], light)
    for center, color in (
        ((160, 150), (198, 36, 62)),
        ((96, 144), (44, 110, 190)),
        ((224, 144), (44, 150, 96)),
    ):
        sheet.oval(center, (15, 17), (*(value * 6 // 10 for value in color), 255))
        sheet.oval((center[0] - 1, center[1] - 2), (12, 14), (*color, 255))
        sheet.oval((center[0] - 5, center[1] - 8), (4, 4), (255, 255, 255, 170))
    return sheet.kept()


def glasses() -> Image.Image:
    """Return round sunglasses that let a little through."""
    sheet = Sheet(400, 150)
    for side in (-1, 1):
        x = 200 + side * 95
        arm = [(x + side * 70, 48), (200 + side * 197, 40), (200 + side * 197, 54)]
        sheet.polygon([*arm, (x + side * 70, 70)], (*INK, 255))
        sheet.oval((x, 72), (84, 70), (*INK, 255))
    bridge = [
        *curve(lambda t: (200 - 40 * math.cos(t), 66 - 26 * math.sin(t)), 0, math.pi),
        *curve(lambda t: (200 + 34 * math.cos(t), 72 - 18 * math.sin(t)), 0, math.pi),
    ]
    sheet.polygon(bridge, (*INK, 255))
    lenses = Sheet(400, 150)
    for side in (-1, 1):
        lenses.oval((200 + side * 95, 72), (72, 58), (255, 255, 255, 255))
    sheet.see_through(lenses, 45)
    for side in (-1, 1):
        x = 200 + side * 95
        gleam = [(x - 46, 60), (x - 12, 20), (x + 10, 20), (x - 40, 84)]
        sheet.polygon(gleam, (150, 160, 190, 205))
    return sheet.kept()


def bow() -> Image.Image:
    """Return a bow of pink ribbon."""
    pink, dark, knot = (240, 98, 146, 255), (150, 24, 84, 120), (214, 62, 116, 255)
    sheet = Sheet(280, 190)
    for side in (-1, 1):
        tail = [(140, 100), (140 + side * 74, 184), (140 + side * 48, 172), (140 + side * 34, 190)]
        sheet.polygon(tail, knot)
        loop = curve(
            lambda t, side=side: (
                140 + side * 132 * math.sin(t) ** 0.8,
                90 - 84 * math.sin(t) * math.cos(t) * (1.1 - 0.1 * math.sin(t)),
            ),
            0.0001,
            math.pi - 0.0001,
        )
        sheet.polygon(loop, pink)
        fold = [(140, 90), (140 + side * 92, 66), (140 + side * 100, 92), (140 + side * 90, 112)]
        sheet.shade(fold, dark)
        sheet.shade(
            [(140 + side * 50, 66), (140 + side * 112, 34), (140 + side * 118, 44)],
            (255, 214, 230, 150),
        )
    sheet.oval((140, 90), (24, 28), knot)
    sheet.oval((133, 80), (8, 9), (255, 170, 200, 200))
    return sheet.kept()


def main() -> None:
    """Write every sticker."""
    for sticker in (hat, crown, glasses, bow):
        path = FOLDER / f"{sticker.__name__}.png"
        sticker().save(path, optimize=True)
        print(f"{path.name}: {path.stat().st_size:,} bytes")  # noqa: T201 - run by hand


if __name__ == "__main__":
    main()
