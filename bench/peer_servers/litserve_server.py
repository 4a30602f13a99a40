"""LitServe: FastAPI before worker processes; a form with a file, for other bodies must be JSON."""

import os

import litserve
from fastapi import Request, Response
from negating import Negating


class Negative(litserve.LitAPI):
    """Answers a file with bytes."""

    def setup(self, device: str) -> None:
        """Open the network."""
        self._negating = Negating()

    def decode_request(self, request: Request) -> bytes:
        """Return the file of the form."""
        return request["photo"].file.read()

    def predict(self, data: bytes) -> bytes:
        """Run the network."""
        return self._negating.negate(data)

    def encode_response(self, data: bytes) -> Response:
        """Send bytes, not JSON."""
        return Response(data, media_type="application/octet-stream")


if __name__ == "__main__":
    server = litserve.LitServer(
        Negative(), accelerator="cpu", workers_per_device=2, fast_queue=True, timeout=60
    )
    port = int(os.environ["PORT"])
    server.run(host="127.0.0.1", port=port, log_level="error", generate_client_file=False)
