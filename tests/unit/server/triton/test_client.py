from __future__ import annotations

import socket

import grpc
import numpy as np
import pytest

from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_registry.contracts import FACE_MESH, STYLIZER
from limner_server.triton.client import Triton
from limner_server.triton.exchanges import Disconnected
from limner_server.triton.messages import Refused, translated


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Refused(503, "model is not at ready state"), ModelNotReady),
        (Refused(404, "has no available versions"), ModelNotReady),
        (Refused(500, "Stub process 'x' is not healthy."), ModelNotReady),
        (Refused(500, "ValueError at /srv/models/x/1/model.py"), ModelFailed),
        (Refused(400, "unexpected shape"), ModelFailed),
        (Disconnected("/srv has gone"), ModelNotReady),
    ],
)
def test_triton_fails_in_our_words_and_keeps_its_own_to_the_log(error, expected):
    told = translated(error, "face_mesh", 3)
    assert type(told) is expected
    assert "/srv" not in str(told)
    assert "face_mesh" in str(told)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 10, 10, 3), np.uint8),
        np.zeros((1, 192, 192, 3), np.float32),
        np.zeros((0, 192, 192, 3), np.uint8),
        np.zeros((FACE_MESH.max_batch + 1, 192, 192, 3), np.uint8),
    ],
)
async def test_arrays_that_break_the_contract_never_leave(image):
    triton = Triton("127.0.0.1:1", "127.0.0.1:1")
    with pytest.raises(ValueError, match="face_mesh"):
        await triton.run(FACE_MESH, 1, {"image": image}, 1.0)
    await triton.close()


def tile(height=64, width=36, channels=3, dtype=np.uint8):
    return {
        "tile": np.zeros((1, height, width, channels), dtype),
        "thumbnail": np.zeros((1, 48, 32, 3), np.uint8),
        "style": np.zeros((1, 1), np.uint8),
    }


@pytest.mark.parametrize(
    "inputs",
    [
        tile(channels=4),
        tile(dtype=np.int16),
        tile() | {"tile": np.zeros((1, 64, 3), np.uint8)},
        tile() | {"style": np.zeros((1, 2), np.uint8)},
        tile() | {"tile": np.zeros((STYLIZER.max_batch + 1, 64, 36, 3), np.uint8)},
    ],
)
async def test_free_sizes_are_free_and_no_others(inputs):
    triton = Triton("127.0.0.1:1", "127.0.0.1:1")
    with pytest.raises(ValueError, match="stylizer/1"):
        await triton.run(STYLIZER, 1, inputs, 1.0)
    await triton.close()


@pytest.mark.parametrize("size", [(4, 4), (64, 36), (1088, 1088)])
async def test_any_free_size_is_sent(size):
    triton = Triton("127.0.0.1:1", "127.0.0.1:1")  # where nobody listens
    with pytest.raises(ModelNotReady):
        await triton.run(STYLIZER, 1, tile(*size), 1.0)
    await triton.close()


async def test_a_call_without_time_left_is_not_sent():
    triton = Triton("127.0.0.1:1", "127.0.0.1:1")
    with pytest.raises(DeadlinePassed):
        await triton.run(FACE_MESH, 1, {"image": np.zeros((1, 192, 192, 3), np.uint8)}, -0.1)
    await triton.close()


async def test_a_triton_that_was_away_is_reached_as_soon_as_it_is_back():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    triton = Triton(address, address)
    with pytest.raises(ModelNotReady):  # from now on gRPC waits before it connects again
        await triton.load("face_mesh", 1)
    with pytest.raises(ModelNotReady, match="cannot be reached"):
        await triton.reached(0.01)
    back = grpc.aio.server()
    back.add_insecure_port(address)
    await back.start()

    await triton.reached(20.0)

    assert triton._channel.get_state() is grpc.ChannelConnectivity.READY
    await triton.close()
    await back.stop(None)
