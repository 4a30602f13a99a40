from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2
from hypothesis import given
from hypothesis import strategies as st

from limner.errors import (
    MAX_MESSAGE,
    MAX_STATUS,
    STATUS_DETAILS,
    LimnerError,
    UnknownReason,
    Violation,
    from_rpc_error,
    to_status,
)
from limner.v1 import errors_pb2, reasons


class Failed(grpc.RpcError):
    """A failed call as grpc's own stubs raise it."""

    def __init__(self, code, details="", trailing=()):
        self._answers = code, details, trailing

    def code(self):
        return self._answers[0]

    def details(self):
        return self._answers[1]

    def trailing_metadata(self):
        return self._answers[2]


def over_the_wire(error: LimnerError) -> LimnerError:
    status = to_status(error)
    trailing = ((STATUS_DETAILS, status.SerializeToString()),)
    return from_rpc_error(Failed(error.code, status.message, trailing))


def every_class():
    return [getattr(reasons, name) for name in reasons.__all__]


def test_every_reason_of_the_table_has_a_class_and_no_class_is_without_one():
    table = {
        name.removeprefix("ERROR_REASON_")
        for name in errors_pb2.ErrorReason.keys()  # noqa: SIM118 - an enum
    } - {"UNSPECIFIED"}
    assert {kind.reason for kind in every_class()} == table


@pytest.mark.parametrize("kind", every_class())
def test_an_error_comes_back_as_the_class_it_left_as(kind):
    sent = kind("it is so", retry_after=1.5, request_id="abc")
    back = over_the_wire(sent)
    assert type(back) is kind
    assert str(back) == "it is so"
    assert (back.retry_after, back.request_id) == (1.5, "abc")


def test_every_violation_travels():
    violations = (Violation("a.b", "too large"), Violation("c", "missing"))
    back = over_the_wire(reasons.ParameterOutOfRange("wrong", violations=violations))
    assert back.violations == violations


@given(st.text(max_size=5000), st.lists(st.text(max_size=2000), max_size=40))
def test_a_status_stays_small_enough_to_arrive_whatever_is_wrong(message, descriptions):
    violations = [Violation("f" * 500, description) for description in descriptions]
    status = to_status(reasons.ParameterOutOfRange(message, violations=violations))
    assert len(status.message.encode()) <= MAX_MESSAGE
    assert status.ByteSize() <= MAX_STATUS


def test_no_text_is_too_foreign_to_arrive():
    violations = [Violation("feld", "髪" * 300)] * 20
    status = to_status(reasons.ParameterOutOfRange("髪" * 2000, violations=violations))
    written = 3 * len(status.message.encode()) + len(status.SerializeToString()) * 4 / 3
    assert written < 8192


def test_a_status_carries_exactly_one_error_info():
    status = to_status(reasons.NoFace("none", retry_after=1))
    kinds = [
        detail for detail in status.details if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)
    ]
    assert len(kinds) == 1


def test_a_failure_of_the_transport_keeps_its_code():
    back = from_rpc_error(Failed(grpc.StatusCode.UNAVAILABLE, "connection refused"))
    assert isinstance(back, UnknownReason)
    assert back.code is grpc.StatusCode.UNAVAILABLE


def test_a_reason_from_a_newer_server_is_kept_by_name():
    class FromTheFuture(LimnerError):
        reason = "FROM_THE_FUTURE"
        code = grpc.StatusCode.FAILED_PRECONDITION

    status = to_status(FromTheFuture("later", retry_after=3))
    trailing = ((STATUS_DETAILS, status.SerializeToString()),)
    FromTheFuture.reason = "UNLISTED"
    back = from_rpc_error(Failed(FromTheFuture.code, "later", trailing))
    assert isinstance(back, UnknownReason)
    assert (back.reason, back.retry_after) == ("FROM_THE_FUTURE", 3)
