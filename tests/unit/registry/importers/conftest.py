from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from limner_registry.contract import Contract
from limner_registry.importers.graph import Graph, Node
from limner_registry.importers.onnx_graph import Drawing
from limner_registry.importers.operators import OPERATORS
from limner_registry.tensors import Tensor


def planes(array):
    """N, H, W, C as N, C, H, W; other ranks as they are."""
    return array.transpose(0, 3, 1, 2) if array.ndim == 4 else array


def pixels(array):
    """The way back."""
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


@pytest.fixture(scope="session")
def run_node():
    """Draw one operator as ONNX and run it; arrays lie as in a .tflite file, any batch."""

    def run(op, options, shape, *inputs, constants=()):
        fed = {f"x{k}": planes(array) for k, array in enumerate(inputs)}
        first = [(1, *array.shape[1:]) for array in inputs]
        shapes = (*first, *(c.shape for c in constants), shape)
        graph = Graph(
            inputs=tuple(range(len(inputs))),
            outputs=(len(shapes) - 1,),
            nodes=(Node(op, tuple(range(len(shapes) - 1)), (len(shapes) - 1,), options),),
            shapes=shapes,
            names=tuple(str(k) for k in range(len(shapes))),
            constants=dict(enumerate(constants, len(inputs))),
        )
        drawing = Drawing(graph)
        for k, name in enumerate(fed):
            drawing.place(k, name)
        drawing.draw(OPERATORS)
        drawing.rename(drawing.value(len(shapes) - 1), "y")
        given = planes(np.empty(shape, np.uint8)).shape[1:]
        contract = Contract(
            "tiny",
            1,
            tuple(Tensor(name, "float32", x.shape[1:], "") for name, x in fed.items()),
            (Tensor("y", "float32", given, ""),),
            8,
        )
        session = onnxruntime.InferenceSession(
            drawing.model(contract), providers=["CPUExecutionProvider"]
        )
        return pixels(session.run(["y"], fed)[0])

    return run
