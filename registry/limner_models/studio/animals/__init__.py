"""Animals' heads in a person's place: same pose, expression, light and camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from limner_models.studio.animals.coats import coat_color
from limner_models.studio.animals.fur import Pelt, grow_fur, whiskers
from limner_models.studio.animals.shape import AJAR, Shape, head_surface, shape_of
from limner_models.studio.animals.species import SPECIES
from limner_models.studio.arrays import F32, F64, I32, Array, f32, rotation, unit_vectors
from limner_models.studio.assets import CENTER, EYE, NECK, SKIN, face_normals, summing
from limner_models.studio.distance import distance_field
from limner_models.studio.identity import head_turn
from limner_models.studio.kernels.materials import Eyes
from limner_models.studio.labels import Label
from limner_models.studio.pieces import Piece, join
from limner_models.studio.scene import Scene

if TYPE_CHECKING:
    from numpy.random import Generator

    from limner_models.studio.params import Params

NOSE = 0.95
"""Where what stands for the tip of a person's nose lies, whatever the muzzle's length."""
RINGS = (24, 32)
PINK, BLACK = np.array([0.42, 0.16, 0.14]), np.array([0.02, 0.018, 0.018])


def build_animal(params: Params, size: int, coat: str | None = None) -> Scene:
    """Return the animal that `params.species` names.

    Args:
        params: Its pose, expression and light; its identity decides the rest.
        size: Pixels of the picture's side.
        coat: One of its species' coats, as it is and with eyes that go with it; None leaves both
            to its identity.

    Raises:
        KeyError: There is no such species or coat.
    """
    species = SPECIES[params.species]
    draws = np.random.default_rng(params.face.identity)
    shape = shape_of(species, params.face, draws)
    turn = head_turn(params.camera)
    rest, triangles = head_surface(shape)
    vertices = _posed(rest, turn)
    normals = f32(unit_vectors(summing(triangles, len(rest)) @ face_normals(vertices, triangles)))
    field = distance_field(vertices, triangles)
    if coat is None:
        base, pattern = [*species.coats.values()][int(draws.integers(len(species.coats)))]
        base_color = np.array(base) * np.exp(draws.normal(0, 0.2))
    else:
        base, pattern = species.coats[coat]
        base_color = np.array(base)
        draws = np.random.default_rng((params.face.identity, *coat.encode()))
    seed = params.face.identity % 1000

    def color(points: Array) -> Array:
        return coat_color(shape, pattern, base_color, points, seed)

    nose = PINK if params.species == "cat" and draws.random() < 0.6 else BLACK
    skin = _skin(shape, (vertices, normals, rest, triangles), color(rest) * 0.7, nose)
    balls, eyes = _eyes(params, shape, turn, draws)
    bare = _bare(shape, rest)
    pelt = Pelt(shape, vertices, normals, rest, triangles, bare.any(0), turn, field)
    grown = np.random.default_rng(params.hair.seed)
    strands = [grow_fur(pelt, color, grown, size)]
    strands += whiskers(shape, lambda points: _posed(points, turn), grown)
    surface = join([skin, *balls])
    return Scene(
        surface=surface,
        strands=strands,
        tint=None,
        scalp=np.zeros(len(surface.vertices), np.float32),
        field=field,
        turn=turn,
        eyes=eyes,
        landmarks=_landmarks(shape, turn),
        lit=np.flatnonzero((rest[:, 2] > 0.3) & (rest[:, 1] > -0.8)),
        melanin=0.3,
    )


def _posed(rest: Array, turn: F64) -> F32:
    """Return where points of the head lie once it is turned, the neck following by its share."""
    points = np.asarray(rest) + CENTER
    share = np.clip((points[:, 1] - 5.8) / 0.9, 0, 1)
    share = share * share * (3 - 2 * share)
    angle = Rotation.from_matrix(turn).as_rotvec()
    turns = Rotation.from_rotvec(angle * share[:, None]).as_matrix()
    return f32(np.einsum("nij,nj->ni", turns, points - NECK) + NECK)


def _bare(shape: Shape, rest: F32) -> Array:
    """Return which vertices are nose, mouth and lids, (3, n)."""
    mirrored = rest * np.where(rest[:, :1] < 0, (-1, 1, 1), (1, 1, 1))
    mouth = np.zeros(len(rest), bool)
    if shape.jaw > AJAR:
        low = (rest[:, 1] < -0.44) & (rest[:, 1] > -0.75 - 0.3 * shape.jaw) & (rest[:, 2] > 0.3)
        mouth = low & (shape.mouth(mirrored, 0.02) < 0.02)
    return np.stack([shape.nose(mirrored) < 0.035, mouth, shape.lids(rest, 1.12) < 0.02])


def _skin(shape: Shape, mesh: tuple[F32, F32, F32, I32], color: Array, nose_color: Array) -> Piece:
    vertices, normals, rest, triangles = mesh
    nose, mouth, lids = _bare(shape, rest)
    albedo = color.copy()
    albedo[nose], albedo[lids] = nose_color, (0.02, 0.016, 0.014)
    # the lower jaw holds the tongue
    low = np.clip((-0.50 - 0.20 * shape.jaw - rest[:, 1:2]) / 0.06, 0, 1)
    albedo[mouth] = ((1 - low) * (0.22, 0.05, 0.05) + low * (0.62, 0.20, 0.20))[mouth]
    traits = np.tile(np.array([0.2, 0.6, 0.5, 0], np.float32), (len(rest), 1))
    traits[nose], traits[mouth] = (1.2, 0.28, 0.2, 0.25), (0.9, 0.25, 0.6, 0.1)
    labels = np.full(len(triangles), Label.FUR, np.uint8)
    labels[nose[triangles].sum(1) >= 2] = Label.ANIMAL_NOSE
    labels[mouth[triangles].sum(1) >= 2] = Label.MOUTH_INNER
    return Piece(
        vertices=vertices,
        normals=normals,
        rest=f32(rest + CENTER),
        albedo=f32(albedo),
        traits=traits,
        triangles=triangles,
        materials=np.full(len(triangles), SKIN, np.uint8),
        labels=labels,
        cut=np.full(len(rest), -1, np.float32),
    )


def _ball() -> tuple[Array, I32]:
    """Return the points and triangles of a unit sphere."""
    rings, steps = RINGS
    down, around = np.mgrid[0:rings, 0:steps]
    polar, azimuth = down * np.pi / (rings - 1), around * 2 * np.pi / steps
    flat = np.sin(polar)
    points = np.stack([flat * np.cos(azimuth), np.cos(polar), flat * np.sin(azimuth)], -1)
    i, j = (index.ravel() for index in np.mgrid[0 : rings - 1, 0:steps])
    a, b = i * steps + j, i * steps + (j + 1) % steps
    c, d = b + steps, a + steps
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return points.reshape(-1, 3), triangles.astype(np.int32)


def _eyes(params: Params, shape: Shape, turn: F64, draws: Generator) -> tuple[list[Piece], Eyes]:
    """Return both eyeballs and where they look."""
    species = shape.species
    radius = species.eye_radius * 1.02
    sphere, triangles = _ball()
    right, up = params.face.gaze
    balls, centers, gazes = [], [], []
    for side in (1, -1):
        center = _posed(np.array([species.eye]) * (side, 1, 1), turn)[0]
        gaze = rotation("y", right * 0.7 + 0.16 * side) @ rotation("x", -up) @ (0, 0, 1)
        centers.append(center)
        gazes.append(turn @ gaze)
        count = len(sphere)
        balls.append(
            Piece(
                vertices=f32(center + sphere @ turn.T * radius),
                normals=f32(sphere @ turn.T),
                # the pattern of eyes asks only on which side they are
                rest=f32(np.tile([side * 0.3, 0, 0], (count, 1))),
                albedo=np.full((count, 3), 0.3, np.float32),
                traits=np.tile(np.array([1, 0.12, 0.3, 0], np.float32), (count, 1)),
                triangles=triangles,
                materials=np.full(len(triangles), EYE, np.uint8),
                labels=np.full(len(triangles), Label.EYES, np.uint8),
                cut=np.full(count, -1, np.float32),
            )
        )
    iris = species.irises[int(draws.integers(len(species.irises)))]
    eyes = Eyes(f32(centers), f32(gazes), f32(iris), species.pupil, species.limbus, species.slit)
    return balls, eyes


def _landmarks(shape: Shape, turn: F64) -> dict[str, Array]:
    """Return those landmarks that animals share with people."""
    species, r = shape.species, shape.species.eye_radius
    eye, nose = np.array(species.eye), shape.along(species.nose[0])
    gap, front = shape.gap, np.array((0, -0.47, 0.92 * shape.long))
    places = {
        "forehead": shape.skull * (0, 0.6, 0.8),
        "lip_top": front,
        "lip_bottom": front - np.array((0, gap, 0.3 * gap)),
        # as far before the eyes as a person's nose is
        "nose_mid": (nose + np.array((0, 0, species.nose[1][2]))) * (1, 1, 0) + (0, 0, NOSE),
        "nose_tip": nose + np.array((0, 0, species.nose[1][2])),
        "chin": shape.swung(shape.along(species.chin[0]) + np.array((0, -0.12, 0.1))),
    }
    for (name, side), open_ in zip((("l", 1), ("r", -1)), shape.opening, strict=True):
        mirror = np.array([side, 1, 1])
        places |= {
            f"pupil_{name}": (eye + np.array((0, 0, r))) * mirror,
            f"eye_outer_{name}": (eye + np.array((r, 0.02, r * 0.4))) * mirror,
            f"eye_inner_{name}": (eye + np.array((-r, -0.02, r * 0.5))) * mirror,
            f"eye_top_{name}": (eye + np.array((0, r * open_, r * 0.8))) * mirror,
            f"eye_bottom_{name}": (eye + np.array((0, -r * open_, r * 0.8))) * mirror,
            f"mouth_{name}": np.array([side * 0.22, -0.46 - 0.3 * gap, 0.6 * shape.long]),
            f"ear_{name}": np.array(species.ear_place) * mirror,
        }
    return {name: _posed(place[None], turn)[0] for name, place in places.items()}
