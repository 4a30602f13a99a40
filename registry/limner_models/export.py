"""Export: a trained network as ONNX, proven to answer as it did before anybody gets it."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import torch

from limner_models.errors import ParityMissed
from limner_registry.golden import Array, Golden
from limner_registry.release import Release
from limner_registry.tensors import FREE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from limner_models.recipes.recipe import Arrays
    from limner_registry.contract import Contract
    from limner_registry.tensors import Tensor

OPSET = 17
PARITY = 1e-3
"""Largest difference to the eager network, as a share of an output's range."""
TOLERANCE = 1e-2
"""Of golden answers, as a share of an output's range: other processors and runtimes sum in
another order and round elsewhere; a wrong weight or channel order differs by far more."""


def release_of(
    network: nn.Module,
    contract: Contract,
    examples: Arrays,
    scores: Mapping[str, float],
    said: Mapping[str, str],
) -> Release:
    """Return a trained network as a release, with its golden answers.

    Args:
        network: Answers the contract.
        contract: What it answers.
        examples: Golden inputs by tensor name.
        scores: Metrics in [0, 1], higher better.
        said: The release's `card`, `license`, `data_sha256` and `origin`.

    Raises:
        ParityMissed: The exported network answers otherwise than this one.
    """
    exported = export(network, contract, examples)
    answers = _answers(exported, contract, examples)
    kept = {name: _shortened(answer) for name, answer in answers.items()}
    golden = Golden(examples, kept, TOLERANCE)
    return Release(contract, exported, golden, dict(scores), **said)


def export(network: nn.Module, contract: Contract, examples: Arrays) -> bytes:
    """Return a network as an ONNX file that takes batches of any size.

    Args:
        network: Called with the contract's inputs, in order, it answers its outputs.
        contract: Names the inputs and outputs.
        examples: Inputs by tensor name, to trace the network with and to compare on.

    Raises:
        ParityMissed: The file does not answer as the network does.
    """
    network = network.eval().cpu()
    tensors = (*contract.inputs, *contract.outputs)
    names = [tensor.name for tensor in contract.inputs]
    outputs = [tensor.name for tensor in contract.outputs]
    inputs = tuple(torch.from_numpy(examples[name]) for name in names)
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode():
        # the tracing exporter is to go one day; the newer one needs a package that we do not
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            inputs,
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=names,
            output_names=outputs,
            dynamic_axes={tensor.name: _axes(tensor) for tensor in tensors},
        )
        eager = network(*inputs)
    exported = file.getvalue()
    answers = _answers(exported, contract, examples)
    answered = eager if isinstance(eager, tuple) else (eager,)
    for name, expected in zip(outputs, answered, strict=True):
        gap = np.abs(np.subtract(answers[name], expected.numpy(), dtype=np.float64))
        allowed = PARITY * max(float(np.ptp(expected.numpy())), 1e-6)
        if not expected.is_floating_point():
            allowed = max(allowed, 1)  # what lies halfway is rounded to either side
        if not float(gap.max()) <= allowed:
            raise ParityMissed(f"{name} differs by {gap.max():.3g} once exported")
    return exported


def _axes(tensor: Tensor) -> dict[int, str]:
    """Return names for the axes whose sizes a call chooses."""
    free = {axis: f"{tensor.name}_{axis}" for axis, n in enumerate(tensor.shape, 1) if n == FREE}
    return {0: "batch", **free}


def _answers(exported: bytes, contract: Contract, inputs: Arrays) -> Arrays:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(exported, options, ["CPUExecutionProvider"])
    names = [tensor.name for tensor in contract.outputs]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def _shortened(answer: Array) -> Array:
    """Return `answer` rounded to a sixteenth of the tolerance, so that it packs well."""
    step = np.exp2(np.floor(np.log2(max(float(np.ptp(answer)), 1e-6) * TOLERANCE / 8)))
    rounded: Array = np.round(answer / step) * step
    if answer.dtype.kind != "f":
        rounded = np.clip(rounded, answer.min(), answer.max())  # else the largest would wrap around
    return rounded.astype(answer.dtype)
