"""Encoded pictures to pixels and back.

Pillow does both. It is as fast as OpenCV, and it alone knows color profiles, CMYK and palettes. For
a photo of 1024 x 629 pixels, in milliseconds, Pillow before OpenCV: decode JPEG 2.3 and 1.6, PNG 14
and 13, WebP 7 and 6; encode JPEG 1.8 and 3.2, PNG 37 and 30, WebP 22 and 51. Its format classes are
called directly, not through `Image.open`: no plugin is tried in vain, and no warning is raised that
only a filter shared by all threads could hold back.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from PIL import Image, ImageChops, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from limner_server.imaging.containers import PNG_MAGIC, essence, png_head, png_parts, read_header
from limner_server.imaging.pictures import (
    MAX_BYTES,
    MAX_PIXELS,
    Format,
    Header,
    PictureError,
    TooLarge,
    TooManyPixels,
    Unreadable,
    Unsupported,
    check_bytes,
    check_size,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Photo, Plane

__all__ = [
    "DEFAULT_QUALITY",
    "MAX_BYTES",
    "MAX_PIXELS",
    "Format",
    "Header",
    "PictureError",
    "TooLarge",
    "TooManyPixels",
    "Unreadable",
    "Unsupported",
    "decode",
    "decode_cutout",
    "decode_plane",
    "encode",
    "encode_plane",
    "read_header",
    "read_plane_header",
]

DEFAULT_QUALITY: Final = 92

FULL_CHROMA_QUALITY: Final = 95
"""From this quality on JPEG keeps full color; below, red edges soften and a quarter is saved."""

_PNG_COLORS: Final = {0: "gray", 2: "RGB", 3: "palette", 4: "gray with alpha", 6: "RGBA"}

_PLUGINS: Final[dict[str, Callable[[io.BytesIO], Image.Image]]] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
}

_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers raise over broken files; its own `Image.open` lists most of them."""

_RLE: Final = 3
"""zlib's run-length strategy: on filtered photos a third faster than the default, and smaller."""

Pixels = TypeVar("Pixels", bound="NDArray[np.uint8]")


def decode(data: bytes) -> Photo:
    """Return the pixels of a JPEG, PNG or WebP, upright and in sRGB.

    Turned by its EXIF orientation; an embedded profile is converted (relative colorimetric, with
    black point compensation), a broken one ignored. 16-bit samples keep their high byte. An alpha
    is dropped and the colors under it kept as they are written: straight, not laid over anything.
    Of an animation, the first frame or the still that stands for it.

    Returns:
        HxWx3 uint8, sRGB.

    Raises:
        TooLarge: More than MAX_BYTES.
        TooManyPixels: More than MAX_PIXELS.
        Unsupported: Another kind of picture.
        Unreadable: Not a picture, or one that breaks off.
    """
    header = read_header(data)
    image = _open(essence(data, header), header)
    colors = _to_srgb(image)
    try:
        pixels = np.asarray(colors)
    except _BROKEN as error:
        raise _unreadable(header, error) from error
    return upright(pixels, header.orientation)


def decode_cutout(data: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return the pixels of a picture that holds an alpha, and that alpha; else as `decode`.

    Returns:
        HxWx4 uint8, sRGB that is not premultiplied, and alpha.

    Raises:
        TooLarge, TooManyPixels, Unreadable: As `decode`; TooManyPixels above `max_pixels`.
        Unsupported: A kind of picture that has no alpha, or one that brings none.
    """
    header = read_header(data)
    check_size(header.width, header.height, max_pixels)
    image = _open(essence(data, header), header)
    if not image.has_transparency_data:
        raise Unsupported(f"the {header.format} file has no alpha; a PNG or WebP with one is taken")
    try:
        alpha = image.convert("RGBA").getchannel("A")
        pixels = np.dstack((np.asarray(_to_srgb(image)), np.asarray(alpha)))
    except _BROKEN as error:
        raise _unreadable(header, error) from error
    return upright(pixels, header.orientation)


def encode(
    pixels: NDArray[np.uint8], picture_format: Format, quality: int = DEFAULT_QUALITY
) -> bytes:
    """Return pixels as a JPEG, PNG or WebP file.

    JPEG halves the color's resolution below FULL_CHROMA_QUALITY. PNG is written for speed: level
    1, run lengths. WebP is lossy, its alpha lossless.

    Args:
        pixels: HxWx3 uint8, sRGB; or HxWx4 with straight alpha, which JPEG leaves out.
        picture_format: What to write.
        quality: Of JPEG and WebP, in [1, 100].

    Raises:
        ValueError: The format cannot hold so many pixels a side (JPEG 65,535, WebP 16,383).
    """
    limit = {"jpeg": 65_535, "webp": 16_383}.get(picture_format)
    if limit and max(pixels.shape[:2]) > limit:
        raise ValueError(f"{picture_format} holds at most {limit:,} pixels a side")
    if picture_format == "jpeg":
        chroma = 0 if quality >= FULL_CHROMA_QUALITY else 2
        return _save(pixels[..., :3], "JPEG", quality=quality, subsampling=chroma)
    if picture_format == "webp":
        return _save(pixels, "WEBP", quality=quality, method=1)
    return _save(pixels, "PNG", compress_level=1, compress_type=_RLE)


def read_plane_header(data: bytes, max_pixels: int = MAX_PIXELS) -> Header:
    """Return the size of an 8-bit gray PNG, from its head alone; none is turned by its EXIF.

    Raises:
        TooLarge, TooManyPixels, Unreadable: As `read_header`.
        Unsupported: Not a PNG, or one with other than 8 bits of gray a pixel.
    """
    check_bytes(data)
    if not data.startswith(PNG_MAGIC):
        other = read_header(data).format
        raise Unsupported(f"the plane is a {other} file; an 8-bit gray PNG is taken")
    width, height, depth, color = png_head(data)
    check_size(width, height, max_pixels)
    if (depth, color) != (8, 0):
        kind = _PNG_COLORS.get(color, "?")
        raise Unsupported(f"the plane is {depth}-bit {kind} PNG; 8-bit gray is taken")
    return Header("png", width, height)


def decode_plane(data: bytes, max_pixels: int = MAX_PIXELS) -> Plane:
    """Return the values of an 8-bit gray PNG, exactly as they are written.

    Returns:
        HxW uint8.

    Raises:
        TooLarge: More than MAX_BYTES.
        TooManyPixels: More than `max_pixels`.
        Unsupported: Not a PNG, or one with other than 8 bits of gray a pixel.
        Unreadable: Not a picture, or one that breaks off.
    """
    header = read_plane_header(data, max_pixels)
    kept = (part for part in png_parts(data) if part.kind in {b"IHDR", b"IDAT", b"IEND"})
    bare = PNG_MAGIC + b"".join(data[part.start : part.end + 4] for part in kept)
    return np.asarray(_open(bare, header))


def encode_plane(plane: Plane) -> bytes:
    """Return a HxW uint8 plane as an 8-bit gray PNG, written for speed."""
    return _save(plane, "PNG", compress_level=1, compress_type=_RLE)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return pixels turned and mirrored so that what EXIF calls `orientation` stands upright.

    Args:
        pixels: HxW or HxWxC, any range.
        orientation: As in EXIF 2.32, tag 0x0112, in [1, 8].
    """
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)  # type: ignore[assignment]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]  # type: ignore[assignment]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]  # type: ignore[assignment]
    return np.ascontiguousarray(pixels)  # type: ignore[return-value]


def _open(data: bytes, header: Header) -> Image.Image:
    """Decode the whole picture, holding it to the size that its header promised."""
    try:
        image = _PLUGINS[header.format](io.BytesIO(data))
        promised = header.width * header.height
        if image.width * image.height != promised:
            raise Unreadable(f"the {header.format} file contradicts itself about its size")
        image.load()
    except PictureError:
        raise
    except _BROKEN as error:
        raise _unreadable(header, error) from error
    return image


def _unreadable(header: Header, error: Exception) -> Unreadable:
    return Unreadable(f"the {header.format} file is broken or cut off ({error})")


def _to_srgb(image: Image.Image) -> Image.Image:
    """Return the picture as RGB, through its color profile where it has one."""
    profile = image.info.get("icc_profile")
    plain = _without_alpha(image)
    if plain.mode == "CMYK" and "adobe" not in image.info:
        plain = ImageChops.invert(plain)  # Pillow takes every CMYK for Adobe's, which is inverted
    if profile:
        converted = _convert(plain, profile)
        if converted is not None:
            return converted
    return plain.convert("RGB")


def _without_alpha(image: Image.Image) -> Image.Image:
    """Return the picture as L, RGB or CMYK of 8 bits."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode == "LA":
        return image.getchannel(0)
    if image.mode == "P":
        return image.convert("RGBA").convert("RGB")
    if image.mode in {"L", "RGB", "CMYK"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _convert(image: Image.Image, icc: bytes) -> Image.Image | None:
    """Return the picture in sRGB; None where its profile is sRGB already, or of no use."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip()
        if space != {"L": "GRAY"}.get(image.mode, image.mode):
            return None
        if "sRGB" in (profile.profile.profile_description or ""):
            return None
        return ImageCms.profileToProfile(
            image,
            profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, *_BROKEN):
        return None


def _save(pixels: NDArray[np.uint8], name: str, **options: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, name, **options)
    return file.getvalue()
