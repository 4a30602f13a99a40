"""A photo with what was found in it drawn over it, for people to look at."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

if TYPE_CHECKING:
    from pathlib import Path

    from limner_client.results import SegmentResult
    from limner_client.values import Box, Face

Color = tuple[int, int, int, int]

OUTLINE: Color = (255, 196, 61, 255)
SELECTED: Color = (94, 234, 212, 255)
OTHER: Color = (226, 232, 240, 200)
MESH: Color = (255, 255, 255, 150)
IRIS: Color = (255, 120, 150, 255)
INK: Color = (15, 23, 42, 255)

TINTS: dict[str, Color] = {
    "hair": (217, 70, 239, 120),
    "face_skin": (251, 146, 60, 90),
    "body_and_clothes": (56, 189, 248, 80),
}
"""What is laid over the parts of a person."""

DIMMED = 0.62
"""How bright the background stays."""
LAYER_EDGE = 3000
"""Longest edge drawn at, in pixels; small photos are drawn at twice their size and shrunk."""
IRIS_START = 468
"""Where the irises begin in mediapipe_478."""


def draw_overlay(photo: Path, result: SegmentResult, path: Path) -> None:
    """Write `photo`, upright, with the classes and every face of `result` drawn in."""
    with Image.open(photo) as opened:
        profile = opened.info.get("icc_profile")
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    scale = min(2.0, LAYER_EDGE / max(picture.size))
    size = (round(picture.width * scale), round(picture.height * scale))
    layer = Image.new("RGBA", size, (0, 0, 0, 0))
    line = max(3, round(max(size) / 400))

    if "person" in result.masks:
        mask = _mask(result, "person")
        picture = _dim_background(picture, mask)
        _outline(layer, mask, line)
    for name in result.masks.keys() & TINTS.keys():
        tint = Image.new("RGB", picture.size, TINTS[name][:3])
        mask = _mask(result, name).resize(picture.size)
        picture.paste(tint, mask=mask.point(lambda value, a=TINTS[name][3]: value * a / 255))
    for index, face in enumerate(result.faces):
        _draw_face(layer, face, scale, line, SELECTED if face is result.selected else OTHER)
        _label(layer, face.box, f"face {index}", scale, line)

    layer = layer.resize(picture.size, Image.Resampling.LANCZOS)
    picture.paste(layer, mask=layer)
    picture.save(path, quality=92, icc_profile=profile)


def _mask(result: SegmentResult, name: str) -> Image.Image:
    return Image.open(BytesIO(result.masks[name].data)).convert("L")


def _dim_background(picture: Image.Image, mask: Image.Image) -> Image.Image:
    dark = picture.point(lambda value: value * DIMMED)
    soft = mask.resize(picture.size).filter(ImageFilter.GaussianBlur(max(picture.size) / 800))
    return Image.composite(picture, dark, soft)


def _outline(layer: Image.Image, mask: Image.Image, line: int) -> None:
    """Draw where the blurred mask passes one half: a smooth line, about `line` pixels wide."""
    blurred = mask.resize(layer.size).filter(ImageFilter.GaussianBlur(line))
    near = blurred.point(lambda value: max(0, 255 - abs(int(value) - 128) * 5))
    strength = near.point(lambda value: min(255, value * 3))
    layer.paste(Image.new("RGBA", layer.size, OUTLINE), mask=strength)
    layer.putalpha(strength)


def _draw_face(layer: Image.Image, face: Face, scale: float, line: int, color: Color) -> None:
    draw = ImageDraw.Draw(layer)
    for index, (x, y, _) in enumerate(face.landmarks):
        iris = index >= IRIS_START
        _dot(draw, x * scale, y * scale, line * (0.6 if iris else 0.4), IRIS if iris else MESH)
    oval = [(x * scale, y * scale) for x, y in face.oval]
    if oval:
        draw.line([*oval, oval[0]], fill=color, width=line, joint="curve")
    _draw_corners(draw, face.box, scale, line, color)


def _dot(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, color: Color) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def _draw_corners(
    draw: ImageDraw.ImageDraw, box: Box, scale: float, line: int, color: Color
) -> None:
    """Draw the four corners of a box, a fifth of its sides long: it hides less than a frame."""
    left, top, right, bottom = (v * scale for v in (box.left, box.top, box.right, box.bottom))
    arm = min(right - left, bottom - top) / 5
    for x, inward_x in ((left, arm), (right, -arm)):
        for y, inward_y in ((top, arm), (bottom, -arm)):
            corner = [(x + inward_x, y), (x, y), (x, y + inward_y)]
            draw.line(corner, fill=color, width=2 * line, joint="curve")


def _label(layer: Image.Image, box: Box, text: str, scale: float, line: int) -> None:
    """Write on a plate at the box's top left corner, inside the picture."""
    draw = ImageDraw.Draw(layer)
    height = max(22, line * 8)
    font = ImageFont.load_default(size=height)
    x, y = max(0, box.left * scale), max(0, box.top * scale - 1.6 * height)
    plate = draw.textbbox((x + 2 * line, y + line), text, font=font)
    frame = (plate[0] - 2 * line, plate[1] - line, plate[2] + 2 * line, plate[3] + line)
    draw.rounded_rectangle(frame, radius=2 * line, fill=OTHER)
    draw.text((x + 2 * line, y + line), text, font=font, fill=INK)
