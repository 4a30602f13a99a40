from __future__ import annotations

import pytest

from limner_registry.contracts import FACE_DETECTOR
from limner_registry.importers.errors import GraphUnreadable
from limner_registry.importers.graph import Custom, Graph, Node
from limner_registry.importers.networks import convert, merged_rows, subset_of


def graph_of(*nodes, shape=(1, 2)):
    """A graph from tensor 0 to the last node's output; every tensor has the same shape."""
    last = nodes[-1].outputs[0] if nodes else 0
    shapes = (shape,) * (last + 1)
    return Graph((0,), (last,), nodes, shapes, tuple(str(k) for k in range(last + 1)), {})


def region(points):
    return Node("Landmarks2TransformMatrix", (0,), (1,), Custom(2, {"subset_idxs": points}))


def test_finer_points_take_the_places_of_those_they_refine():
    rows = merged_rows([(7, 3), (9,)])

    assert len(rows) == 478
    assert (rows[7], rows[3], rows[9]) == (468, 469, 470)
    assert rows[468:] == tuple(range(471, 481))
    kept = [row for point, row in enumerate(rows[:468]) if point not in {3, 7, 9}]
    assert kept == [point for point in range(468) if point not in {3, 7, 9}]


def test_of_two_finer_points_in_one_place_the_later_stays():
    assert merged_rows([(5,), (5,)])[5] == 469


def test_the_points_of_a_region_are_found_behind_its_output():
    moved = Node("TransformLandmarks", (0, 1), (2,), Custom(2, {}))

    assert subset_of(graph_of(region((4, 2)), moved), "2") == (4, 2)


def test_an_output_without_a_region_is_refused():
    with pytest.raises(GraphUnreadable, match="no points"):
        subset_of(graph_of(Node("RELU", (0,), (1,), None)), "1")


def test_a_region_of_points_the_mesh_lacks_is_refused():
    with pytest.raises(GraphUnreadable, match="does not have"):
        subset_of(graph_of(region((468,))), "1")


def test_a_network_of_another_input_is_refused():
    with pytest.raises(GraphUnreadable, match="face_detector/1 takes"):
        convert(graph_of(), FACE_DETECTOR)


def test_a_network_without_the_known_outputs_is_refused():
    with pytest.raises(GraphUnreadable, match="Identity"):
        convert(graph_of(shape=(1, 192, 192, 3)), FACE_DETECTOR)
