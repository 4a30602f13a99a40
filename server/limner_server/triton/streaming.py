"""Answers that come one after the other, as Triton streams them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import grpc

from limner.v1.reasons import ModelFailed
from limner_server.triton.messages import (
    answers_of,
    check_answers,
    failure,
    request_of,
    translated,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from limner_registry.contract import Contract
    from limner_server.triton.messages import Arrays, Inputs

log = logging.getLogger(__name__)

TELL_END: Final = "triton_enable_empty_final_response"
IS_END: Final = "triton_final_response"


async def streamed(
    stub: Any, contract: Contract, version: int, inputs: Inputs, timeout: float
) -> AsyncGenerator[Arrays, None]:
    """Give the answers to one run as they come; closing it, or cancelling, ends the run.

    Raises:
        ModelNotReady: The version is not ready, or has just gone.
        ModelFailed: It failed on these inputs, or its answers are not as its contract says.
        DeadlinePassed: The time is over.
    """
    request = request_of(contract, version, inputs)
    request.parameters[TELL_END].bool_param = True
    batch = len(inputs[contract.inputs[0].name])
    stream = stub.ModelStreamInfer(timeout=timeout)
    try:
        await stream.write(request)
        async for response in stream:
            if response.error_message:  # without its code: asked for it, Triton may crash
                told = {"model": contract.model, "detail": response.error_message[:500]}
                log.warning("triton stream failed", extra=told | {"version": version})
                raise failure(contract.model, version, response.error_message)
            answered = response.infer_response
            if answered.outputs:
                answers = answers_of(contract, answered)
                check_answers(contract, version, answers, batch)
                yield answers
            if answered.parameters[IS_END].bool_param:
                return
    except grpc.aio.AioRpcError as error:
        raise translated(error, contract.model, version) from error
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
