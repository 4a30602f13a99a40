"""Who calls, as far as it decides which versions answer."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from limner.errors import Violation
from limner.v1.reasons import ParameterOutOfRange, PinRefused
from limner_registry.contracts import MODELS
from limner_registry.routes import Caller

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner.v1.image_pb2 import CallOptions

PIN = "x-limner-pin"
"""Metadata that names versions: `hair_matter=7, dye_bank=2`."""
AUTHORIZATION = "authorization"
LONGEST_KEY = 128


def caller_of(
    metadata: Iterable[tuple[str, str | bytes]],
    options: CallOptions | None,
    request_id: str,
    operator_token: str,
) -> Caller:
    """Return who calls.

    Args:
        metadata: The call's, keys in lower case as gRPC has them.
        options: Of the request; None where it has none.
        request_id: Of the call: its unit when it has no routing key.
        operator_token: What operators show to name versions; empty lets nobody.

    Raises:
        PinRefused: Versions are named by somebody who is no operator.
        ParameterOutOfRange: What names them cannot be read, or the routing key is too long.
    """
    headers = {key: value for key, value in metadata if isinstance(value, str)}
    key = options.routing_key if options is not None else ""
    if len(key) > LONGEST_KEY:
        raise _wrong("options.routing_key", f"{len(key)} characters, {LONGEST_KEY} are allowed")
    pins: dict[str, int] = {}
    if PIN in headers:
        shown = headers.get(AUTHORIZATION, "").removeprefix("Bearer ")
        if not operator_token or not hmac.compare_digest(shown.encode(), operator_token.encode()):
            raise PinRefused(f"{PIN} is for operators: show their token in {AUTHORIZATION}")
        pins = read_pins(headers[PIN])
    return Caller(key or request_id, headers, pins)


def read_pins(text: str) -> dict[str, int]:
    """Return the versions that a header names, by model.

    Raises:
        ParameterOutOfRange: It cannot be read, or names a model that there is not.
    """
    pins = {}
    for part in text.split(","):
        model, _, number = (piece.strip() for piece in part.partition("="))
        if model not in MODELS or not number.isdecimal() or not 1 <= int(number) < 2**31:
            raise _wrong(PIN, f"{part.strip()!r} is not MODEL=VERSION")
        pins[model] = int(number)
    return pins


def _wrong(field: str, text: str) -> ParameterOutOfRange:
    return ParameterOutOfRange(f"{field}: {text}", violations=[Violation(field, text)])
