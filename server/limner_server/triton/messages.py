"""Arrays as Triton's messages have them, and its errors in our words."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2

from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_registry.contract import triton_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from limner.errors import LimnerError
    from limner_registry.contract import Contract
    from limner_registry.tensors import Tensor
    from limner_server.triton.lanes import Passage

    Inputs = Mapping[str, npt.NDArray[np.generic]]
    Arrays = dict[str, npt.NDArray[Any]]

log = logging.getLogger(__name__)

TRITON_DTYPES = {"uint8": "UINT8", "int16": "INT16", "float32": "FP32"}
GONE = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND}
LOST = ("is not healthy", "not at ready state", "unknown model", "no available versions")
"""What Triton says where a version is not there, or its runner has died."""


def request_of(
    contract: Contract, version: int, inputs: Inputs, passage: Passage | None = None
) -> service_pb2.ModelInferRequest:
    """Return a run as Triton is asked for it; what has a place in `passage` is there already."""
    request = service_pb2.ModelInferRequest(
        model_name=triton_name(contract.model, version), model_version=str(version)
    )
    for tensor in contract.inputs:
        array = inputs[tensor.name]
        entry = request.inputs.add(name=tensor.name, datatype=TRITON_DTYPES[tensor.dtype])
        entry.shape.extend(array.shape)
        if passage is None or not passage.tell(entry, tensor.name):
            request.raw_input_contents.append(array.tobytes())
    if passage is not None:
        for tensor in contract.outputs:
            passage.tell(request.outputs.add(name=tensor.name), tensor.name)
    return request


def answers_of(
    contract: Contract, response: service_pb2.ModelInferResponse, passage: Passage | None = None
) -> Arrays:
    """Return the arrays of an answer, those with a place in `passage` copied from there."""
    dtypes = {tensor.name: tensor.dtype for tensor in contract.outputs}
    answers = {}
    for output, raw in zip(response.outputs, response.raw_output_contents, strict=True):
        name, shape = output.name, tuple(output.shape)
        if passage is not None and name in passage.places:
            answers[name] = passage.take(name, dtypes[name], shape)
        else:
            answers[name] = np.frombuffer(raw, np.dtype(dtypes[name])).reshape(shape)
    return answers


def translated(error: grpc.aio.AioRpcError, model: str, version: int) -> LimnerError:
    """Return Triton's failure in our words; its own text holds paths and stays in the log."""
    code, text = error.code(), error.details() or ""
    log.warning(
        "triton call failed",
        extra={"model": model, "version": version, "code": code.name, "detail": text[:500]},
    )
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return DeadlinePassed(f"the deadline passed while {model} ran")
    return failure(model, version, text, gone=code in GONE)


def failure(model: str, version: int, text: str, *, gone: bool = False) -> LimnerError:
    """Return what Triton says of a run that failed, in our words.

    Args:
        model: Whose run it was.
        version: Its number.
        text: What Triton says.
        gone: Whether its code says that the version is not there.
    """
    if gone or any(words in text for words in LOST):
        return ModelNotReady(f"{model} version {version} is not ready", retry_after=1.0)
    return ModelFailed(f"{model} version {version} failed on this request")


def check_input(tensor: Tensor, array: npt.NDArray[np.generic], contract: Contract) -> None:
    """Raise ValueError unless an array is such as its contract has it."""
    batch, *shape = array.shape
    if not tensor.holds(shape) or array.dtype != tensor.dtype:
        raise ValueError(f"{contract.id} {tensor.name} got {array.dtype}{list(array.shape)}")
    if not 1 <= batch <= contract.max_batch:
        raise ValueError(f"{contract.id} got a batch of {batch}, at most {contract.max_batch}")


def check_answers(contract: Contract, version: int, answers: Arrays, batch: int) -> None:
    """Hold an answer to its contract.

    Raises:
        ModelFailed: It is not as the contract says.
    """
    for tensor in contract.outputs:
        if (wrong := _wrong(tensor, answers.get(tensor.name), batch)) is not None:
            told = {"model": contract.model, "version": version, "detail": wrong}
            log.warning("an answer is useless", extra=told)
            raise ModelFailed(f"{contract.model} version {version} answered uselessly")


def _wrong(tensor: Tensor, array: npt.NDArray[Any] | None, batch: int) -> str | None:
    """Return what of an answer is not as its contract says; None where all is."""
    if array is None:
        return f"{tensor.name} is missing"
    if len(array) != batch or not tensor.holds(array.shape[1:]):
        return f"{tensor.name} is {list(array.shape)}"
    if tensor.dtype == "float32" and not np.isfinite(array).all():
        return f"{tensor.name} holds numbers that are none"
    return None
