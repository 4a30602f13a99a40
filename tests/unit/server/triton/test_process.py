from __future__ import annotations

from pathlib import Path

from limner_server.triton.installation import Installation
from limner_server.triton.process import Ports, command


def test_triton_listens_on_loopback_only():
    words = command(Installation.find(), Path("/state"), Ports(grpc=1, http=2, metrics=3))
    addresses = {word for word in words if "-address=" in word}
    protocols = ("grpc", "http", "metrics")
    assert addresses == {f"--{protocol}-address=127.0.0.1" for protocol in protocols}


def test_free_ports_differ():
    ports = Ports.free()
    assert len({ports.grpc, ports.http, ports.metrics}) == 3


def test_ports_that_others_will_want_are_left_to_them():
    odd = range(1, 65536, 2)
    ports = Ports.free(odd)
    assert not {ports.grpc, ports.http, ports.metrics} & set(odd)
