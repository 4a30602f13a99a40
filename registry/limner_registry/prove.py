"""Proof, before a network is published, that it keeps its contract and its golden answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as state

from limner_registry.errors import ContractBroken, GoldenMissed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from limner_registry.contract import Contract
    from limner_registry.golden import Array, Golden
    from limner_registry.tensors import Tensor

ONNX_TYPES = {
    "uint8": "tensor(uint8)",
    "int16": "tensor(int16)",
    "float32": "tensor(float)",
}

Failure: tuple[type[Exception], ...] = (
    state.EPFail,
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NoSuchFile,
    state.NotImplemented,
    state.RuntimeException,
    ValueError,
)
"""What onnxruntime raises for a network it cannot load or run; the classes share no base."""


def prove(network: bytes, contract: Contract, golden: Golden) -> None:
    """Run an ONNX network on one CPU thread against its contract and its golden answers.

    What is weights alone is not run here, where there is no torch: its file is looked through, and
    its golden answers are asked for before it is routed to, as every version's are.

    The golden inputs are also repeated up to the contract's largest batch: a network that takes
    one size of batch only, or that mixes the photos of a batch, is found here.

    Raises:
        ContractBroken: Names, types or sizes differ from the contract, or it does not run.
        GoldenMissed: It runs, but answers other values.
    """
    _check_golden(golden, contract)
    if contract.backend != "onnx":
        _check_weights(network)
        return
    session = _open(network)
    _check_tensors("input", session.get_inputs(), contract.inputs)
    _check_tensors("output", session.get_outputs(), contract.outputs)

    count = len(next(iter(golden.inputs.values())))
    _check_answers(_run(session, golden.inputs), golden, "golden inputs")
    rows = np.arange(contract.max_batch) % count
    full = _run(session, {name: array[rows] for name, array in golden.inputs.items()})
    for tensor in contract.outputs:
        batch, *shape = full[tensor.name].shape
        if batch != contract.max_batch or not tensor.holds(shape):
            raise ContractBroken(f"output {tensor.name} of a full batch has another size")
    if contract.max_batch >= count:
        first = {name: array[:count] for name, array in full.items()}
        _check_answers(first, golden, f"golden inputs in a batch of {contract.max_batch}")


def _open(network: bytes) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Failure as error:
        raise ContractBroken("onnxruntime cannot load the network") from error


def _check_weights(weights: bytes) -> None:
    """Raise unless a file is safetensors: a header of JSON that says where each tensor lies."""
    start = 8 + int.from_bytes(weights[:8], "little")
    try:
        header = json.loads(weights[8:start])
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name[:2] != "__"]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ContractBroken("the weights are no safetensors") from error
    if not ends or max(ends) != len(weights) - start:
        raise ContractBroken("the weights are cut off, or none")


def _run(session: Any, inputs: Mapping[str, Array]) -> dict[str, Array]:
    names = [output.name for output in session.get_outputs()]
    try:
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))
    except Failure as error:
        size = len(next(iter(inputs.values())))
        raise ContractBroken(f"the network does not run on a batch of {size}") from error


def _check_answers(answers: Mapping[str, Array], golden: Golden, what: str) -> None:
    difference = golden.difference(answers)
    if difference:
        raise GoldenMissed(f"the network does not answer its {what}: {difference}")


def _check_golden(golden: Golden, contract: Contract) -> None:
    """Raise unless the golden arrays are one batch of exactly the contract's tensors."""
    counts = set()
    for side, arrays, tensors in (
        ("input", golden.inputs, contract.inputs),
        ("output", golden.outputs, contract.outputs),
    ):
        _check_names(f"golden {side}", set(arrays), tensors)
        for tensor in tensors:
            array = arrays[tensor.name]
            if not tensor.holds(array.shape[1:]) or array.dtype != tensor.dtype or not array.size:
                found = f"{array.dtype}{list(array.shape)}"
                raise ContractBroken(f"golden {side} {tensor.name} is {found}, not {_of(tensor)}")
            counts.add(len(array))
    if len(counts) != 1:
        raise ContractBroken("the golden arrays differ in their number of photos")


def _check_tensors(side: str, found: Iterable[Any], tensors: Sequence[Tensor]) -> None:
    """Raise unless a session's inputs or outputs are the contract's, the batch axis free."""
    declared = {value.name: value for value in found}
    _check_names(f"the network's {side}", set(declared), tensors)
    for tensor in tensors:
        value = declared[tensor.name]
        if value.type != ONNX_TYPES[tensor.dtype] or not _fits(value.shape, tensor.shape):
            text = f"{value.type}{value.shape}"
            raise ContractBroken(f"the network's {side} {tensor.name} is {text}, not {_of(tensor)}")


def _check_names(what: str, found: set[str], tensors: Sequence[Tensor]) -> None:
    expected = {tensor.name for tensor in tensors}
    if found != expected:
        raise ContractBroken(
            f"{what}s are {', '.join(sorted(found)) or 'none'}, not {', '.join(sorted(expected))}"
        )


def _fits(declared: Sequence[int | str | None], shape: tuple[int, ...]) -> bool:
    """Return whether a declared shape allows `shape` behind a batch axis of any size."""
    if len(declared) != len(shape) + 1 or isinstance(declared[0], int):
        return False
    return all(
        not isinstance(size, int) or size == wanted  # a name, or nothing, allows any size
        for size, wanted in zip(declared[1:], shape, strict=True)
    )


def _of(tensor: Tensor) -> str:
    return f"{tensor.dtype}[batch, {', '.join(str(size) for size in tensor.shape)}]"
