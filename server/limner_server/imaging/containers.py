"""Walks the parts of JPEG, PNG and WebP files without decoding any of them.

A decoder is handed only the parts that pixels and color need. Text bombs, broken EXIF, thumbnails
and animation tables are left out before it sees them: it can neither inflate nor stumble over them.
So is what follows a JPEG's or a PNG's end: phones append videos, depths and further pictures.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from limner_server.imaging.pictures import Header, Unreadable, Unsupported, check_bytes, check_size

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
MAX_PARTS: Final = 4096
"""The longest profiles and descriptions are cut into hundreds; more are there to waste time."""
MAX_PIXEL_PARTS: Final = 16_384
"""A PNG of 32 MB in chunks of 2 KB; encoders write 8 KB at least."""
MAX_SCANS: Final = 100
"""Progressive encoders write about ten; each more decodes the whole picture again."""
MAX_PROFILE_BYTES: Final = 2**20
"""Pillow inflates no larger chunk and gives the whole file up; here only the profile is."""

ORIENTATION_TAG: Final = 0x0112
_PNG_PIXELS: Final = frozenset({b"IDAT", b"fdAT"})
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_DROPPED: Final = frozenset({0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE})
"""Everything that only describes; JFIF, ICC and Adobe decide colors and stay."""
_SOS: Final = 0xDA
_EOI: Final = 0xD9
_JPEG_MARKER: Final = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""What ends a scan: neither a restart in it nor one of its own bytes, which zeros set apart."""
_WINDOW: Final = 2**20
"""Bytes searched at once; other threads wait meanwhile."""


class Part(NamedTuple):
    """One chunk or segment of a file."""

    kind: bytes
    start: int
    """Where its head begins."""
    body: int
    """Where its content begins."""
    end: int
    """Where its content ends; of a PNG chunk, the checksum not counted."""


def read_header(data: bytes) -> Header:
    """Return format and upright size of an encoded picture, from its head alone.

    Takes microseconds, at worst milliseconds, and no memory whatever the size it promises.

    Raises:
        TooLarge: More than MAX_BYTES.
        TooManyPixels: More than MAX_PIXELS.
        Unsupported: Another kind of picture.
        Unreadable: Not a picture, or one of more than MAX_PARTS parts.
    """
    check_bytes(data)
    if data.startswith(PNG_MAGIC):
        header = _png_header(data)
    elif data.startswith(b"\xff\xd8\xff"):
        header = _jpeg_header(data)
    elif data.startswith(b"RIFF") and data.startswith(b"WEBP", 8):
        header = _webp_header(data)
    else:
        raise Unreadable("the bytes are no picture: they begin like no JPEG, PNG or WebP")
    check_size(header.width, header.height)
    if header.orientation > 4:
        return Header(header.format, header.height, header.width, header.orientation)
    return header


def essence(data: bytes, header: Header) -> bytes:
    """Return the picture without the parts that neither pixels nor colors need.

    Args:
        data: A whole file, as `read_header` accepted it.
        header: What `read_header` said of it.

    Raises:
        Unreadable: The parts break off, or a JPEG has more than MAX_SCANS scans.
    """
    if header.format == "png":
        kept = (part for part in png_parts(data) if _is_kept(data, part))
        return PNG_MAGIC + b"".join(data[part.start : part.end + 4] for part in kept)
    if header.format == "jpeg":
        return _jpeg_essence(data)
    return data


def png_parts(data: bytes) -> Iterator[Part]:
    """Yield the chunks of a PNG up to its end, or to where it breaks off.

    Chunks of pixels that follow one another are one part, up to MAX_PIXEL_PARTS in all.

    Raises:
        Unreadable: There are more than MAX_PARTS parts.
    """
    place, joined = len(PNG_MAGIC), 0
    for _ in range(MAX_PARTS):
        start = place
        if start + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, start)
        place += 12 + length
        while kind in _PNG_PIXELS and joined < MAX_PIXEL_PARTS and data.startswith(kind, place + 4):
            place += 12 + int.from_bytes(data[place : place + 4], "big")
            joined += 1
        yield Part(kind, start, start + 8, place - 4)
        if kind == b"IEND":
            return
    raise Unreadable(f"the PNG has more than {MAX_PARTS:,} chunks")


def jpeg_parts(data: bytes) -> Iterator[Part]:
    """Yield the segments of a JPEG up to its first scan, which is the last one yielded.

    Raises:
        Unreadable: The segments break off before a scan, or are more than MAX_PARTS.
    """
    place = 2
    for _ in range(MAX_PARTS):
        if place + 4 > len(data) or data[place] != 0xFF:
            raise Unreadable("the JPEG breaks off before its pixels")
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker in _JPEG_BARE:
            place += 2
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        yield Part(bytes((marker,)), place, place + 4, place + 2 + length)
        if marker == _SOS:
            return
        place += 2 + length
    raise Unreadable(f"the JPEG has more than {MAX_PARTS:,} segments before its pixels")


def webp_parts(data: bytes) -> Iterator[Part]:
    """Yield the chunks of a WebP up to its end, or to where it breaks off.

    Raises:
        Unreadable: There are more than MAX_PARTS.
    """
    place = 12
    end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    for _ in range(MAX_PARTS):
        if place + 8 > end:
            return
        kind, length = struct.unpack_from("<4sI", data, place)
        yield Part(kind, place, place + 8, place + 8 + length)
        place += 8 + length + length % 2
    raise Unreadable(f"the WebP has more than {MAX_PARTS:,} chunks")


def orientation_of(exif: bytes) -> int:
    """Return the EXIF orientation in a TIFF block, in [1, 8]; 1 where it says none or is broken."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 8:
        return 1
    (place,) = struct.unpack_from(f"{order}I", exif, 4)
    if place + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(f"{order}H", exif, place)
    for entry in range(place + 2, min(place + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
        if tag == ORIENTATION_TAG:
            return value if kind == 3 and 1 <= value <= 8 else 1
    return 1


def _is_kept(data: bytes, part: Part) -> bool:
    """Say whether a PNG chunk decides pixels or colors, and can be inflated without harm."""
    if part.kind != b"iCCP":
        return part.kind in _PNG_KEPT
    _, _, packed = data[part.body : part.end].partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return False
    return len(profile) <= MAX_PROFILE_BYTES


def png_head(data: bytes) -> tuple[int, int, int, int]:
    """Return a PNG's width, height, bits a sample and kind of color."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise Unreadable("the PNG breaks off in its header")
    width, height, depth, color = struct.unpack_from(">IIBB", data, 16)
    return width, height, depth, color


def _png_header(data: bytes) -> Header:
    width, height, _, _ = png_head(data)
    exif = (data[part.body : part.end] for part in png_parts(data) if part.kind == b"eXIf")
    return Header("png", width, height, orientation_of(next(exif, b"")))


def _jpeg_header(data: bytes) -> Header:
    orientation = 1
    for kind, _, body, end in jpeg_parts(data):
        if kind == b"\xe1" and data.startswith(b"Exif\0\0", body) and orientation == 1:
            orientation = orientation_of(data[body + 6 : end])
        if kind[0] in _JPEG_FRAMES:
            if body + 5 > len(data):
                break
            depth, height, width = struct.unpack_from(">BHH", data, body)
            if depth != 8:
                raise Unsupported(f"the JPEG has {depth} bits a channel; 8 are taken")
            return Header("jpeg", width, height, orientation)
    raise Unreadable("the JPEG does not say how large it is")


def _webp_header(data: bytes) -> Header:
    if len(data) < 30:
        raise Unreadable("the WebP breaks off in its header")
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        width = int.from_bytes(body[4:7], "little") + 1
        height = int.from_bytes(body[7:10], "little") + 1
    elif kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width = int.from_bytes(body[6:8], "little") & 0x3FFF
        height = int.from_bytes(body[8:10], "little") & 0x3FFF
    else:
        raise Unreadable("the WebP does not say how large it is")
    exif = b""
    if kind == b"VP8X":
        exif = next((data[p.body : p.end] for p in webp_parts(data) if p.kind == b"EXIF"), b"")
    return Header("webp", width, height, orientation_of(exif.removeprefix(b"Exif\0\0")))


def _jpeg_essence(data: bytes) -> bytes:
    kept = [data[:2]]
    scan = len(data)
    for part in jpeg_parts(data):
        scan = part.start
        if part.kind[0] not in _JPEG_DROPPED and part.kind[0] != _SOS:
            kept.append(data[part.start : part.end])
    return b"".join(kept) + data[scan : _jpeg_end(data, scan)]


def _jpeg_end(data: bytes, scan: int) -> int:
    """Return where a JPEG ends whose first scan begins at `scan`; other bytes may follow.

    Raises:
        Unreadable: It has more than MAX_SCANS scans, or more than MAX_PARTS segments among them.
    """
    place, scans = scan, 0
    for _ in range(MAX_PARTS):
        place = _after_marker(data, place)
        kind = data[place - 1]
        if place == len(data) or kind == _EOI:
            return place
        scans += kind == _SOS
        if scans > MAX_SCANS:
            raise Unreadable(f"the JPEG has more than {MAX_SCANS} scans")
        place += int.from_bytes(data[place : place + 2], "big")
    raise Unreadable(f"the JPEG has more than {MAX_PARTS:,} segments")


def _after_marker(data: bytes, place: int) -> int:
    """Return where the next marker of a JPEG ends, or where its data does if there is none."""
    for start in range(place, len(data), _WINDOW):
        marker = _JPEG_MARKER.search(data, start, start + _WINDOW + 1)
        if marker:
            return marker.end()
    return len(data)
