"""Arrays as Triton's messages have them, and its errors in our words."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import numpy as np

from limner.v1.reasons import ModelFailed, ModelNotReady
from limner_registry.contract import triton_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from limner.errors import LimnerError
    from limner_registry.contract import Contract
    from limner_registry.tensors import Tensor
    from limner_server.triton.exchanges import Disconnected, Reply
    from limner_server.triton.lanes import Passage

    Inputs = Mapping[str, npt.NDArray[np.generic]]
    Arrays = dict[str, npt.NDArray[Any]]

log = logging.getLogger(__name__)

TRITON_DTYPES = {"uint8": "UINT8", "int16": "INT16", "float32": "FP32"}
GONE = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.NOT_FOUND}
LOST = ("is not healthy", "not at ready state", "unknown model", "no available versions")
"""What Triton says where a version is not there, or its runner has died."""


class Refused(Exception):
    """Triton has not done what it was asked."""

    def __init__(self, status: int, said: str) -> None:
        """Hold the status of HTTP, and what Triton says of it."""
        super().__init__(f"{status}: {said}")
        self.status = status
        self.said = said


def path_of(contract: Contract, version: int) -> str:
    """Return where Triton is asked for a run of one version."""
    return f"/v2/models/{triton_name(contract.model, version)}/versions/{version}/infer"


def request_of(
    contract: Contract, inputs: Inputs, name: str, passage: Passage | None = None
) -> tuple[bytes, list[bytes]]:
    """Return a run as Triton is asked for it by HTTP: JSON, and what tensors follow that.

    Args:
        contract: The model and its tensors.
        inputs: Arrays by tensor name.
        name: What the run is called.
        passage: Has some of the inputs already, and room for some of the outputs.
    """
    told, tensors = [], []
    for tensor in contract.inputs:
        array = inputs[tensor.name]
        where = passage.told(tensor.name) if passage is not None else None
        if where is None:
            tensors.append(array.tobytes())
            where = {"binary_data_size": array.nbytes}
        told.append(
            {
                "name": tensor.name,
                "datatype": TRITON_DTYPES[tensor.dtype],
                "shape": array.shape,
                "parameters": where,
            }
        )
    request: dict[str, Any] = {"id": name, "inputs": told}
    if passage is None:
        request["parameters"] = {"binary_data_output": True}
    else:
        request["outputs"] = [
            {"name": tensor.name, "parameters": passage.told(tensor.name) or {"binary_data": True}}
            for tensor in contract.outputs
        ]
    return json.dumps(request).encode(), tensors


def answers_of(contract: Contract, reply: Reply, passage: Passage | None = None) -> Arrays:
    """Return the arrays of an answer, those with a place in `passage` copied from there.

    Raises:
        Refused: It is none.
    """
    if reply.status != HTTPStatus.OK:
        raise Refused(reply.status, reply.told.decode(errors="replace"))
    dtypes = {tensor.name: tensor.dtype for tensor in contract.outputs}
    answers, start = {}, 0
    for output in json.loads(reply.told)["outputs"]:
        name, shape = output["name"], tuple(output["shape"])
        if passage is not None and name in passage.places:
            answers[name] = passage.take(name, dtypes[name], shape)
        else:
            end = start + output["parameters"]["binary_data_size"]
            answers[name] = np.frombuffer(reply.tensors[start:end], dtypes[name]).reshape(shape)
            start = end
    return answers


def translated(error: Refused | Disconnected, model: str, version: int) -> LimnerError:
    """Return why a run was not answered, in our words."""
    gone = not isinstance(error, Refused) or error.status in GONE
    return failure(model, version, str(error), gone=gone)


def failure(model: str, version: int, text: str, *, gone: bool = False) -> LimnerError:
    """Return what Triton says of a run that failed, in our words; its own stay in the log.

    Args:
        model: Whose run it was.
        version: Its number.
        text: What Triton says.
        gone: Whether its code says that the version is not there.
    """
    told = {"model": model, "version": version, "detail": text[:500]}  # which may hold paths
    log.warning("triton call failed", extra=told)
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
