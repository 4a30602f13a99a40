"""A person in space: surfaces, strands, eyes and named points, before any light or camera."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import f32, rotation
from limner_models.studio.assets import SKIN, Assets, assets, mean_corners
from limner_models.studio.clothes import clothes
from limner_models.studio.distance import distance_field
from limner_models.studio.facial_hair import facial_hair
from limner_models.studio.glasses import glasses
from limner_models.studio.hair import HeadOfHair, Tint, grow_hair
from limner_models.studio.hats import hat
from limner_models.studio.identity import head_turn, pose, shape
from limner_models.studio.kernels.materials import Eyes
from limner_models.studio.labels import Label
from limner_models.studio.pieces import Piece, join
from limner_models.studio.skin import skin

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, F64, Array
    from limner_models.studio.kernels.field import Field
    from limner_models.studio.params import Hair, Params
    from limner_models.studio.strands import Strands

EYE_RADIUS = 0.12
"""From an eyeball's center to its pupil, decimeters."""


@dataclass(frozen=True)
class Scene:
    """What stands before the camera."""

    surface: Piece
    strands: list[Strands]
    """Scalp hair comes first where there is any."""
    tint: Tint | None
    """How the first strands are colored; None where nothing can be recolored."""
    scalp: F32
    """(vertices of the surface,) how much of each looks like hair."""
    field: Field
    """Distance to the body."""
    turn: F64
    """The head's rotation."""
    eyes: Eyes
    landmarks: dict[str, Array]
    """Points in space; animals lack most."""
    lit: Array
    """Vertices of the face, whose light sets the exposure."""
    melanin: float


def build(params: Params, size: int) -> Scene:
    """Return a human of these parameters; `size` is the picture's side in pixels."""
    head = assets()
    turn = head_turn(params.camera)
    vertices = pose(shape(params.face), turn)
    posed = (vertices, head.normals(vertices), turn)
    field = distance_field(vertices, head.triangles)
    hair = grow_hair(head, posed, field, params.hair, size)
    worn = hat(params, head, vertices, turn)
    strands = [worn.press(hair.strands)] if hair.strands else []
    strands += facial_hair(params, head, posed, field) + glasses(params, head, vertices, turn)
    body = _body(params, head, posed, hair)
    surface = join([body, *clothes(params, head, *posed[:2]), *worn.pieces])
    eyes = _eyes(params, head, vertices, turn)
    marks = {name: vertices[index] for name, index in head.landmarks.items()}
    for side, row in (("l", 0), ("r", 1)):
        marks[f"pupil_{side}"] = eyes.centers[row] + eyes.gazes[row] * EYE_RADIUS
    return Scene(
        surface=surface,
        strands=strands,
        tint=hair.tint,
        scalp=f32(np.pad(hair.scalp, (0, len(surface.vertices) - len(vertices)))),
        field=field,
        turn=turn,
        eyes=eyes,
        landmarks=marks,
        lit=np.flatnonzero(head.regions["face"] > 0.5),
        melanin=params.face.melanin,
    )


def _body(params: Params, head: Assets, posed: tuple[F32, F32, F64], hair: HeadOfHair) -> Piece:
    """Return the skin, eyes and teeth; scalp under dense hair is called hair."""
    albedo, traits = skin(params, head, hair.scalp)
    labels = head.labels.copy()
    if params.hair.style != "bald":
        covered = (mean_corners(hair.scalp, head.triangles) > 0.55) & (head.materials == SKIN)
        labels[covered] = Label.HAIR
    return Piece(
        vertices=posed[0],
        normals=posed[1],
        rest=head.rest,
        albedo=albedo,
        traits=traits,
        triangles=head.triangles,
        materials=head.materials,
        labels=labels,
        cut=np.full(len(head.rest), -1, np.float32),
    )


def _eyes(params: Params, head: Assets, vertices: F32, turn: F64) -> Eyes:
    right, up = params.face.gaze
    centers, gazes = [], []
    for eye, side in ((head.eye_left, 1), (head.eye_right, -1)):
        # eyes that look at something near turn in a little
        gaze = rotation("y", right - 0.03 * side) @ rotation("x", -up) @ (0, 0, 1)
        centers.append(vertices[eye].mean(0))
        gazes.append(turn @ gaze)
    pupil = 0.17 + 0.05 * (params.face.identity % 100) / 100
    return Eyes(f32(centers), f32(gazes), f32(params.face.iris), pupil, 0.47, 0.0)


def with_hair_color(scene: Scene, hair: Hair) -> Scene:
    """Return the same scene with its hair colored anew; nothing else is changed.

    Args:
        scene: Any scene; one without scalp hair is returned as it is.
        hair: The scene's own hair with another color; style and seed are not read.
    """
    if scene.tint is None:
        return scene
    first = replace(scene.strands[0], albedo=scene.tint.color(hair))
    return replace(scene, strands=[first, *scene.strands[1:]])
