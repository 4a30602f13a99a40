"""Every kind of bad input gets its typed error, and the next good call is answered."""

from __future__ import annotations

import struct
import time
import zlib

import grpc
import numpy as np
import pytest
from PIL import Image

from limner.errors import UnknownReason
from limner.v1 import image_pb2, matte_pb2, reasons, segment_pb2
from tests.integration.conftest import failure, saved

RAW = image_pb2.IMAGE_FORMAT_RAW_RGB8
PERSON = matte_pb2.MATTE_SUBJECT_PERSON


def segment_failure(stubs, **image):
    return failure(stubs.segment.Segment, segment_pb2.SegmentRequest(image=image))


@pytest.fixture(autouse=True)
def nothing_else_breaks(stubs, astronaut, stack):
    """After each test a good call is answered, by the same server."""
    yield
    assert stubs.segment.Segment(segment_pb2.SegmentRequest(image={"data": astronaut})).faces
    assert stack.status()["pid"] == stack.pid


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + header


def test_a_jpeg_cut_short(stubs, portrait):
    data = saved(portrait, "JPEG")
    assert isinstance(segment_failure(stubs, data=data[: len(data) // 2]), reasons.ImageUnreadable)


def test_a_header_of_sixty_thousand_by_sixty_thousand_costs_nothing(stubs):
    started = time.monotonic()
    error = segment_failure(stubs, data=png_header(60_000, 60_000))
    assert isinstance(error, reasons.ImageTooManyPixels)
    assert time.monotonic() - started < 5  # decoding it would take minutes and 10 GB


def test_no_bytes_at_all(stubs):
    error = segment_failure(stubs, data=b"")
    assert isinstance(error, reasons.ParameterOutOfRange)
    assert error.violations[0].field == "image.data"


def test_text_that_calls_itself_png(stubs):
    error = segment_failure(stubs, data=b"hello, I am a picture", format=image_pb2.IMAGE_FORMAT_PNG)
    assert isinstance(error, reasons.ImageUnreadable)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_a_kind_that_is_not_taken_is_named(stubs, portrait, kind):
    error = segment_failure(stubs, data=saved(portrait, kind))
    assert isinstance(error, reasons.FormatUnsupported)
    assert kind in str(error)


def test_a_format_that_the_data_denies(stubs, astronaut):
    error = segment_failure(stubs, data=astronaut, format=image_pb2.IMAGE_FORMAT_JPEG)
    assert isinstance(error, reasons.ParameterOutOfRange)


def test_one_byte_over_the_limit(stubs):
    error = segment_failure(stubs, data=bytes(32_000_001))
    assert isinstance(error, reasons.ImageTooLarge)
    assert "32,000,000" in str(error)


def test_raw_pixels_whose_bytes_do_not_fit_the_size(stubs):
    error = segment_failure(stubs, data=bytes(10), format=RAW, width_px=2, height_px=2)
    assert isinstance(error, reasons.ParameterOutOfRange)


def test_a_photo_without_a_face(stubs):
    error = segment_failure(stubs, data=saved(Image.new("RGB", (640, 480), "white"), "PNG"))
    assert isinstance(error, reasons.NoFace)


def test_a_photo_without_a_face_is_no_error_when_faces_are_not_wanted(stubs):
    white = saved(Image.new("RGB", (640, 480), "white"), "PNG")
    request = segment_pb2.SegmentRequest(image={"data": white}, without_faces=True)
    assert not stubs.segment.Segment(request).HasField("selected_face")


def test_a_photo_without_a_person(stubs):
    white = saved(Image.new("RGB", (640, 480), "white"), "PNG")
    request = matte_pb2.MatteRequest(image={"data": white}, subject=PERSON)
    assert isinstance(failure(stubs.matte.Matte, request), reasons.NoPerson)


def test_odd_but_readable_pictures_are_answered(stubs, portrait):
    rgb = np.asarray(portrait)
    deep = Image.fromarray(rgb.mean(-1).astype(np.uint16) * 257)
    pictures = {
        "16-bit PNG": saved(deep, "PNG"),
        "palette PNG": saved(portrait.quantize(128), "PNG"),
        "CMYK JPEG": saved(portrait.convert("CMYK"), "JPEG", quality=95),
        "gray JPEG": saved(portrait.convert("L"), "JPEG"),
        "progressive JPEG": saved(portrait, "JPEG", progressive=True),
        "RGBA PNG": saved(portrait.convert("RGBA"), "PNG"),
        "WebP": saved(portrait, "WEBP"),
    }
    for kind, data in pictures.items():
        request = segment_pb2.SegmentRequest(image={"data": data})
        assert len(stubs.segment.Segment(request).faces) == 1, kind


def test_a_mask_of_another_size(stubs, astronaut):
    mask = saved(Image.new("L", (100, 100), 255), "PNG")
    request = matte_pb2.MatteRequest(image={"data": astronaut}, map={"data": mask})
    error = failure(stubs.matte.Matte, request)
    assert isinstance(error, reasons.MaskSizeMismatch)
    assert "512 x 512" in str(error)


def test_a_trimap_with_values_that_mean_nothing(stubs, astronaut):
    trimap = saved(Image.new("L", (512, 512), 77), "PNG")
    request = matte_pb2.MatteRequest(image={"data": astronaut}, trimap={"data": trimap})
    error = failure(stubs.matte.Matte, request)
    assert isinstance(error, reasons.ParameterOutOfRange)
    assert "77" in str(error)


def test_everything_wrong_with_a_request_is_told_at_once(stubs, astronaut):
    request = matte_pb2.MatteRequest(
        image={"data": astronaut},
        band_px=-1,
        output={"quality": 101, "longest_edge_px": 3},
        options={"request_id": "no spaces"},
    )
    error = failure(stubs.matte.Matte, request)
    assert {violation.field for violation in error.violations} == {
        "band_px",
        "output.quality",
        "output.longest_edge_px",
        "options.request_id",
    }


def test_a_deadline_of_one_millisecond(stubs, astronaut):
    request = segment_pb2.SegmentRequest(image={"data": astronaut})
    error = failure(stubs.segment.Segment, request, timeout=0.001)
    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_client_that_leaves_mid_call_stops_the_solver(stubs, portrait):
    large = saved(portrait.resize((2048, 2048)), "JPEG")
    request = matte_pb2.MatteRequest(image={"data": large}, subject=PERSON)
    call = stubs.matte.Matte.future(request)
    time.sleep(0.5)  # into the solver
    call.cancel()
    started = time.monotonic()
    small = matte_pb2.MatteRequest(image={"data": saved(portrait, "PNG")}, subject=PERSON)
    stubs.matte.Matte(small)  # waits for its turn at the solver
    assert time.monotonic() - started < 10


def test_a_message_over_the_servers_limit_is_refused_by_the_transport(stubs):
    request = segment_pb2.SegmentRequest(image={"data": bytes(73 * 1024 * 1024)})
    error = failure(stubs.segment.Segment, request)
    assert isinstance(error, UnknownReason)
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
