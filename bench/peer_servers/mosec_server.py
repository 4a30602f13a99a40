"""Mosec: a web server in Rust before worker processes, the body as it came."""

from __future__ import annotations

from mosec import Server, Worker
from negating import Negating


class Negative(Worker):
    """Answers bytes with bytes."""

    def __init__(self) -> None:
        """Open the network."""
        super().__init__()
        self._negating = Negating()

    def deserialize(self, data: bytes) -> bytes:
        """Take the body as it is."""
        return data

    def serialize(self, data: bytes) -> bytes:
        """Send it as it is."""
        return data

    def forward(self, data: bytes) -> bytes:
        """Run the network."""
        return self._negating.negate(data)


if __name__ == "__main__":
    server = Server()
    server.append_worker(Negative, num=2)
    server.run()
