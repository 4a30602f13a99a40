from __future__ import annotations

import grpc
import pytest

from limner_client import endings
from limner_client.endings import OF_THE_CORE, Ending

LOST = (grpc.StatusCode.INTERNAL, OF_THE_CORE, ())
SAID = (grpc.StatusCode.NOT_FOUND, "no shade", (("key", b"value"),))


class Call:
    """A call whose status is set again and again, as grpc.aio's are."""

    def __init__(self):
        self._status, self._callbacks = None, []

    def add_done_callback(self, callback):
        self._callbacks.append(callback)

    def end(self, status):
        self._status = status
        for callback in self._callbacks:
            callback(self)

    async def code(self):
        return self._status[0]

    async def details(self):
        return self._status[1]

    async def trailing_metadata(self):
        return self._status[2]


class Failed(grpc.RpcError):
    def __init__(self, status):
        self._status = status

    def details(self):
        return self._status[1]


def told(error):
    return error.code(), error.details(), error.trailing_metadata()


@pytest.mark.parametrize("order", [[SAID], [SAID, LOST], [LOST, SAID], [SAID, LOST, SAID]])
async def test_what_the_server_said_is_kept_whenever_it_came(order):
    call = Call()
    ending = Ending(call)
    for status in order:
        call.end(status)
    assert told(await ending.known(Failed(order[-1]))) == SAID


async def test_what_never_came_leaves_the_error_as_it_was(monkeypatch):
    monkeypatch.setattr(endings, "PATIENCE_SECONDS", 0.01)
    call = Call()
    ending, error = Ending(call), Failed(LOST)
    call.end(LOST)
    assert await ending.known(error) is error
