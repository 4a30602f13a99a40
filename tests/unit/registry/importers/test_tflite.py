from __future__ import annotations

import contextlib

import flatbuffers
import numpy as np
import pytest
import tflite
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.importers.errors import GraphUnreadable, ImportFailed, OperatorUnsupported
from limner_registry.importers.graph import Fused, Graph
from limner_registry.importers.tflite import read

ADD, DEQUANTIZE = tflite.BuiltinOperator.ADD, tflite.BuiltinOperator.DEQUANTIZE
FLOAT16, FLOAT32 = tflite.TensorType.FLOAT16, tflite.TensorType.FLOAT32
HALVES = np.array([0.5, 1.5, -2.5], np.float16)


def table(builder, kind, **fields):
    """Write one table of the format; a field that is None stays unset."""
    getattr(tflite, f"{kind}Start")(builder)
    for name, value in fields.items():
        if value is not None:
            getattr(tflite, f"{kind}Add{name}")(builder, value)
    return getattr(tflite, f"{kind}End")(builder)


def offsets(builder, items):
    builder.StartVector(4, len(items), 4)
    for item in reversed(items):
        builder.PrependUOffsetTRelative(item)
    return builder.EndVector()


def numbers(builder, array):
    return builder.CreateNumpyVector(np.array(array, np.int32))


def tensor(builder, name, kind, buffer, shape):
    return table(
        builder,
        "Tensor",
        Name=builder.CreateString(name),
        Shape=numbers(builder, shape),
        Type=kind,
        Buffer=buffer,
    )


def tiny_file(*, order=(0, 1), shape=(3,), kind=FLOAT16, activation=1, options_type=None):
    """A file that unpacks three halves and adds them to its input, then clips at 0."""
    builder = flatbuffers.Builder(1024)
    stored = builder.CreateNumpyVector(np.frombuffer(HALVES.tobytes(), np.uint8))
    buffers = [table(builder, "Buffer"), table(builder, "Buffer", Data=stored)]
    tensors = [
        tensor(builder, "image", FLOAT32, 0, (1, 3)),
        tensor(builder, "halves", kind, 1, shape),
        tensor(builder, "reals", FLOAT32, 0, shape),
        tensor(builder, "sum", FLOAT32, 0, (1, 3)),
    ]
    codes = [
        table(builder, "OperatorCode", DeprecatedBuiltinCode=code, BuiltinCode=code)
        for code in (DEQUANTIZE, ADD)
    ]
    fused = table(builder, "AddOptions", FusedActivationFunction=activation)
    wide = tflite.BuiltinOptions.AddOptions if options_type is None else options_type
    operators = [
        table(
            builder,
            "Operator",
            OpcodeIndex=code,
            Inputs=numbers(builder, taken),
            Outputs=numbers(builder, given_),
            BuiltinOptionsType=wide if code else None,
            BuiltinOptions=fused if code else None,
        )
        for code, taken, given_ in ((0, [1], [2]), (1, [0, 2], [3]))
    ]
    graph = table(
        builder,
        "SubGraph",
        Tensors=offsets(builder, tensors),
        Inputs=numbers(builder, [0]),
        Outputs=numbers(builder, [3]),
        Operators=offsets(builder, [operators[index] for index in order]),
    )
    model = table(
        builder,
        "Model",
        Version=3,
        OperatorCodes=offsets(builder, codes),
        Subgraphs=offsets(builder, [graph]),
        Buffers=offsets(builder, buffers),
    )
    builder.Finish(model, b"TFL3")
    return bytes(builder.Output())


FILE = tiny_file()


def test_a_packed_constant_is_folded_into_the_graph():
    graph = read(FILE)

    (node,) = graph.nodes
    assert (node.op, node.inputs, node.outputs) == ("ADD", (0, 2), (3,))
    assert node.settings(Fused).activation == "RELU"
    assert graph.names[graph.outputs[0]] == "sum"
    np.testing.assert_array_equal(graph.weights(2), HALVES.astype(np.float32))


@pytest.mark.parametrize("data", [b"", b"TFL3", b"PK\x03\x04" * 10, FILE[:4] + b"ONNX" + FILE[8:]])
def test_other_files_are_told_apart(data):
    with pytest.raises(GraphUnreadable, match=r"no \.tflite"):
        read(data)


@given(st.integers(8, len(FILE) - 1))
def test_a_file_cut_short_never_ends_in_another_error(length):
    with contextlib.suppress(ImportFailed):
        assert isinstance(read(FILE[:length]), Graph)


@given(st.lists(st.tuples(st.integers(8, len(FILE) - 1), st.integers(0, 255)), max_size=6))
def test_a_damaged_file_never_ends_in_another_error(changes):
    data = bytearray(FILE)
    for place, byte in changes:
        data[place] = byte
    with contextlib.suppress(ImportFailed):
        assert isinstance(read(bytes(data)), Graph)


def test_a_constant_of_another_size_than_its_shape_is_refused():
    with pytest.raises(GraphUnreadable, match="damaged"):
        read(tiny_file(shape=(4,)))


@pytest.mark.parametrize("shape", [(1 << 30,), (-3,), (1,) * 9])
def test_sizes_beyond_reason_are_refused(shape):
    with pytest.raises(GraphUnreadable, match="sizes"):
        read(tiny_file(shape=shape))


@pytest.mark.parametrize(
    ("order", "match"), [((0,), "no operator gives"), ((1,), "before its inputs")]
)
def test_a_graph_with_an_operator_left_out_is_refused(order, match):
    with pytest.raises(GraphUnreadable, match=match):
        read(tiny_file(order=order))


def test_options_of_another_operator_are_refused():
    with pytest.raises(GraphUnreadable, match="another operator's"):
        read(tiny_file(options_type=tflite.BuiltinOptions.MulOptions))


def test_types_and_activations_without_a_form_are_named():
    with pytest.raises(OperatorUnsupported, match="type"):
        read(tiny_file(kind=tflite.TensorType.COMPLEX64))
    with pytest.raises(OperatorUnsupported, match="activation"):
        read(tiny_file(activation=tflite.ActivationFunctionType.TANH))
