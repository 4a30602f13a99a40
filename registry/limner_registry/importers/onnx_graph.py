"""Draws a graph as ONNX: channels before height and width inside, any number of images at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from limner_registry.importers.errors import GraphUnreadable, OperatorUnsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from limner_registry.contract import Contract
    from limner_registry.importers.graph import Graph, Node
    from limner_registry.tensors import Tensor

OPSET = 17
"""GridSample needs 16; this one every runtime since 2022 reads."""
IR_VERSION = 8
BATCH = "batch"
PLANES = (0, 3, 1, 2)
"""The axes of N, H, W, C in the order N, C, H, W."""
PIXELS = (0, 2, 3, 1)
"""The way back."""
_DTYPES = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}


class Drawing:
    """An ONNX graph being drawn from another; values are known by name, tensors by number."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._values: dict[int, str] = {}
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Draw one ONNX operator and return the name of its value."""
        name = f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def rename(self, value: str, name: str) -> None:
        """Give a value the name by which the network's users know it."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))

    def constant(self, array: npt.ArrayLike, dtype: type[np.generic] = np.float32) -> str:
        """Keep an array in the network and return its name."""
        name = f"c{len(self._constants)}"
        stored = np.asarray(array, dtype, order="C")
        self._constants.append(numpy_helper.from_array(stored, name))
        return name

    def integers(self, numbers: Iterable[int]) -> str:
        """Keep a list of sizes or indices in the network and return its name."""
        return self.constant(list(numbers), np.int64)

    def value(self, tensor: int) -> str:
        """Return the name of what a tensor became; four axes lie as N, C, H, W.

        Raises:
            OperatorUnsupported: It is a constant where only a computed value is expected.
        """
        if tensor not in self._values:
            raise OperatorUnsupported(f"tensor {tensor} is not computed from the image")
        return self._values[tensor]

    def place(self, tensor: int, value: str) -> None:
        """Say that a tensor became this value."""
        self._values[tensor] = value

    def draw(self, operators: Mapping[str, Callable[[Drawing, Node], str]]) -> None:
        """Draw every node of the graph by the function that `operators` has for it.

        Raises:
            OperatorUnsupported: An operator has no function, or not for its settings.
            GraphUnreadable: An operator's inputs are too few, or do not fit it.
        """
        for node in self.graph.nodes:
            operator = operators.get(node.op)
            if operator is None or len(node.outputs) != 1:
                raise OperatorUnsupported(f"{node.op} has no ONNX form here")
            try:
                self.place(node.outputs[0], operator(self, node))
            except (IndexError, ValueError) as error:
                raise GraphUnreadable(f"{node.op} has inputs that do not fit: {error}") from error

    def model(self, contract: Contract) -> bytes:
        """Return the ONNX file of what was drawn, its inputs and outputs those of `contract`.

        Raises:
            onnx.checker.ValidationError: What was drawn is no valid network.
        """
        graph = helper.make_graph(
            self._nodes,
            contract.model,
            _declared(contract.inputs),
            _declared(contract.outputs),
            self._constants,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="limner",
        )
        onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString(deterministic=True)
        return data


def image_planes(drawing: Drawing, image: str, scale: float, shift: float) -> str:
    """Draw `image * scale + shift` of N, H, W, C bytes and return it as float32 planes."""
    planes = drawing.add("Transpose", image, perm=PLANES)  # as bytes, a quarter of the traffic
    real = drawing.add("Cast", planes, to=TensorProto.FLOAT)
    scaled = drawing.add("Mul", real, drawing.constant(scale))
    return drawing.add("Add", scaled, drawing.constant(shift)) if shift else scaled


def _declared(tensors: Sequence[Tensor]) -> list[Any]:
    return [
        helper.make_tensor_value_info(tensor.name, _DTYPES[tensor.dtype], [BATCH, *tensor.shape])
        for tensor in tensors
    ]
