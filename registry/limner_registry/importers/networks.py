"""MediaPipe's four networks as our contracts want them: bytes in, named arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_registry.contracts import (
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    PERSON_SEGMENTER,
)
from limner_registry.importers.errors import GraphUnreadable
from limner_registry.importers.graph import Custom
from limner_registry.importers.onnx_graph import Drawing, image_planes
from limner_registry.importers.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from limner_registry.contract import Contract
    from limner_registry.importers.graph import Graph

MESH_POINTS = 468
IRIS_POINTS = 5
EYELID_POINTS = 16
"""The first points of an eye, around its opening; their mean depth is its iris's."""


def convert(graph: Graph, contract: Contract) -> bytes:
    """Return the ONNX file that answers `contract` with the network of `graph`.

    Raises:
        GraphUnreadable: It is not the network this contract's importer knows.
        OperatorUnsupported: It holds an operator that has no ONNX form here.
    """
    drawing = Drawing(graph)
    (taken,) = contract.inputs
    if [graph.shapes[tensor] for tensor in graph.inputs] != [(1, *taken.shape)]:
        raise GraphUnreadable(f"{contract.id} takes one image of {list(taken.shape)}")
    scale, shift = (1 / 127.5, -1.0) if contract == FACE_DETECTOR else (1 / 255, 0.0)
    drawing.place(graph.inputs[0], image_planes(drawing, taken.name, scale, shift))
    drawing.draw(OPERATORS)
    for name, value in _OUTPUTS[contract.model](drawing).items():
        drawing.rename(value, name)
    return drawing.model(contract)


def _detector(drawing: Drawing) -> dict[str, str]:
    return {"boxes": _output(drawing, "Identity"), "scores": _output(drawing, "Identity_1")}


def _mesh(drawing: Drawing) -> dict[str, str]:
    return {
        "landmarks": _points(drawing, "conv2d_21", MESH_POINTS, 3),
        "presence": _reshaped(drawing, "conv2d_31", 1),
    }


def _segmenter(drawing: Drawing) -> dict[str, str]:
    return {"person": _reshaped(drawing, "activation_10", *PERSON_SEGMENTER.outputs[0].shape)}


def _attention_mesh(drawing: Drawing) -> dict[str, str]:
    """Draw the mesh with the finer points put in.

    Lips and eyes replace the x and y of their mesh points and keep the mesh's z. Each iris lies
    as deep as the points around its eye's opening do on average.
    """
    mesh = _points(drawing, "output_mesh_identity", MESH_POINTS, 3)
    across, depth = _cut(drawing, mesh, 0, 2), _cut(drawing, mesh, 2, 3)
    finer = {
        name: subset_of(drawing.graph, name)
        for name in ("output_lips", "output_left_eye", "output_right_eye")
    }
    pools = [across] + [_points(drawing, name, len(kept), 2) for name, kept in finer.items()]
    pools += [_points(drawing, f"output_{side}_iris", IRIS_POINTS, 2) for side in ("left", "right")]
    rows = merged_rows(list(finer.values()))
    across = _gathered(drawing, drawing.add("Concat", *pools, axis=1), rows)
    eyes = [finer[f"output_{side}_eye"][:EYELID_POINTS] for side in ("left", "right")]
    depths = [drawing.add("ReduceMean", _gathered(drawing, depth, eye), axes=[1]) for eye in eyes]
    iris_rows = [MESH_POINTS] * IRIS_POINTS + [MESH_POINTS + 1] * IRIS_POINTS
    depth = drawing.add("Concat", depth, *depths, axis=1)
    depth = _gathered(drawing, depth, (*range(MESH_POINTS), *iris_rows))
    return {
        "landmarks": drawing.add("Concat", across, depth, axis=2),
        "presence": _reshaped(drawing, "conv_faceflag", 1),
    }


def merged_rows(finer: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Return where each of the 478 points lies in the mesh, the finer sets and the irises in a row.

    Args:
        finer: For each finer set the mesh point that each of its points replaces; where two
            replace the same, the later one does.
    """
    rows = np.arange(MESH_POINTS)
    start = MESH_POINTS
    for replaced in finer:
        rows[list(replaced)] = start + np.arange(len(replaced))
        start += len(replaced)
    return (*rows.tolist(), *range(start, start + 2 * IRIS_POINTS))


def subset_of(graph: Graph, output: str) -> tuple[int, ...]:
    """Return the mesh points from which the region of this output was cut, as the file has them.

    Raises:
        GraphUnreadable: The output does not stem from a region of the mesh.
    """
    waiting = [graph.output(output)]
    for tensor in waiting:  # grows while it is walked: the nearest makers come first
        node = graph.maker(tensor)
        if node is None:
            continue
        if node.op == "Landmarks2TransformMatrix":
            points = node.settings(Custom).indices("subset_idxs")
            if min(points) < 0 or max(points) >= MESH_POINTS:
                raise GraphUnreadable(f"{output} refines points that the mesh does not have")
            return points
        waiting += [source for source in node.inputs if source not in waiting]
    raise GraphUnreadable(f"{output} refines no points of the mesh")


def _output(drawing: Drawing, name: str) -> str:
    return drawing.value(drawing.graph.output(name))


def _reshaped(drawing: Drawing, name: str, *sizes: int) -> str:
    return drawing.add("Reshape", _output(drawing, name), drawing.integers([0, *sizes]))


def _points(drawing: Drawing, name: str, count: int, coordinates: int) -> str:
    return _reshaped(drawing, name, count, coordinates)


def _cut(drawing: Drawing, points: str, start: int, stop: int) -> str:
    return drawing.add("Slice", points, *(drawing.integers([k]) for k in (start, stop, 2)))


def _gathered(drawing: Drawing, points: str, rows: tuple[int, ...]) -> str:
    return drawing.add("Gather", points, drawing.integers(rows), axis=1)


_OUTPUTS: Mapping[str, Callable[[Drawing], dict[str, str]]] = {
    FACE_DETECTOR.model: _detector,
    FACE_MESH.model: _mesh,
    FACE_MESH_ATTENTION.model: _attention_mesh,
    PERSON_SEGMENTER.model: _segmenter,
}
