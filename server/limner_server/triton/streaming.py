"""Answers that come one after the other, as Triton streams them by gRPC alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2

from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_registry.contract import triton_name
from limner_server.triton.messages import TRITON_DTYPES, check_answers, failure

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Coroutine

    from limner.errors import LimnerError
    from limner_registry.contract import Contract
    from limner_server.triton.messages import Arrays, Inputs

GONE = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND}


async def streamed(
    stub: Any, contract: Contract, version: int, inputs: Inputs, timeout: float
) -> AsyncGenerator[Arrays, None]:
    """Give the answers to one run as they come; closing it, or cancelling, ends the run.

    Raises:
        ModelNotReady: The version is not ready, or has just gone.
        ModelFailed: It failed on these inputs, or its answers are not as its contract says.
        DeadlinePassed: The time is over.
    """
    request = _request(contract, version, inputs)
    batch = len(inputs[contract.inputs[0].name])
    stream, said = stub.ModelStreamInfer(timeout=timeout), ""
    try:
        await stream.write(request)
        await stream.done_writing()  # so Triton ends it, and need not be told to as it answers
        async for response in stream:
            if response.error_message:  # without its code: asked for it, Triton may crash
                said = response.error_message
                continue
            answered = response.infer_response
            if answered.outputs:
                answers = _answers(contract, answered)
                check_answers(contract, version, answers, batch)
                yield answers
        if said:
            raise failure(contract.model, version, said)
    except grpc.aio.AioRpcError as error:
        raise _failure(error, contract.model, version) from error
    finally:
        stream.cancel()


async def last(answers: AsyncIterator[Arrays]) -> Arrays:
    """Return the last of some answers.

    Raises:
        ModelFailed: There was none.
    """
    kept = None
    async for kept in answers:  # noqa: B007 - the last is what is wanted
        pass
    if kept is None:
        raise ModelFailed("a run ended without an answer")
    return kept


async def until(
    lost: Coroutine[None, None, None], answers: AsyncGenerator[Arrays, None]
) -> AsyncGenerator[Arrays, None]:
    """Give answers as they come; closing it, or cancelling, ends their run.

    Triton says nothing more, and does not end the stream either, where the runner that answers has
    died; so whoever looks after the version is listened to as well.

    Args:
        lost: Ends once the version is lost.
        answers: Of a run of that version.

    Raises:
        ModelNotReady: It was lost before the next answer came.
    """
    losing = asyncio.ensure_future(lost)
    coming: asyncio.Future[Arrays | None] | None = None
    try:
        while True:
            coming = asyncio.ensure_future(anext(answers, None))
            await asyncio.wait({coming, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                raise ModelNotReady("the version was lost while it ran", retry_after=2.0)
            answer = coming.result()
            if answer is None:
                return
            yield answer
    finally:
        losing.cancel()
        if coming is not None and coming.cancel():
            await asyncio.wait({coming})
        await answers.aclose()


def _request(contract: Contract, version: int, inputs: Inputs) -> service_pb2.ModelInferRequest:
    """Return a run as Triton is asked for it by gRPC."""
    request = service_pb2.ModelInferRequest(
        model_name=triton_name(contract.model, version), model_version=str(version)
    )
    for tensor in contract.inputs:
        array = inputs[tensor.name]
        entry = request.inputs.add(name=tensor.name, datatype=TRITON_DTYPES[tensor.dtype])
        entry.shape.extend(array.shape)
        request.raw_input_contents.append(array.tobytes())
    return request


def _answers(contract: Contract, response: service_pb2.ModelInferResponse) -> Arrays:
    """Return the arrays of an answer."""
    dtypes = {tensor.name: tensor.dtype for tensor in contract.outputs}
    return {
        output.name: np.frombuffer(raw, dtypes[output.name]).reshape(tuple(output.shape))
        for output, raw in zip(response.outputs, response.raw_output_contents, strict=True)
    }


def _failure(error: grpc.aio.AioRpcError, model: str, version: int) -> LimnerError:
    """Return why a stream broke off, in our words."""
    code = error.code()
    failed = failure(model, version, f"{code.name}: {error.details()}", gone=code in GONE)
    late = code is grpc.StatusCode.DEADLINE_EXCEEDED
    return DeadlinePassed(f"the deadline passed while {model} ran") if late else failed
