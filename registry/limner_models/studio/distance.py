"""How far every point around a head is from its surface: what hair lies on."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from limner_models.studio.arrays import F32, I32, Array, Mask, f32
from limner_models.studio.assets import CENTER
from limner_models.studio.kernels.field import Field
from limner_models.studio.kernels.raster import FAR, Canvas, Shell, draw_triangles

CELL = 0.07
"""Decimeters between the field's points."""
LOW = CENTER - np.array((2.35, 3.6, 2.1))
HIGH = CENTER + np.array((2.35, 1.9, 2.2))
"""The box that hair may fill."""


def distance_field(vertices: F32, triangles: I32) -> Field:
    """Return the signed distance to a closed mesh, decimeters, negative inside.

    A grid point is inside where the mesh's outermost surfaces enclose it along all three axes;
    hollows that no axis looks into count as inside, which hair does not mind.
    """
    size = np.ceil((HIGH - LOW) / CELL).astype(int)
    inside = np.ones((size[2], size[1], size[0]), bool)
    scaled = (vertices - LOW) / CELL
    for axis, (column, row, turn) in enumerate(
        ((1, 2, (0, 1, 2)), (0, 2, (0, 2, 1)), (0, 1, (2, 0, 1)))
    ):
        near = _nearest(scaled[:, [column, row, axis]], triangles, size[[column, row]])
        far = -_nearest(scaled[:, [column, row, axis]] * (1, 1, -1), triangles, size[[column, row]])
        middle = np.arange(size[axis]) + 0.5
        between: Mask = (middle > near[..., None]) & (middle < far[..., None])
        inside &= between.transpose(turn)
    steps = np.where(
        inside, 0.5 - distance_transform_edt(inside), distance_transform_edt(~inside) - 0.5
    )
    smooth = gaussian_filter(steps.astype(np.float32), 0.7) * np.float32(CELL)
    return Field(f32(smooth), f32(LOW + 0.5 * CELL), np.float32(CELL))


def _nearest(points: Array, triangles: I32, size: Array) -> F32:
    """Return the depth of the first surface under each cell of a picture of `size`."""
    width, height = (int(n) for n in size)
    depth = np.full((height, width), FAR, np.float32)
    nothing = np.zeros((0, 0), np.int32)
    canvas = Canvas(depth, nothing, np.zeros((0, 0, 2), np.float32))
    uncut = np.full(len(points), -1, np.float32)
    shell = Shell(f32(points), triangles, uncut)
    draw_triangles(shell, canvas, perspective=False, depth_only=True)
    return depth
