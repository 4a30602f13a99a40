from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.v1 import image_pb2, segment_pb2
from limner.v1.reasons import ParameterOutOfRange
from limner_server.services.checks import Checks


def violated(check) -> list[str]:
    checks = Checks()
    check(checks)
    try:
        checks.done()
    except ParameterOutOfRange as error:
        return [violation.field for violation in error.violations]
    return []


def test_all_that_is_wrong_is_told_at_once():
    output = image_pb2.OutputSpec(quality=101, longest_edge_px=-1)
    assert violated(lambda checks: checks.output(output)) == [
        "output.quality",
        "output.longest_edge_px",
    ]


def test_an_empty_image_is_a_violation_of_its_data():
    assert violated(lambda checks: checks.image(image_pb2.Image(), "image")) == ["image.data"]


@given(st.integers(-5, 70000), st.integers(-5, 70000), st.integers(0, 64))
def test_raw_pixels_pass_exactly_when_the_bytes_fit_the_size(width, height, count):
    image = image_pb2.Image(
        data=b"x" * count,
        format=image_pb2.IMAGE_FORMAT_RAW_RGB8,
        width_px=width,
        height_px=height,
    )
    fits = 1 <= width <= 65535 and 1 <= height <= 65535 and width * height * 3 == count
    assert (violated(lambda checks: checks.image(image, "image")) == []) == (fits and count > 0)


@pytest.mark.parametrize("request_id", ["a b", "x" * 65, "ä", "a\n"])
def test_an_id_that_would_harm_a_log_is_refused(request_id):
    options = image_pb2.CallOptions(request_id=request_id)
    assert violated(lambda checks: checks.options(options)) == ["options.request_id"]


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_passes_exactly_within_its_limits(value):
    wrong = violated(lambda checks: checks.within(value, (0, 1), "strength"))
    assert (wrong == []) == (0 <= value <= 1)


def test_the_settings_of_a_stream_hold_no_picture_and_do_not_validate():
    settings = segment_pb2.SegmentRequest(image={"data": b"x"}, options={"validate_only": True})
    checks = Checks("settings.")
    checks.settings(settings, left_out=("image",))
    with pytest.raises(ParameterOutOfRange) as caught:
        checks.done()
    assert [violation.field for violation in caught.value.violations] == [
        "settings.image",
        "settings.options.validate_only",
    ]


def test_a_priority_that_is_none_is_a_violation():
    options = image_pb2.CallOptions(priority=9)
    assert violated(lambda checks: checks.options(options)) == ["options.priority"]


def test_every_face_is_taken_only_where_several_may_be():
    every = image_pb2.FaceSelector(all=True)
    assert violated(lambda checks: checks.selector(every)) == ["selector.all"]
    assert violated(lambda checks: checks.selector(every, several=True)) == []
