from __future__ import annotations

import io
import struct
import threading
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from limner_server.imaging import codec, containers

sizes = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def ramp(height=48, width=64):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 / width, y * 255 / height, (x + y) * 2], -1).astype(np.uint8)


def pillow(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, *chunks, depth=8, color=2):
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return containers.PNG_MAGIC + head + b"".join(chunks) + png_chunk(b"IEND", b"")


def png_16(samples, color):
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return png(width, height, png_chunk(b"IDAT", zlib.compress(rows)), depth=16, color=color)


def packed_ramp():
    return zlib.compress(b"".join(b"\0" + row.tobytes() for row in ramp()))


def jpeg_frame(width, height, depth=8):
    return (
        b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 17, depth, height, width, 3) + b"\1\x22\0" * 3
    )


def webp_head(width, height):
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + size


@given(seeds, sizes, sizes, st.sampled_from([3, 4]))
def test_a_png_gives_back_the_colors_it_was_given(seed, height, width, channels):
    pixels = noise(seed, height, width, channels)

    again = codec.decode(codec.encode(pixels, "png"))

    np.testing.assert_array_equal(again, pixels[..., :3])


@given(seeds, sizes, sizes)
def test_a_plane_gives_back_the_values_it_was_given(seed, height, width):
    plane = noise(seed, height, width)

    np.testing.assert_array_equal(codec.decode_plane(codec.encode_plane(plane)), plane)


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
@pytest.mark.parametrize("channels", [3, 4])
def test_lossy_formats_stay_near_the_picture(kind, channels):
    pixels = np.dstack([ramp(), np.full((48, 64), 255, np.uint8)])[..., :channels]

    again = codec.decode(codec.encode(pixels, kind, 90))

    assert np.abs(again.astype(int) - ramp()).mean() < 3


def test_the_alpha_of_a_webp_survives_exactly():
    pixels = np.dstack([ramp(), noise(1, 48, 64)])

    again = Image.open(io.BytesIO(codec.encode(pixels, "webp")))

    np.testing.assert_array_equal(np.asarray(again)[..., 3], pixels[..., 3])


@pytest.mark.parametrize(("kind", "side"), [("jpeg", 65_536), ("webp", 16_384)])
def test_a_format_that_cannot_hold_a_side_says_so(kind, side):
    with pytest.raises(ValueError, match="at most"):
        codec.encode(np.zeros((1, side, 3), np.uint8), kind)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright_as_pillow_turns_it(kind, orientation):
    exif = Image.Exif()
    exif[containers.ORIENTATION_TAG] = orientation
    data = pillow(Image.fromarray(ramp(40, 24)), kind, exif=exif.tobytes())
    from PIL import ImageOps

    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    header = codec.read_header(data)

    np.testing.assert_array_equal(codec.decode(data), expected)
    assert (header.height, header.width) == expected.shape[:2]
    assert header.format == kind.lower()


@given(seeds, st.integers(1, 8), sizes, sizes)
def test_turning_upright_loses_no_pixel(seed, orientation, height, width):
    pixels = noise(seed, height, width, 3)

    turned = codec.upright(pixels, orientation)

    assert sorted(turned.reshape(-1, 3).tolist()) == sorted(pixels.reshape(-1, 3).tolist())


@given(st.binary(max_size=80))
def test_broken_exif_counts_as_upright_or_says_an_orientation(exif):
    assert 1 <= containers.orientation_of(b"II*\0" + exif) <= 8


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_becomes_rgb(mode):
    image = Image.fromarray(ramp())
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    expected = image if mode != "I;16" else Image.fromarray(ramp()).convert("L")

    again = codec.decode(pillow(image, "PNG"))

    np.testing.assert_array_equal(again, np.asarray(expected.convert("RGB")))


def test_a_palette_with_transparency_keeps_its_colors():
    image = Image.fromarray(ramp()).convert("P")

    again = codec.decode(pillow(image, "PNG", transparency=bytes(range(200))))

    np.testing.assert_array_equal(again, np.asarray(image.convert("RGB")))


def test_an_alpha_is_dropped_and_the_colors_under_it_kept():
    pixels = np.dstack([ramp(), np.zeros((48, 64), np.uint8)])

    np.testing.assert_array_equal(codec.decode(codec.encode(pixels, "png")), ramp())


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_cutout_brings_its_alpha_and_the_colors_under_it(kind):
    pixels = np.dstack((ramp(), noise(3, 48, 64)))
    data = pillow(Image.fromarray(pixels), kind, lossless=True, exact=True)
    np.testing.assert_array_equal(codec.decode_cutout(data), pixels)


@pytest.mark.parametrize("mode", ["P", "LA", "RGB"])
def test_a_cutout_of_another_mode_is_rgba_too(mode):
    clear = {"P": 3, "RGB": (10, 20, 30)}.get(mode)
    image = Image.new(mode, (8, 6), clear or (90, 40))
    if mode == "P":
        image.putpalette([value for n in range(256) for value in (n, n, n)])
    data = pillow(image, "PNG", **({"transparency": clear} if clear else {}))
    cutout = codec.decode_cutout(data)
    assert cutout.shape == (6, 8, 4)
    expected = {"P": (3, 3, 3, 0), "RGB": (10, 20, 30, 0), "LA": (90, 90, 90, 40)}[mode]
    assert (cutout == expected).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_without_an_alpha_is_no_cutout(kind):
    with pytest.raises(codec.Unsupported, match="has no alpha"):
        codec.decode_cutout(pillow(Image.fromarray(ramp()), kind))


def test_a_cutout_of_too_many_pixels_is_refused_by_its_header():
    with pytest.raises(codec.TooManyPixels):
        codec.decode_cutout(png(2001, 2000, color=6), max_pixels=4_000_000)


@pytest.mark.parametrize(("channels", "color"), [(3, 2), (4, 6), (2, 4)])
def test_sixteen_bits_keep_their_high_byte(channels, color):
    samples = noise(3, 5, 7, channels).astype(np.uint16) * 256 + 77

    again = codec.decode(png_16(samples, color))

    expected = (samples >> 8)[..., :3] if channels > 2 else np.repeat(samples[..., :1] >> 8, 3, 2)
    np.testing.assert_array_equal(again, expected)


def test_cmyk_is_read_with_and_without_adobe_s_inversion():
    ink = Image.fromarray(ramp()).convert("CMYK")
    adobe = pillow(ink, "JPEG", quality=95)
    start = adobe.index(b"\xff\xee")
    length = struct.unpack_from(">H", adobe, start + 2)[0]
    inverted = pillow(Image.fromarray(255 - np.asarray(ink), "CMYK"), "JPEG", quality=95)
    plain = inverted[:start] + inverted[start + 2 + length :]

    for data in (adobe, plain):
        assert np.abs(codec.decode(data).astype(int) - ramp()).mean() < 4


def test_a_profile_is_converted_to_srgb():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    wide = swapped_profile()

    changed = codec.decode(pillow(Image.fromarray(ramp()), "PNG", icc_profile=wide))
    useless = codec.decode(pillow(Image.fromarray(ramp()), "PNG", icc_profile=lab.tobytes()))

    assert np.abs(changed.astype(int) - ramp()).mean() > 3
    np.testing.assert_array_equal(useless, ramp())


def swapped_profile():
    """Return an sRGB profile whose red and green primaries have changed places."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data = data.replace("sRGB".encode("utf-16-be"), "xyzw".encode("utf-16-be"))
    data = data.replace(b"sRGB built-in", b"xyzw built-in")
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    again = codec.decode(pillow(Image.fromarray(ramp()), "PNG", icc_profile=profile))

    np.testing.assert_array_equal(again, ramp())


@pytest.mark.parametrize("profile", [b"", b"no profile", b"\0" * 400])
def test_a_broken_profile_is_ignored(profile):
    again = codec.decode(pillow(Image.fromarray(ramp()), "PNG", icc_profile=profile))

    np.testing.assert_array_equal(again, ramp())


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_taken(kind):
    frames = [Image.fromarray(np.full((20, 30, 3), value, np.uint8)) for value in (40, 200)]
    data = pillow(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)

    assert (codec.decode(data) == 40).all()


def test_a_progressive_jpeg_is_read():
    data = pillow(Image.fromarray(ramp()), "JPEG", progressive=True, quality=95)

    assert np.abs(codec.decode(data).astype(int) - ramp()).mean() < 3


def test_a_jpeg_of_too_many_scans_is_refused():
    data = pillow(Image.fromarray(ramp()), "JPEG", progressive=True)
    scan = data.index(b"\xff\xda")

    for more in (data[scan:-2] * 20, data[scan:-2] + b"\xff\xda\0\2" * 100):
        with pytest.raises(codec.Unreadable, match="scans"):
            codec.decode(data[:scan] + more)


def test_a_jpeg_of_too_many_segments_among_its_scans_is_refused():
    data = pillow(Image.fromarray(ramp()), "JPEG")

    with pytest.raises(codec.Unreadable, match="segments"):
        codec.decode(data[:-2] + b"\xff\xfe\0\2" * containers.MAX_PARTS + data[-2:])


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("restart_marker_blocks", [0, 1])
def test_what_follows_a_jpeg_is_neither_counted_nor_decoded(progressive, restart_marker_blocks):
    """Phones append a video of some seconds, others a depth or the same picture once more."""
    image = Image.fromarray(noise(0, 60, 80, 3))
    restarts = {"restart_marker_blocks": restart_marker_blocks}
    data = pillow(image, "JPEG", progressive=progressive, **restarts)
    header = codec.read_header(data)

    for more in (b"\xff\xda" * 101, b"\xff\xfe\0\2" * 101, data, bytes(99), b"\xff"):
        assert containers.essence(data + more, header) == containers.essence(data, header)
        np.testing.assert_array_equal(codec.decode(data + more), codec.decode(data))


def test_what_looks_like_an_end_inside_a_jpeg_is_none():
    data = pillow(Image.fromarray(ramp()), "JPEG", progressive=True)
    scans = [place for place in range(len(data)) if data.startswith(b"\xff\xda", place)]
    comment = b"\xff\xfe\0\6\xff\xd9\xff\xda"

    more = data[: scans[1]] + comment + data[scans[1] :]

    np.testing.assert_array_equal(codec.decode(more), codec.decode(data))


def test_of_a_file_with_several_jpegs_the_first_is_read(monkeypatch):
    first, second = (Image.fromarray(np.full((20, 30, 3), value, np.uint8)) for value in (40, 200))
    data = pillow(first, "MPO", save_all=True, append_images=[second])
    monkeypatch.setattr(containers, "MAX_SCANS", 1)

    assert data.count(b"\xff\xda") == 2
    assert (codec.decode(data) == 40).all()


def test_the_end_of_a_long_scan_is_found_wherever_windows_meet(monkeypatch):
    data = pillow(Image.fromarray(noise(0, 60, 80, 3)), "JPEG")
    header = codec.read_header(data)
    expected = containers.essence(data, header)

    for window in (7, 64, 65, 1000):
        monkeypatch.setattr(containers, "_WINDOW", window)
        assert containers.essence(data + b"video", header) == expected


def test_what_follows_a_webp_is_not_walked():
    image = Image.fromarray(np.dstack((ramp(), ramp()[..., 0])))
    data = pillow(image, "WEBP", lossless=True)

    again = codec.decode(data + bytes(8 * containers.MAX_PARTS))

    np.testing.assert_array_equal(again, codec.decode(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_picture_that_breaks_off_is_unreadable(kind, share):
    data = pillow(Image.fromarray(noise(0, 60, 60, 3)), kind)

    with pytest.raises(codec.Unreadable):
        codec.decode(data[: int(len(data) * share)])


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP"]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
)
def test_whatever_is_damaged_only_picture_errors_come_out(kind, damages):
    data = bytearray(
        pillow(Image.fromarray(ramp(16, 16)), kind, exif=b"Exif\0\0II*\0" + b"\1" * 30)
    )
    for place, value in damages:
        data[place % len(data)] = value

    try:
        codec.decode(bytes(data))
    except codec.PictureError:
        return


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", containers.PNG_MAGIC]))
def test_bytes_that_are_no_picture_are_unreadable_or_unsupported(data, magic):
    with pytest.raises((codec.Unreadable, codec.Unsupported, codec.TooManyPixels)):
        codec.decode(magic + data)


@pytest.mark.parametrize(
    "data", [b"", b"hello, this is text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_nothing_and_text_are_unreadable(data):
    for read in (codec.read_header, codec.decode, codec.decode_plane):
        with pytest.raises(codec.Unreadable):
            read(data)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP"])
def test_other_kinds_are_named(kind):
    with pytest.raises(codec.Unsupported, match=kind):
        codec.decode(pillow(Image.fromarray(ramp()), kind))


@pytest.mark.parametrize(
    ("brand", "name"), [(b"heic", "HEIC"), (b"avif", "AVIF"), (b"mif1", "HEIF")]
)
def test_phones_own_kinds_are_named(brand, name):
    with pytest.raises(codec.Unsupported, match=name):
        codec.read_header(b"\0\0\0\x1cftyp" + brand + b"\0" * 20)


def test_a_twelve_bit_jpeg_is_named():
    with pytest.raises(codec.Unsupported, match="12 bits"):
        codec.read_header(jpeg_frame(8, 8, depth=12))


def test_a_file_that_is_too_large_says_both_sizes():
    with pytest.raises(codec.TooLarge, match=r"32,000,001 bytes.*32,000,000"):
        codec.read_header(bytes(codec.MAX_BYTES + 1))


@pytest.mark.parametrize(
    "data", [png(60_000, 60_000), jpeg_frame(60_000, 60_000), webp_head(9_000, 9_000)]
)
def test_a_bomb_is_refused_by_its_header(data):
    for read in (codec.read_header, codec.decode):
        with pytest.raises(codec.TooManyPixels, match="at most 50,000,000"):
            read(data)


@pytest.mark.parametrize("data", [png(0, 5), jpeg_frame(5, 0)])
def test_a_picture_without_pixels_is_unreadable(data):
    with pytest.raises(codec.Unreadable, match="pixels"):
        codec.read_header(data)


def with_more_parts(kind, number):
    """Return a picture whose head has so many parts that say nothing."""
    if kind == "PNG":
        return png(64, 48, png_chunk(b"tEXt", b"") * number, png_chunk(b"IDAT", packed_ramp()))
    if kind == "JPEG":
        data = pillow(Image.fromarray(ramp()), kind)
        return data[:2] + b"\xff\xfe\0\2" * number + data[2:]
    data = pillow(Image.fromarray(np.dstack((ramp(), ramp()[..., 0]))), kind)
    data = data[:30] + b"spam\0\0\0\0" * number + data[30:]
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_head_has_hundreds_of_parts_but_not_thousands_upon_thousands(kind):
    assert codec.decode(with_more_parts(kind, 1000)).shape == (48, 64, 3)

    for number in (4096, 400_000):
        with pytest.raises(codec.Unreadable, match="more than 4,096"):
            codec.read_header(with_more_parts(kind, number))


def test_a_png_may_cut_its_pixels_into_thousands_of_chunks_but_not_into_any_number():
    rows, exif = packed_ramp(), Image.Exif()
    exif[containers.ORIENTATION_TAG] = 6
    turned = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    first, last = png_chunk(b"IDAT", rows[:-1]), png_chunk(b"IDAT", rows[-1:])

    again = codec.decode(png(64, 48, first, png_chunk(b"IDAT", b"") * 10_000, last, turned))

    np.testing.assert_array_equal(again, codec.upright(ramp(), 6))
    with pytest.raises(codec.Unreadable, match="more than 4,096"):
        codec.read_header(png(64, 48, png_chunk(b"IDAT", b"") * 400_000, turned))


def test_pixels_that_text_interrupts_are_put_together():
    rows = packed_ramp()
    chunks = [png_chunk(b"IDAT", rows[place : place + 9]) for place in range(0, len(rows), 9)]
    text = png_chunk(b"tEXt", b"a\0b")

    data = png(64, 48, *chunks[:5], text, *chunks[5:7], text, text, *chunks[7:])

    np.testing.assert_array_equal(codec.decode(data), ramp())


def test_text_and_profile_bombs_are_not_inflated():
    bomb = zlib.compress(bytes(20_000_000), 9)
    rows = packed_ramp()
    texts = [png_chunk(b"zTXt", b"a\0\0" + bomb) for _ in range(50)]

    again = codec.decode(png(64, 48, *texts, png_chunk(b"IDAT", rows)))

    np.testing.assert_array_equal(again, ramp())


@pytest.mark.parametrize("packed", [zlib.compress(bytes(20_000_000), 9), b"not zlib", b""])
def test_a_profile_bomb_is_ignored(packed):
    profile = png_chunk(b"iCCP", b"a\0\0" + packed)
    rows = packed_ramp()

    again = codec.decode(png(64, 48, profile, png_chunk(b"IDAT", rows)))

    np.testing.assert_array_equal(again, ramp())


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (Image.fromarray(ramp()), "8-bit RGB"),
        (Image.fromarray(ramp()).convert("P"), "palette"),
        (Image.fromarray(np.zeros((4, 4), np.uint16)), "16-bit gray"),
        (Image.fromarray(ramp()).convert("LA"), "gray with alpha"),
        (Image.fromarray(ramp()).convert("1"), "1-bit gray"),
    ],
)
def test_a_plane_that_is_not_eight_bit_gray_says_what_it_is(image, says):
    with pytest.raises(codec.Unsupported, match=says):
        codec.decode_plane(pillow(image, "PNG"))


def test_a_plane_in_another_format_says_which():
    with pytest.raises(codec.Unsupported, match="jpeg"):
        codec.decode_plane(pillow(Image.fromarray(ramp()).convert("L"), "JPEG"))


def test_a_plane_of_too_many_pixels_is_refused():
    with pytest.raises(codec.TooManyPixels, match="at most 99"):
        codec.decode_plane(codec.encode_plane(np.zeros((10, 10), np.uint8)), max_pixels=99)


def test_many_threads_decode_the_same():
    data = pillow(Image.fromarray(ramp()), "PNG", icc_profile=swapped_profile())
    expected, found = codec.decode(data), []

    def work():
        found.extend(codec.decode(data) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 60
    assert all((pixels == expected).all() for pixels in found)
