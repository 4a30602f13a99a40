from __future__ import annotations

import pytest

from limner.v1.image_pb2 import CallOptions
from limner.v1.reasons import ParameterOutOfRange, PinRefused
from limner_registry.routes import Caller
from limner_server.routing.callers import caller_of, read_pins

TOKEN = "only operators know this"


def test_a_caller_without_a_key_is_its_own_unit():
    assert caller_of((), CallOptions(), "call-1", "") == Caller("call-1")
    assert caller_of((), None, "call-1", "").unit == "call-1"


def test_a_routing_key_is_the_unit():
    assert caller_of((), CallOptions(routing_key="user-1"), "call-1", "").unit == "user-1"


def test_a_key_that_is_too_long_is_refused():
    with pytest.raises(ParameterOutOfRange, match="129 characters"):
        caller_of((), CallOptions(routing_key="x" * 129), "call-1", "")


def test_an_operator_names_versions():
    metadata = [("x-limner-pin", "hair_matter=7, dye_bank=2"), ("authorization", f"Bearer {TOKEN}")]

    assert caller_of(metadata, None, "call-1", TOKEN).pins == {"hair_matter": 7, "dye_bank": 2}


@pytest.mark.parametrize(
    ("shown", "token"), [("", TOKEN), ("Bearer guess", TOKEN), ("Bearer ", "")]
)
def test_nobody_else_does(shown, token):
    metadata = [("x-limner-pin", "hair_matter=7"), ("authorization", shown)]

    with pytest.raises(PinRefused):
        caller_of(metadata, None, "call-1", token)


@pytest.mark.parametrize(
    "text", ["", "hair_matter", "hair_matter=0", "hair_matter=x", "toupee=1", "hair_matter=1,"]
)
def test_a_pin_that_cannot_be_read_is_refused(text):
    with pytest.raises(ParameterOutOfRange, match="MODEL=VERSION"):
        read_pins(text)


def test_binary_metadata_is_no_header():
    assert caller_of([("trace-bin", b"\x00")], None, "call-1", "").headers == {}
