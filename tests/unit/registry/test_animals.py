import numpy as np
import pytest

from limner_registry.animals import ANIMALS, HEAD, TOLD, onto, told_of_mesh
from limner_registry.contracts import ANIMALIZER
from limner_registry.face_template import TEMPLATE, mapped

FACE = TEMPLATE * 400 + 100


@pytest.mark.parametrize("name", ANIMALS)
def test_an_animal_s_own_points_come_to_rest_on_its_template(name):
    template = np.array(ANIMALS[name].template)
    turned = mapped(template * 300, np.array([[0.8, -0.6, 40.0], [0.6, 0.8, 7.0]]))
    matrix = onto(turned, ANIMALS[name], 256, head=1)
    np.testing.assert_allclose(mapped(turned, matrix), template * 256 - 0.5, atol=1e-6)


@pytest.mark.parametrize("name", ANIMALS)
def test_a_person_is_smaller_in_the_crop_than_its_points_alone_would_be(name):
    whole, shrunk = (onto(FACE, ANIMALS[name], 256, head) for head in (1.0, HEAD))
    np.testing.assert_allclose(shrunk[:, :2] * HEAD, whole[:, :2])
    wide = [mapped(FACE, matrix)[1, 0] - mapped(FACE, matrix)[0, 0] for matrix in (whole, shrunk)]
    assert wide[0] == pytest.approx(HEAD * wide[1])


@pytest.mark.parametrize("squeeze", [0.2, 0.6, 1.0, 1.6, 4.0])
def test_a_map_neither_stretches_nor_shears_much(squeeze):
    points = FACE * (squeeze, 1) + np.array([[0, 0], [0, 40], [0, 0], [0, 0], [0, 0]])
    turn = onto(points, ANIMALS["cat"], 256)[:, :2]
    rotation, upper = np.linalg.qr(turn)
    across, down = np.abs(np.diag(upper))
    assert 0.849 <= down / across <= 1.181
    assert abs(np.degrees(np.arctan(upper[0, 1] / upper[1, 1]))) <= 8.001
    assert np.linalg.det(rotation) * np.linalg.det(upper) > 0


def test_the_map_moves_little_when_the_points_do():
    rng = np.random.default_rng(1)
    places = np.array([(0.0, 0.0), (800, 0), (0, 800), (800, 800)])
    for yaw in np.linspace(0.3, 1, 30):
        points = FACE * (yaw, 1)
        near = points + rng.normal(0, 0.01, points.shape)
        one, other = (mapped(places, onto(p, ANIMALS["fox"], 256)) for p in (points, near))
        assert np.abs(one - other).max() < 1


def test_a_mesh_tells_what_the_network_takes():
    mesh = np.arange(478 * 3, dtype=np.float32).reshape(478, 3)
    told = told_of_mesh(mesh)
    assert told.shape == ANIMALIZER.inputs[1].shape
    assert told[list(TOLD).index("brow_r0")].tolist() == [
        3 * (55 + 107) / 2,
        3 * (55 + 107) / 2 + 1,
    ]
