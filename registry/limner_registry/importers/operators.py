"""The operators of a .tflite graph in ONNX, each a small function in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner_registry.importers.attention import (
    draw_landmark_transform,
    draw_matrix_from_landmarks,
    draw_region,
)
from limner_registry.importers.errors import OperatorUnsupported
from limner_registry.importers.graph import (
    Activation,
    Custom,
    Fused,
    Pair,
    Pooling,
    Resizing,
    Shape,
    Slicing,
    Sliding,
    Unfolding,
)
from limner_registry.importers.onnx_graph import PIXELS, PLANES, Drawing
from limner_registry.importers.options import TRANSPOSED_CONVOLUTION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import numpy.typing as npt

    from limner_registry.importers.graph import Node

IMAGE_RANK = 4


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> Pair:
    """Return the rows to add before and after, so that ceil(size / stride) windows fit.

    An odd one goes after, as TensorFlow has it; ONNX's SAME_UPPER is the same.
    """
    windows = -(-size // stride)
    extent = (kernel - 1) * dilation + 1
    missing = max((windows - 1) * stride + extent - size, 0)
    return missing // 2, missing - missing // 2


def _pads(shape: Shape, kernel: Pair, options: Sliding | Pooling) -> list[int]:
    """Return ONNX's pads, top, left, bottom, right, for a window over N, H, W, C."""
    if not options.same:
        return [0, 0, 0, 0]
    dilation = options.dilation if isinstance(options, Sliding) else (1, 1)
    top, bottom = same_padding(shape[1], kernel[0], options.stride[0], dilation[0])
    left, right = same_padding(shape[2], kernel[1], options.stride[1], dilation[1])
    return [top, left, bottom, right]


def _activated(drawing: Drawing, value: str, activation: Activation) -> str:
    return drawing.add("Relu", value) if activation == "RELU" else value


def _convolution(drawing: Drawing, node: Node) -> str:
    weights = drawing.graph.weights(node.inputs[1]).transpose(PLANES)
    return _slide(drawing, node, weights, groups=1)


def _depthwise(drawing: Drawing, node: Node) -> str:
    weights = drawing.graph.weights(node.inputs[1]).transpose(3, 0, 1, 2)
    return _slide(drawing, node, weights, groups=drawing.graph.shapes[node.inputs[0]][3])


def _slide(drawing: Drawing, node: Node, weights: npt.NDArray[np.float32], groups: int) -> str:
    options = node.settings(Sliding)
    kernel = (weights.shape[2], weights.shape[3])
    value = drawing.add(
        "Conv",
        drawing.value(node.inputs[0]),
        drawing.constant(weights),
        drawing.constant(drawing.graph.weights(node.inputs[2])),
        kernel_shape=kernel,
        strides=options.stride,
        dilations=options.dilation,
        pads=_pads(drawing.graph.shapes[node.inputs[0]], kernel, options),
        group=groups,
    )
    return _activated(drawing, value, options.activation)


def _transposed_convolution(drawing: Drawing, node: Node) -> str:
    options = node.settings(Custom)
    weights = drawing.graph.weights(node.inputs[1]).transpose(3, 0, 1, 2)
    stride = (int(options.number("stride_height")), int(options.number("stride_width")))
    if stride != weights.shape[2:]:
        raise OperatorUnsupported("a transposed convolution whose windows overlap has no form here")
    return drawing.add(
        "ConvTranspose",
        drawing.value(node.inputs[0]),
        drawing.constant(weights),
        drawing.constant(drawing.graph.weights(node.inputs[2])),
        kernel_shape=stride,
        strides=stride,
    )


def _elementwise(op: str) -> Callable[[Drawing, Node], str]:
    def draw(drawing: Drawing, node: Node) -> str:
        rank = len(drawing.graph.shapes[node.outputs[0]])
        left, right = (_operand(drawing, tensor, rank) for tensor in node.inputs)
        return _activated(drawing, drawing.add(op, left, right), node.settings(Fused).activation)

    return draw


def _operand(drawing: Drawing, tensor: int, rank: int) -> str:
    """Return a computed value, or a constant laid out to spread over one of this rank."""
    if tensor not in drawing.graph.constants:
        if len(drawing.graph.shapes[tensor]) != rank:
            raise OperatorUnsupported("values of different ranks cannot be combined here")
        return drawing.value(tensor)
    constant = drawing.graph.weights(tensor)
    spread = constant.reshape((1,) * (rank - constant.ndim) + constant.shape)
    return drawing.constant(spread.transpose(PLANES) if rank == IMAGE_RANK else spread)


def _pointwise(op: str) -> Callable[[Drawing, Node], str]:
    return lambda drawing, node: drawing.add(op, drawing.value(node.inputs[0]))


def _prelu(drawing: Drawing, node: Node) -> str:
    slope = _operand(drawing, node.inputs[1], len(drawing.graph.shapes[node.outputs[0]]))
    return drawing.add("PRelu", drawing.value(node.inputs[0]), slope)


def _pad(drawing: Drawing, node: Node) -> str:
    amounts = drawing.graph.integers(node.inputs[1])
    if amounts.shape != (IMAGE_RANK, 2) or amounts[0].any() or (amounts < 0).any():
        raise OperatorUnsupported("only rows, columns and channels can be padded")
    pads = drawing.integers(amounts[list(PLANES)].T.ravel().tolist())
    return drawing.add("Pad", drawing.value(node.inputs[0]), pads)


def _pool(op: str) -> Callable[[Drawing, Node], str]:
    def draw(drawing: Drawing, node: Node) -> str:
        options, shape = node.settings(Pooling), drawing.graph.shapes[node.inputs[0]]
        value = drawing.value(node.inputs[0])
        if op == "AveragePool" and options.kernel == shape[1:3] and not options.same:
            pooled = drawing.add("GlobalAveragePool", value)
        else:
            pads = _pads(shape, options.kernel, options)
            pooled = drawing.add(
                op, value, kernel_shape=options.kernel, strides=options.stride, pads=pads
            )
        return _activated(drawing, pooled, options.activation)

    return draw


def _resize(drawing: Drawing, node: Node) -> str:
    options = node.settings(Resizing)
    if options.align_corners == options.half_pixel:
        raise OperatorUnsupported("a resize must align either its corners or its pixel centers")
    value, sizes = drawing.value(node.inputs[0]), drawing.graph.integers(node.inputs[1])
    # The batch is not known: sizes must be given for all axes or none, so these are factors.
    _, height, width, _ = drawing.graph.shapes[node.inputs[0]]
    factors = drawing.constant([1, 1, sizes[0] / height, sizes[1] / width])
    mode = "align_corners" if options.align_corners else "half_pixel"
    return drawing.add(
        "Resize", value, "", factors, mode="linear", coordinate_transformation_mode=mode
    )


def _depth_to_space(drawing: Drawing, node: Node) -> str:
    block = node.settings(Unfolding).block
    return drawing.add("DepthToSpace", drawing.value(node.inputs[0]), blocksize=block, mode="DCR")


def _reshape(drawing: Drawing, node: Node) -> str:
    taken, given = (drawing.graph.shapes[tensor] for tensor in (node.inputs[0], node.outputs[0]))
    if taken[:1] != (1,) or given[:1] != (1,):
        raise OperatorUnsupported("a reshape may not mix the images of a batch")
    value = drawing.value(node.inputs[0])
    if len(taken) == IMAGE_RANK and taken[1:3] != (1, 1):
        value = drawing.add("Transpose", value, perm=PIXELS)
    value = drawing.add("Reshape", value, drawing.integers([0, *given[1:]]))
    return drawing.add("Transpose", value, perm=PLANES) if len(given) == IMAGE_RANK else value


def _slice(drawing: Drawing, node: Node) -> str:
    options, shape = node.settings(Slicing), drawing.graph.shapes[node.inputs[0]]
    begins, ends, steps = (drawing.graph.integers(tensor) for tensor in node.inputs[1:4])
    cut = []
    for axis, size in enumerate(shape):
        begin = 0 if options.whole_begin >> axis & 1 else int(begins[axis])
        end = size if options.whole_end >> axis & 1 else int(ends[axis])
        if (begin, end, steps[axis]) != (0, size, 1):
            place = PLANES.index(axis) if len(shape) == IMAGE_RANK else axis
            cut.append((begin, end, place, int(steps[axis])))
    if options.reshaping or any(place == 0 or step < 1 for _, _, place, step in cut):
        raise OperatorUnsupported("a slice may not drop axes, turn them round or cut the batch")
    value = drawing.value(node.inputs[0])
    if not cut:
        return value
    return drawing.add("Slice", value, *(drawing.integers(c) for c in zip(*cut, strict=True)))


OPERATORS: Mapping[str, Callable[[Drawing, Node], str]] = {
    "ADD": _elementwise("Add"),
    "AVERAGE_POOL_2D": _pool("AveragePool"),
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEPTH_TO_SPACE": _depth_to_space,
    "HARD_SWISH": _pointwise("HardSwish"),
    "LOGISTIC": _pointwise("Sigmoid"),
    "MAX_POOL_2D": _pool("MaxPool"),
    "MUL": _elementwise("Mul"),
    "PAD": _pad,
    "PRELU": _prelu,
    "RELU": _pointwise("Relu"),
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize,
    "STRIDED_SLICE": _slice,
    TRANSPOSED_CONVOLUTION: _transposed_convolution,
    "Landmarks2TransformMatrix": draw_matrix_from_landmarks,
    "TransformLandmarks": draw_landmark_transform,
    "TransformTensorBilinear": draw_region,
}
"""How each operator is drawn, by the name it has in a .tflite file."""
