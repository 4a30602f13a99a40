"""An exported network that works for as many turns as it is told, run as all networks are."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

SIDE = 128
"""Of the matrix that a turn multiplies: a few nodes of some ten microseconds each."""


def grind(folder: Path) -> None:
    """Put the network and its runner into a version's folder.

    It takes and gives what the toy does; the second number of its order is turns in thousands.
    """
    runner = files("limner_registry.backends").joinpath("onnx.py")
    shutil.copy(str(runner), folder / "model.py")
    onnx.save(network(), folder / "model.onnx")


def network() -> onnx.ModelProto:
    """Return the network: a loop of matrix products whose sum never counts."""
    value, array = helper.make_tensor_value_info, onnx.numpy_helper.from_array
    turn = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "wheel"], ["y"]),
            helper.make_node("Softmax", ["y"], ["z"]),
            helper.make_node("Identity", ["go"], ["on"]),
        ],
        "turn",
        [
            value("turn", TensorProto.INT64, []),
            value("go", TensorProto.BOOL, []),
            value("x", TensorProto.FLOAT, [SIDE, SIDE]),
        ],
        [value("on", TensorProto.BOOL, []), value("z", TensorProto.FLOAT, [SIDE, SIDE])],
    )
    nodes = [
        helper.make_node("Identity", ["given"], ["same"]),
        helper.make_node("Gather", ["order", "second"], ["thousands"], axis=1),
        helper.make_node("Mul", ["thousands", "thousand"], ["turns"]),
        helper.make_node("Cast", ["turns"], ["count"], to=TensorProto.INT64),
        helper.make_node("Squeeze", ["count"], ["times"]),
        helper.make_node("Loop", ["times", "begin", "wheel"], ["last"], body=turn),
        helper.make_node("ReduceSum", ["last"], ["sum"]),
        helper.make_node("Mul", ["sum", "zero"], ["value"]),
    ]
    constants = {
        "wheel": np.eye(SIDE, dtype=np.float32),
        "begin": np.array(True),
        "second": np.array([1]),
        "thousand": np.array(1000, np.float32),
        "zero": np.zeros((1, 1), np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "mill",
        [value("given", TensorProto.UINT8, [1, "n"]), value("order", TensorProto.FLOAT, [1, 2])],
        [value("same", TensorProto.UINT8, [1, "n"]), value("value", TensorProto.FLOAT, [1, 1])],
        [array(constant, name) for name, constant in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
