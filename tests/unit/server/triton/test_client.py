from __future__ import annotations

import grpc
import numpy as np
import pytest

from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_registry.contracts import FACE_MESH
from limner_server.triton.client import Triton, translated


def failure(code: grpc.StatusCode, text: str = "") -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details=text)


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (grpc.StatusCode.UNAVAILABLE, "model is not at ready state", ModelNotReady),
        (grpc.StatusCode.NOT_FOUND, "has no available versions", ModelNotReady),
        (grpc.StatusCode.INTERNAL, "Stub process 'x' is not healthy.", ModelNotReady),
        (grpc.StatusCode.INTERNAL, "ValueError at /srv/models/x/1/model.py", ModelFailed),
        (grpc.StatusCode.INVALID_ARGUMENT, "unexpected shape", ModelFailed),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", DeadlinePassed),
    ],
)
def test_triton_fails_in_our_words_and_keeps_its_own_to_the_log(code, text, expected):
    error = translated(failure(code, text), "face_mesh", 3)
    assert type(error) is expected
    assert "/srv" not in str(error)
    assert "face_mesh" in str(error)


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
    triton = Triton("127.0.0.1:1")
    with pytest.raises(ValueError, match="face_mesh"):
        await triton.run(FACE_MESH, 1, {"image": image}, 1.0)
    await triton.close()


async def test_a_call_without_time_left_is_not_sent():
    triton = Triton("127.0.0.1:1")
    with pytest.raises(DeadlinePassed):
        await triton.run(FACE_MESH, 1, {"image": np.zeros((1, 192, 192, 3), np.uint8)}, -0.1)
    await triton.close()
