"""Reads a .tflite file into a graph; nothing the file claims is believed unchecked."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tflite

from limner_registry.importers.errors import GraphUnreadable, OperatorUnsupported
from limner_registry.importers.graph import Array, Graph, Node, Shape
from limner_registry.importers.options import builtin_options, custom_options
from limner_registry.importers.sparse import Compressed, Dense, densify

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 64 << 20
MAX_PARTS = 20_000
"""Tensors, or operators, of one file."""
MAX_ELEMENTS = 1 << 24
"""Elements of one tensor, and of all constants together."""
MAX_RANK = 8

_DTYPES: Mapping[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
}
_OPERATORS = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
_INDEX_VECTORS = {
    tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
    tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
    tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
}
_DAMAGE = (
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    UnicodeDecodeError,
    ValueError,
    struct.error,
)
"""What the accessors of a flatbuffer end in when its offsets lead nowhere."""


def read(data: bytes) -> Graph:
    """Return the graph of a .tflite file, its constants unpacked to dense float32 or integers.

    Raises:
        GraphUnreadable: The bytes are damaged, or larger than any network wanted here.
        OperatorUnsupported: An operator's options, or a tensor's type, are not known here.
    """
    if not 8 <= len(data) <= MAX_BYTES or not tflite.Model.ModelBufferHasIdentifier(data, 0):
        raise GraphUnreadable("this is no .tflite file")
    try:
        model = tflite.Model.GetRootAs(data, 0)
        if model.SubgraphsLength() != 1:
            raise OperatorUnsupported("a network of several subgraphs cannot be converted")
        return _graph(model, model.Subgraphs(0))
    except _DAMAGE as error:
        raise GraphUnreadable(f"the .tflite file is damaged: {error}") from error


def _graph(model: Any, subgraph: Any) -> Graph:
    if max(subgraph.TensorsLength(), subgraph.OperatorsLength()) > MAX_PARTS:
        raise GraphUnreadable(f"a network may have {MAX_PARTS} tensors and as many operators")
    tensors = [subgraph.Tensors(index) for index in range(subgraph.TensorsLength())]
    shapes = tuple(_shape(tensor) for tensor in tensors)
    constants: dict[int, Array] = {}
    room = MAX_ELEMENTS  # tensors may share a buffer: the file's size does not bound their sum
    for index, tensor in enumerate(tensors):
        stored = model.Buffers(tensor.Buffer())
        if stored.DataLength():
            room -= math.prod(shapes[index])
            if room < 0:
                raise GraphUnreadable(f"the constants have over {MAX_ELEMENTS} elements")
            constants[index] = _constant(tensor, stored.DataAsNumpy(), shapes[index])
    nodes = tuple(
        node
        for index in range(subgraph.OperatorsLength())
        if not _folded(node := _node(model, subgraph.Operators(index)), constants)
    )
    graph = Graph(
        inputs=_numbers(subgraph.InputsAsNumpy()),
        outputs=_numbers(subgraph.OutputsAsNumpy()),
        nodes=nodes,
        shapes=shapes,
        names=tuple(tensor.Name().decode() for tensor in tensors),
        constants={index: _widened(constant) for index, constant in constants.items()},
    )
    _check_order(graph)
    return graph


def _shape(tensor: Any) -> Shape:
    shape = _numbers(tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
    if len(shape) > MAX_RANK or min(shape, default=1) < 1 or math.prod(shape) > MAX_ELEMENTS:
        raise GraphUnreadable(f"a tensor has the sizes {list(shape)}")
    return shape


def _constant(tensor: Any, stored: npt.NDArray[np.uint8], shape: Shape) -> Array:
    dtype = _DTYPES.get(tensor.Type())
    if dtype is None:
        raise OperatorUnsupported(f"constants of type {tensor.Type()} cannot be converted")
    values = np.frombuffer(stored.tobytes(), dtype)
    if tensor.Sparsity() is not None:
        return _dense(values, tensor.Sparsity(), shape)
    return values.reshape(shape)


def _dense(values: Array, sparsity: Any, shape: Shape) -> Array:
    blocks = _numbers(sparsity.BlockMapAsNumpy()) if sparsity.BlockMapLength() else ()
    if sparsity.DimMetadataLength() > 2 * MAX_RANK:
        raise GraphUnreadable("a sparse tensor has too many levels")
    levels = [_level(sparsity.DimMetadata(i)) for i in range(sparsity.DimMetadataLength())]
    order = _numbers(sparsity.TraversalOrderAsNumpy())
    return densify(values, shape, order, blocks, levels)


def _level(metadata: Any) -> Dense | Compressed:
    if metadata.Format() == tflite.DimensionType.DENSE:
        if not 1 <= metadata.DenseSize() <= MAX_ELEMENTS:
            raise GraphUnreadable("a level of a sparse tensor has no size")
        return Dense(metadata.DenseSize())
    return Compressed(
        _index_vector(metadata.ArraySegmentsType(), metadata.ArraySegments()),
        _index_vector(metadata.ArrayIndicesType(), metadata.ArrayIndices()),
    )


def _index_vector(kind: int, table: Any) -> npt.NDArray[np.int64]:
    vector = _INDEX_VECTORS[kind]()
    vector.Init(table.Bytes, table.Pos)
    values: npt.NDArray[np.int64] = vector.ValuesAsNumpy().astype(np.int64)
    if (values < 0).any():
        raise GraphUnreadable("a sparse tensor has negative indices")
    return values


def _node(model: Any, operator: Any) -> Node:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Files older than the wide code keep theirs in the narrow one, where 127 means "look there".
    op = _OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    if op == "CUSTOM":
        op = code.CustomCode().decode()
        options: object = custom_options(op, code.Version(), operator)
    else:
        options = builtin_options(op, operator)
    inputs, outputs = operator.InputsAsNumpy(), operator.OutputsAsNumpy()
    return Node(op, _numbers(inputs), _numbers(outputs), options)


def _folded(node: Node, constants: dict[int, Array]) -> bool:
    """Return whether the node only unpacks a constant; if so its output becomes one."""
    if node.op not in {"DEQUANTIZE", "DENSIFY"} or node.inputs[0] not in constants:
        return False
    constants[node.outputs[0]] = constants[node.inputs[0]]
    return True


def _widened(constant: Array) -> Array:
    return constant.astype(np.float32) if constant.dtype == np.float16 else constant


def _check_order(graph: Graph) -> None:
    """Raise GraphUnreadable unless each node finds its inputs, and each output is made."""
    ready = {*graph.inputs, *graph.constants}
    for node in graph.nodes:
        # An input of -1 is an optional one that is not given.
        if not ready.issuperset(index for index in node.inputs if index != -1):
            raise GraphUnreadable(f"{node.op} comes before its inputs")
        ready.update(node.outputs)
    if not ready.issuperset(graph.outputs):
        raise GraphUnreadable("no operator gives the network's output")
    if not all(0 <= index < len(graph.shapes) for index in ready):
        raise GraphUnreadable("an operator names a tensor that is not there")


def _numbers(array: npt.NDArray[np.int32]) -> tuple[int, ...]:
    return tuple(int(number) for number in array)
