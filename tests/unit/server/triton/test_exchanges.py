from __future__ import annotations

import asyncio
import contextlib

import pytest
import pytest_asyncio
import uvloop

from limner_server.triton import exchanges
from limner_server.triton.exchanges import Connections, Disconnected

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"


class Peer:
    """Listens as Triton does, and says what a test has it say."""

    def __init__(self) -> None:
        self.says: list[bytes] = []
        """Pieces of its next reply; none leaves."""
        self.asked: list[bytes] = []
        self.connections = 0
        self.speaks = asyncio.Event()
        self.speaks.set()
        self._serving: list[asyncio.Task[None]] = []

    @contextlib.asynccontextmanager
    async def listening(self):
        """Give connections to it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        connections = Connections(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        yield connections
        connections.close()
        server.close()
        self.speaks.set()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader, writer) -> None:
        self._serving.append(asyncio.current_task())
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.split(b"Content-Length: ")[-1].split(b"\r\n")[0])
                self.asked.append(head + await reader.readexactly(size))
                await self.speaks.wait()
                for piece in self.says:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.001)
                if not self.says:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest_asyncio.fixture
async def peer():
    return Peer()


@pytest_asyncio.fixture
async def connections(peer):
    async with peer.listening() as connections:
        yield connections


async def replied(connections, told=b"{}", tensors=()):
    exchange = await connections.ask("/v2", told, tensors)
    async with asyncio.timeout(5):
        await exchange.over()
    return exchange.reply()


@pytest.mark.parametrize("piece", [1, 7, 1000])
async def test_a_reply_is_whole_however_it_is_cut(peer, connections, piece):
    text = OK + b'Inference-Header-Content-Length: 9\r\nContent-Length: 12\r\n\r\n{"id":""}xyz'
    peer.says = [text[at : at + piece] for at in range(0, len(text), piece)]
    reply = await replied(connections, b'{"id": 1}', [b"abc", b"de"])
    assert (reply.status, reply.told, bytes(reply.tensors)) == (200, b'{"id":""}', b"xyz")
    assert reply.tensors.readonly
    assert peer.asked[0].startswith(b"POST /v2 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert peer.asked[0].endswith(b'Content-Length: 14\r\n\r\n{"id": 1}abcde')


async def test_a_reply_without_tensors_is_all_json(peer, connections):
    peer.says = [b'HTTP/1.1 400 Bad Request\r\ncontent-length: 11\r\n\r\n{"error":1}']
    reply = await replied(connections)
    assert (reply.status, reply.told, reply.tensors.nbytes) == (400, b'{"error":1}', 0)


async def test_connections_are_kept_and_there_are_as_many_as_are_needed(peer, connections):
    peer.says = [OK + b"Content-Length: 2\r\n\r\n{}"]
    for _ in range(3):
        await replied(connections)
    assert peer.connections == 1
    await asyncio.gather(*(replied(connections) for _ in range(4)))
    assert peer.connections == 4
    await asyncio.gather(*(replied(connections) for _ in range(4)))
    assert peer.connections == 4


async def test_connections_that_are_not_needed_end(peer, connections, monkeypatch):
    peer.says = [OK + b"Content-Length: 2\r\n\r\n{}"]
    await asyncio.gather(*(replied(connections) for _ in range(4)))
    monkeypatch.setattr(exchanges, "IDLE_SECONDS", 0.05)
    for _ in range(2):
        await asyncio.sleep(0.06)
        await replied(connections)
    assert (peer.connections, len(connections._open)) == (4, 1)


async def test_a_connection_that_has_ended_is_not_asked_again(peer, connections):
    peer.says = []
    with pytest.raises(Disconnected):
        await replied(connections)
    peer.says = [OK + b"Content-Length: 2\r\n\r\n{}"]
    assert (await replied(connections)).status == 200
    assert peer.connections == 2


@pytest.mark.parametrize(
    "said",
    [
        b"220 smtp ready\r\n\r\n",
        b"HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 1000000000000\r\n\r\n",
        OK + b"Content-Length: 2\r\nInference-Header-Content-Length: 3\r\n\r\n{}",
        OK + b"Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK",
        OK + b"X: " + b"x" * exchanges.LONGEST_HEAD,
    ],
)
async def test_what_is_no_reply_ends_the_connection(peer, connections, said):
    peer.says = [said]
    with pytest.raises(Disconnected):
        await replied(connections)
    peer.says = [OK + b"Content-Length: 2\r\n\r\n{}"]
    assert (await replied(connections)).status == 200
    assert peer.connections == 2


async def test_who_stops_waiting_may_wait_again(peer, connections):
    peer.says = [OK + b"Content-Length: 2\r\n\r\n{}"]
    peer.speaks.clear()
    exchange = await connections.ask("/v2", b"{}", [])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await exchange.over()
    peer.speaks.set()
    async with asyncio.timeout(5):
        await exchange.over()
    assert exchange.reply().status == 200
    exchange.give_up()
    assert (await replied(connections)).status == 200
    assert peer.connections == 1


async def test_what_is_given_up_is_not_answered(peer, connections):
    peer.speaks.clear()
    exchange = await connections.ask("/v2", b"{}", [])
    exchange.give_up()
    async with asyncio.timeout(5):
        await exchange.over()
    with pytest.raises(Disconnected):
        exchange.reply()


async def test_a_request_that_is_too_large_is_not_sent(peer, connections, monkeypatch):
    monkeypatch.setattr(exchanges, "MAX_BODY", 10)
    with pytest.raises(ValueError, match="a request of 12 bytes, at most 10"):
        await replied(connections, b"{}", [bytes(10)])
    assert peer.connections == 0


async def test_nobody_there_is_told_at_once():
    nobody = Connections("127.0.0.1:1")
    with pytest.raises(Disconnected):
        await nobody.ask("/v2", b"{}", [])


def test_large_tensors_pass_on_the_loop_that_serves():
    tensor = bytes(range(256)) * 2**15

    async def passes() -> None:
        peer = Peer()
        sizes = b"Inference-Header-Content-Length: 2\r\nContent-Length: %d\r\n\r\n"
        peer.says = [OK + sizes % (2 + len(tensor)), b"{}" + tensor]
        async with peer.listening() as connections:
            for _ in range(2):
                assert (await replied(connections, b"{}", [tensor])).tensors == tensor
            assert peer.asked[1].endswith(b"{}" + tensor)
            assert peer.connections == 1

    uvloop.run(passes())
