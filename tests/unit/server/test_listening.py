from __future__ import annotations

import socket

import grpc
import pytest

from limner_server.app import _listen
from limner_server.listening import CannotListen, free_port
from limner_server.settings import Settings


@pytest.fixture
def taken():
    """Return a port of this machine that something listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_the_one_asked_for_or_any():
    port = free_port("127.0.0.1", 0)
    assert port > 0
    assert free_port("127.0.0.1", port) == port


def test_a_taken_port_is_said_to_be_in_use(taken):
    with pytest.raises(CannotListen, match=f"127.0.0.1:{taken} .*: Address already in use"):
        free_port("127.0.0.1", taken)


@pytest.mark.parametrize(
    ("host", "reason"),
    [("192.0.2.1", "Cannot assign requested address"), ("no host", "Name or service not known")],
)
async def test_a_wrong_host_is_not_said_to_be_in_use(tmp_path, host, reason):
    server = grpc.aio.server()
    with pytest.raises(CannotListen, match=f"{host}:0 cannot be listened on: {reason}"):
        _listen(server, Settings(tmp_path, host=host, port=0))


async def test_the_server_s_own_port_may_be_in_use(tmp_path, taken):
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    with pytest.raises(CannotListen, match="Address already in use"):
        _listen(server, Settings(tmp_path, port=taken))
