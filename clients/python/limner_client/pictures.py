"""Pictures and planes as replies hold them, and how a caller wants them written."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from os import PathLike

    from PIL import Image

PictureFormat = Literal["jpeg", "png", "webp", "raw_rgb8", "raw_rgba8"]
PlaneFormat = Literal["png8", "raw_u8"]

SUFFIXES: dict[str, PictureFormat] = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".webp": "webp",
}
"""What a file's name says of its format."""


@dataclass(frozen=True)
class Output:
    """How the pictures and planes of a reply are to be written."""

    format: PictureFormat = "jpeg"
    """The format of pictures; ask for PNG or WebP where alpha is needed."""
    quality: int | None = None
    """Quality of JPEG and lossy WebP, in [1, 100]; None is the server's, 92."""
    longest_edge: int | None = None
    """Longest edge in pixels, in [16, 65535]; None keeps the input's size."""
    plane_format: PlaneFormat = "png8"
    """The format of masks and alphas; raw ones can be read by numpy.asarray."""


@dataclass(frozen=True)
class Picture:
    """One picture of a reply; numpy.asarray gives HxWx3 or HxWx4 uint8 if it is raw."""

    data: bytes = field(repr=False)
    """The encoded file, or the raw rows from the top."""
    format: PictureFormat
    width: int
    """In pixels."""
    height: int
    """In pixels."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """What numpy.asarray reads."""
        channels = {"raw_rgb8": 3, "raw_rgba8": 4}.get(self.format)
        if channels is None:
            raise TypeError(
                f'this picture is encoded as {self.format}: ask for Output(format="raw_rgb8") '
                "to have pixels, or decode its data"
            )
        return _interface(self.data, (self.height, self.width, channels))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the picture to `path`, in the format its suffix names.

        Raw and otherwise encoded pictures are converted by Pillow, which comes with the `cli`
        extra. With a suffix that names no format, the data is written as it is.
        """
        mode = {"raw_rgb8": "RGB", "raw_rgba8": "RGBA"}.get(self.format)
        _save(self.data, self.format, mode, (self.width, self.height), Path(path))


@dataclass(frozen=True)
class Plane:
    """One value a pixel, in [0, 255]: a mask, a trimap or an alpha."""

    data: bytes = field(repr=False)
    """An 8-bit gray PNG, or the raw rows from the top."""
    format: PlaneFormat
    width: int
    """In pixels."""
    height: int
    """In pixels."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """What numpy.asarray reads."""
        if self.format != "raw_u8":
            raise TypeError(
                'this plane is encoded as PNG: ask for Output(plane_format="raw_u8") '
                "to have pixels, or decode its data"
            )
        return _interface(self.data, (self.height, self.width))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the plane to `path`, in the format its suffix names, as Picture.save does."""
        encoded, mode = ("png", None) if self.format == "png8" else (self.format, "L")
        _save(self.data, encoded, mode, (self.width, self.height), Path(path))


def _interface(data: bytes, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"version": 3, "shape": shape, "typestr": "|u1", "data": data}


def _save(data: bytes, encoded: str, mode: str | None, size: tuple[int, int], path: Path) -> None:
    wanted = SUFFIXES.get(path.suffix.lower(), encoded)
    if wanted == encoded:
        path.write_bytes(data)
        return
    picture = _opened(data, mode, size)
    if wanted == "jpeg" and picture.mode == "RGBA":
        picture = picture.convert("RGB")
    picture.save(path, wanted)


def _opened(data: bytes, mode: str | None, size: tuple[int, int]) -> Image.Image:
    try:
        from PIL import Image  # noqa: PLC0415 - an extra, needed by few
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "this conversion needs Pillow: pip install 'limner[cli]'", name=error.name
        ) from error
    return Image.frombytes(mode, size, data) if mode else Image.open(BytesIO(data))
