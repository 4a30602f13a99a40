"""Addresses to listen on, and why one cannot be."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class CannotListen(Exception):
    """An address cannot be listened on: another has it, or it is not this machine's."""


@contextlib.contextmanager
def listening_on(host: str, port: int) -> Iterator[None]:
    """Have a block that begins to listen say where and why it cannot.

    Raises:
        CannotListen: It failed with OSError, or with the RuntimeError that is all gRPC says.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = error if isinstance(error, OSError) else _refusal(host, port) or error
        said = getattr(reason, "strerror", None) or reason
        raise CannotListen(f"{host}:{port} cannot be listened on: {said}") from error


def free_port(host: str, port: int) -> int:
    """Return a port that nothing listens on: this one, or any where it is 0.

    Raises:
        CannotListen: Something does, or the host is not this machine.
    """
    with listening_on(host, port):
        return _bound(host, port)


def _refusal(host: str, port: int) -> OSError | None:
    """Return what the system has against an address; None where it has nothing."""
    try:
        _bound(host, port)
    except OSError as error:
        return error
    return None


def _bound(host: str, port: int) -> int:
    """Return the port that an address was bound to for a moment."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    family, *_, address = found[0]
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        return int(probe.getsockname()[1])
