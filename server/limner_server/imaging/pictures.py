"""What an encoded picture says of itself before it is decoded, and what can be wrong with it.

PictureError
+-- TooLarge        more bytes than MAX_BYTES
+-- TooManyPixels   more pixels than MAX_PIXELS
+-- Unreadable      not a picture, or a broken one
+-- Unsupported     a picture of a kind that is not taken
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MAX_BYTES: Final = 32_000_000
"""The largest file that is looked into."""

MAX_PIXELS: Final = 50_000_000
"""The largest picture that is decoded: 150 MB of RGB."""

Format = Literal["jpeg", "png", "webp"]


class PictureError(ValueError):
    """An encoded picture cannot be taken; the message says why in one sentence."""


class TooLarge(PictureError):
    """The file has more bytes than are looked into."""


class TooManyPixels(PictureError):
    """The picture has more pixels than are decoded."""


class Unreadable(PictureError):
    """The bytes are no picture, or one that breaks off or contradicts itself."""


class Unsupported(PictureError):
    """The bytes are a picture of a kind that is not taken."""


@dataclass(frozen=True)
class Header:
    """What the first bytes of a picture promise."""

    format: Format
    width: int
    """Pixels from left to right once the picture stands upright."""
    height: int
    """Pixels from top to bottom once the picture stands upright."""
    orientation: int = 1
    """The EXIF orientation that is still to be undone, in [1, 8]; 1 is upright."""


FOREIGN: Final = (
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "BigTIFF"),
    (0, b"MM\0+", "BigTIFF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"%PDF", "PDF"),
    (0, b"\0\0\1\0", "icon"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"qoif", "QOI"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (4, b"ftypavi", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftyphev", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypmsf1", "HEIF"),
    (4, b"ftypcrx", "Canon raw"),
    (4, b"ftyp", "video"),
    (0, b"\x1a\x45\xdf\xa3", "video"),
    (0, b"<svg", "SVG"),
)
"""Where in a file which bytes stand for a kind that is not taken."""


def check_length(data: bytes) -> None:
    """Refuse what is too large or empty.

    Raises:
        TooLarge: More than MAX_BYTES.
        Unreadable: No bytes at all.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"the picture has {len(data):,} bytes; at most {MAX_BYTES:,} are taken")
    if not data:
        raise Unreadable("the picture has no bytes")


def check_bytes(data: bytes) -> None:
    """Refuse an encoded picture that is too large, empty, or of a kind that is not taken.

    Raises:
        TooLarge, Unreadable: As `check_length`.
        Unsupported: Another kind of picture; the message names it.
    """
    check_length(data)
    for start, magic, kind in FOREIGN:
        if data.startswith(magic, start):
            raise Unsupported(f"the picture is {kind}; JPEG, PNG and WebP are taken")


def check_size(width: int, height: int, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse a picture without pixels or with more of them than are decoded.

    Raises:
        Unreadable: A side is 0.
        TooManyPixels: More than `max_pixels`.
    """
    if width <= 0 or height <= 0:
        raise Unreadable(f"the picture says it has {width} x {height} pixels")
    if width * height > max_pixels:
        raise TooManyPixels(
            f"the picture has {width:,} x {height:,} = {width * height:,} pixels; "
            f"at most {max_pixels:,} are taken"
        )
