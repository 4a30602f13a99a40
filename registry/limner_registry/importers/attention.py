"""MediaPipe's three operators of the attention mesh in ONNX, for any number of faces at once.

They cut upright squares around lips and eyes out of a map of features, by the mesh's landmarks,
and bring the points found there back. A transform is a 4x4 matrix that acts on x and y.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from limner_registry.importers.errors import OperatorUnsupported
from limner_registry.importers.graph import Custom

if TYPE_CHECKING:
    from limner_registry.importers.graph import Node
    from limner_registry.importers.onnx_graph import Drawing

VERSION = 2
"""The one version known: later ones may sample at other places."""


def draw_matrix_from_landmarks(drawing: Drawing, node: Node) -> str:
    """Draw the transform from a square of output pixels to the box around some landmarks.

    The box is upright when the line between two landmarks is level, and as much larger than its
    landmarks as the scales say.

    Returns:
        The name of N matrices of 4x4.
    """
    options = _options(node)
    landmarks = drawing.value(node.inputs[0])
    rotation = _rotation(drawing, landmarks, options)
    subset = drawing.integers(options.indices("subset_idxs"))
    points = _plane(drawing, drawing.add("Gather", landmarks, subset, axis=1))
    turned = drawing.add("MatMul", points, rotation)
    lowest = drawing.add("ReduceMin", turned, axes=[1])
    highest = drawing.add("ReduceMax", turned, axes=[1])
    half = drawing.constant(0.5)
    middle = drawing.add("Mul", drawing.add("Add", lowest, highest), half)
    back = drawing.add("Transpose", rotation, perm=[0, 2, 1])
    center = drawing.add("MatMul", middle, back)
    size = np.array([options.number("output_width"), options.number("output_height")])
    scale = np.array([options.number("scale_x"), options.number("scale_y")])
    per_pixel = drawing.constant((scale / size)[None, None])
    steps = drawing.add("Mul", drawing.add("Sub", highest, lowest), per_pixel)
    linear = drawing.add("Mul", rotation, steps)
    reach = drawing.add("MatMul", linear, drawing.constant((size / 2)[None, :, None]))
    shift = drawing.add("Sub", drawing.add("Transpose", center, perm=[0, 2, 1]), reach)
    return _matrix(drawing, linear, shift)


def draw_region(drawing: Drawing, node: Node) -> str:
    """Draw the square of features that a transform points at, bilinear, 0 outside of the map.

    Pixel centers lie at halves, on both sides. A sample beyond the outermost centers is 0 as a
    whole; it does not fade.

    Returns:
        The name of N, C, output height, output width values.
    """
    options = _options(node)
    features, matrix = (drawing.value(tensor) for tensor in node.inputs)
    height, width = (int(options.number(f"output_{side}")) for side in ("height", "width"))
    rows, columns = np.mgrid[:height, :width] + 0.5
    centers = drawing.constant(np.stack([columns.ravel(), rows.ravel()], 1)[None])
    places = _transformed(drawing, centers, matrix)
    _, map_height, map_width, _ = drawing.graph.shapes[node.inputs[0]]
    size = np.array([map_width, map_height])
    unit = drawing.add("Mul", places, drawing.constant(2 / size))
    unit = drawing.add("Sub", unit, drawing.constant(1.0))
    grid = drawing.add("Reshape", unit, drawing.integers([0, height, width, 2]))
    sampled = drawing.add("GridSample", features, grid, mode="bilinear", padding_mode="zeros")
    above = drawing.add("GreaterOrEqual", places, drawing.constant([0.5, 0.5]))
    below = drawing.add("LessOrEqual", places, drawing.constant(size - 0.5))
    inside = drawing.add("Cast", drawing.add("And", above, below), to=TensorProto.FLOAT)
    inside = drawing.add("ReduceMin", inside, axes=[2])
    inside = drawing.add("Reshape", inside, drawing.integers([0, 1, height, width]))
    return drawing.add("Mul", sampled, inside)


def draw_landmark_transform(drawing: Drawing, node: Node) -> str:
    """Draw landmarks of two coordinates moved by a transform."""
    _options(node)
    if drawing.graph.shapes[node.inputs[0]][-1] != 2:
        raise OperatorUnsupported("only landmarks of x and y can be transformed")
    landmarks, matrix = (drawing.value(tensor) for tensor in node.inputs)
    return _transformed(drawing, landmarks, matrix)


def _options(node: Node) -> Custom:
    options = node.settings(Custom)
    if options.version != VERSION:
        raise OperatorUnsupported(f"{node.op} is known in version {VERSION} only")
    return options


def _rotation(drawing: Drawing, landmarks: str, options: Custom) -> str:
    """Draw the 2x2 matrices that, right of a row of x and y, turn two landmarks level."""
    left, right = (
        drawing.integers([int(options.number(f"{side}_rotation_idx"))])
        for side in ("left", "right")
    )
    start = _plane(drawing, drawing.add("Gather", landmarks, left, axis=1))
    end = _plane(drawing, drawing.add("Gather", landmarks, right, axis=1))
    line = drawing.add("Sub", end, start)
    length = drawing.add("ReduceL2", line, axes=[2])
    tiny = drawing.constant(np.finfo(np.float32).tiny)
    unit = drawing.add("Div", line, drawing.add("Max", length, tiny))
    # The rows (cos a, sin a) and (-sin a, cos a) of a = target - atan2(dy, dx), linear in dx, dy.
    target = options.number("target_rotation_radians")
    cos, sin = math.cos(target), math.sin(target)
    rows = np.array([[cos, sin, -sin, cos], [sin, -cos, cos, sin]])
    turned = drawing.add("MatMul", unit, drawing.constant(rows[None]))
    return drawing.add("Reshape", turned, drawing.integers([0, 2, 2]))


def _matrix(drawing: Drawing, linear: str, shift: str) -> str:
    """Draw 4x4 matrices of N 2x2 ones and N shifts of 2x1; z stays as it is."""
    linear = drawing.add("Pad", linear, drawing.integers([0, 0, 0, 0, 2, 2]))
    shift = drawing.add("Pad", shift, drawing.integers([0, 0, 3, 0, 2, 0]))
    rest = drawing.constant(np.diag([0, 0, 1, 1])[None])
    return drawing.add("Sum", linear, shift, rest)


def _transformed(drawing: Drawing, points: str, matrix: str) -> str:
    """Draw N, K, 2 points moved by N 4x4 matrices."""
    rows = drawing.add("Slice", matrix, *(drawing.integers([k]) for k in (0, 2, 1)))
    columns = drawing.add("Transpose", rows, perm=[0, 2, 1])
    linear, shift = (
        drawing.add("Gather", columns, drawing.integers(kept), axis=1) for kept in ([0, 1], [3])
    )
    return drawing.add("Add", drawing.add("MatMul", points, linear), shift)


def _plane(drawing: Drawing, points: str) -> str:
    """Draw the x and y of N, K, 3 points."""
    return drawing.add("Slice", points, *(drawing.integers([k]) for k in (0, 2, 2)))
