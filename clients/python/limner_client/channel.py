"""How a client reaches its server: the address, and what the channel is told to do on its own."""

from __future__ import annotations

import json
import os

DEFAULT_ADDRESS = "localhost:50051"
DEFAULT_TIMEOUT = 60.0
"""Seconds a call may take from connecting to its answer when nothing else is said."""

LONGEST_TIMEOUT = 1e8
"""Three years; gRPC takes what is much longer for no time at all."""

MAX_REQUEST_BYTES = 72 * 1024 * 1024
"""The server's limit on one request: several photos may be over it, where none is over its own."""
MAX_REPLY_BYTES = 320 * 1024 * 1024
"""A reply holds 50 megapixels as raw RGBA and two planes at most; gRPC's own limit is 4 MiB."""
RETRY_BUFFER_BYTES = 8 * 1024 * 1024
"""Requests above this are sent once only; gRPC's own limit is 256 KiB, less than most photos."""

SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 3,
                # The latter with the server's own word on when to come again.
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
    "loadBalancingConfig": [{"round_robin": {}}],
    # A server says so before it leaves: calls then go to another, if the address names several.
    "healthCheckConfig": {"serviceName": "limner.v1"},
}

CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_receive_message_length", MAX_REPLY_BYTES),
    ("grpc.per_rpc_retry_buffer_size", RETRY_BUFFER_BYTES),
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # A server that is back should not wait for the two minutes gRPC backs off to.
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # Nor should a client that was just opened, for what another of the same process found before.
    ("grpc.use_local_subchannel_pool", 1),
)


def resolve_address(address: str | None) -> str:
    """Return the address given, else LIMNER_ADDRESS, else the one `limner up` serves."""
    return address or os.environ.get("LIMNER_ADDRESS") or DEFAULT_ADDRESS


def seconds_of(timeout: float) -> float:
    """Return how many seconds a call may take, as gRPC can count them; infinity is as long.

    Raises:
        ValueError: It is no number, or below 0.
    """
    if not timeout >= 0:
        raise ValueError(f"timeout is a number of seconds, not {timeout!r}")
    return min(timeout, LONGEST_TIMEOUT)
