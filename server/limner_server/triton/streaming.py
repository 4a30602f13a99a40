"""Answers that come one after the other, as Triton streams them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

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
                answers = answers_of(contract, answered)
                check_answers(contract, version, answers, batch)
                yield answers
        if said:
            told = {"model": contract.model, "version": version, "detail": said[:500]}
            log.warning("triton stream failed", extra=told)
            raise failure(contract.model, version, said)
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
