"""Ways to send a tensor of bytes to a server and have its negative back, as one asyncio client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc
import numpy as np
from google.protobuf.wrappers_pb2 import BytesValue
from negative import CONTRACTS, METHOD, NegativeService
from tritonclient.grpc import service_pb2, service_pb2_grpc

from limner.v1 import image_pb2
from limner_registry.contract import triton_name
from limner_server.triton.exchanges import MAX_BODY
from limner_server.triton.messages import path_of, request_of

Ask = Callable[[], Awaitable[bytes | bytearray]]
"""Sends the same bytes each time; returns what came back."""
BOUNDARY: Final = b"a boundary that no photo has"
HEAD: Final = b'Content-Disposition: form-data; name="photo"; filename="photo"'
MOST_HEADERS: Final = 64 * 1024
OPTIONS: Final = (
    ("grpc.max_send_message_length", MAX_BODY),
    ("grpc.max_receive_message_length", MAX_BODY),
    ("grpc.use_local_subchannel_pool", 1),  # every client has a connection of its own
)


class Wrong(Exception):
    """A server answered something else than the negative of what it was given."""


class Http:
    """One connection to an HTTP server, kept alive: as little as a client can do.

    It is faster than those that people use, so it favors the servers asked through it.
    """

    def __init__(self, port: int, path: str, body: bytes, **headers: str | int) -> None:
        """Prepare to send a body again and again; nothing is sent yet."""
        self._port = port
        told = {"content_type": "application/octet-stream"} | headers
        lines = (f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{''.join(lines)}"
        self._request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        self._socket: socket.socket | None = None

    async def ask(self) -> bytearray:
        """Send the request, and return the body of the answer.

        Raises:
            Wrong: It is no success, or of unknown length.
            OSError: The connection was lost.
        """
        loop = asyncio.get_running_loop()
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setblocking(False)
        await loop.sock_sendall(self._socket, self._request)
        head, body = b"", b""
        while not body and b"\r\n\r\n" not in head:
            more = await loop.sock_recv(self._socket, MOST_HEADERS)
            if not more:
                raise ConnectionError("the server hung up")
            head += more
        head, _, body = head.partition(b"\r\n\r\n")
        size = _length(head)
        answer = bytearray(size)
        answer[: len(body)] = body
        view, got = memoryview(answer), len(body)
        while got < size:
            more_bytes = await loop.sock_recv_into(self._socket, view[got:])
            if not more_bytes:
                raise ConnectionError("the server hung up")
            got += more_bytes
        return answer

    async def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()


def _length(head: bytes) -> int:
    lines = head.split(b"\r\n")
    if lines[0].split()[1] != b"200":
        raise Wrong(lines[0].decode())
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise Wrong("an answer of unknown length")


def form(data: bytes) -> tuple[bytes, str]:
    """Return a form with one file, and its content type."""
    edge = b"--" + BOUNDARY.replace(b" ", b"-")
    body = b"\r\n".join((edge, HEAD, b"Content-Type: application/octet-stream", b"", data))
    return body + b"\r\n" + edge + b"--\r\n", f"multipart/form-data; boundary={edge[2:].decode()}"


def over_http(port: int, path: str, data: bytes) -> Http:
    """Ask with the bytes as the body."""
    return Http(port, path, data)


def over_http_form(port: int, path: str, data: bytes) -> Http:
    """Ask with the bytes as the file of a form."""
    body, kind = form(data)
    return Http(port, path, body, content_type=kind)


class HttpV2(Http):
    """A connection to Triton's HTTP, whose answers begin with JSON."""

    def __init__(self, address: str, data: bytes) -> None:
        """Prepare to send a tensor of bytes again and again; nothing is sent yet."""
        contract = CONTRACTS[len(data)]
        given = np.frombuffer(data, np.uint8).reshape(1, *contract.inputs[0].shape)
        told, tensors = request_of(contract, {"given": given}, "negative")
        body, port = told + b"".join(tensors), int(address.rpartition(":")[2])
        path = path_of(contract, 1)
        super().__init__(port, path, body, inference_header_content_length=len(told))
        self._size = len(data)

    async def ask(self) -> bytearray:
        """Send the request, and return the tensor of the answer; raises as `Http.ask`."""
        return (await super().ask())[-self._size :]


class Grpc:
    """One channel to a gRPC server."""

    def __init__(self, address: str, call: Callable[[grpc.aio.Channel], Ask]) -> None:
        """Ask by the `call` that is made of a channel."""
        self._channel = grpc.aio.insecure_channel(address, OPTIONS)
        self.ask = call(self._channel)

    async def close(self) -> None:
        """Hang up."""
        await self._channel.close()


def to_limner(address: str, data: bytes) -> Grpc:
    """Ask our server, with an image of raw pixels as in any of its calls."""
    pixels = image_pb2.IMAGE_FORMAT_RAW_RGB8
    request = image_pb2.Image(data=data, format=pixels, width_px=len(data), height_px=1)

    def call(channel: grpc.aio.Channel) -> Ask:
        negate = channel.unary_unary(
            f"/{NegativeService.name}/{METHOD}",
            request_serializer=image_pb2.Image.SerializeToString,
            response_deserializer=image_pb2.Image.FromString,
        )

        async def ask() -> bytes:
            return (await negate(request)).data

        return ask

    return Grpc(address, call)


def to_v2(address: str, data: bytes, model: str = "") -> Grpc:
    """Ask a server of the V2 protocol, Triton's and MLServer's, with a tensor of raw contents."""
    request = v2_request(data, model)

    def call(channel: grpc.aio.Channel) -> Ask:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)

        async def ask() -> bytes:
            answer: bytes = (await stub.ModelInfer(request)).raw_output_contents[0]
            return answer

        return ask

    return Grpc(address, call)


def v2_request(data: bytes, model: str = "") -> service_pb2.ModelInferRequest:
    """Return a request of the V2 protocol; `model` is Triton's unless it is told."""
    contract = CONTRACTS[len(data)]
    name = model or triton_name(contract.model, 1)
    request = service_pb2.ModelInferRequest(model_name=name)
    entry = request.inputs.add(name="given", datatype="UINT8")
    entry.shape.extend((1, *contract.inputs[0].shape))
    request.raw_input_contents.append(data)
    return request


def to_ray(address: str, data: bytes) -> Grpc:
    """Ask Ray's gRPC proxy, with bytes in the message that protobuf has for them."""
    request = BytesValue(value=data)

    def call(channel: grpc.aio.Channel) -> Ask:
        negate: Any = channel.unary_unary(
            "/limner.bench.Negative/Negate",
            request_serializer=BytesValue.SerializeToString,
            response_deserializer=BytesValue.FromString,
        )

        async def ask() -> bytes:
            answer: bytes = (await negate(request, metadata=(("application", "default"),))).value
            return answer

        return ask

    return Grpc(address, call)
