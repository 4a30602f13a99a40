"""A scene before a lit camera: what is visible, how bright it is, and how pixels sum samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from limner_models.studio.arrays import F32, U8, Array, Mask, f32
from limner_models.studio.assets import mean_corners
from limner_models.studio.kernels.grooming import tangents
from limner_models.studio.kernels.hair_light import StrandPoints, light_strands
from limner_models.studio.kernels.materials import Cloth
from limner_models.studio.kernels.raster import (
    FAR,
    Canvas,
    Painting,
    Shell,
    draw_strands,
    draw_triangles,
)
from limner_models.studio.kernels.resolve import Samples, mark_used, resolve
from limner_models.studio.kernels.surface_light import Look, Surface, light_surface
from limner_models.studio.labels import Label
from limner_models.studio.lighting import Lighting, light_scene
from limner_models.studio.scene import Scene, with_hair_color
from limner_models.studio.view import View, view_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from limner_models.studio.arrays import F64
    from limner_models.studio.params import Hair, Params
    from limner_models.studio.strands import Strands

Crop: TypeAlias = "Callable[[Mapping[str, tuple[float, float]]], F64]"
MIDDLE_GRAY = 0.85
"""What a face of average light is exposed to."""
BRIGHTEST = 6.0


def oversampling(size: int) -> int:
    """Return the samples along each side of a pixel: more where pixels are large."""
    if size <= 160:
        return 4
    return 3 if size <= 320 else 2


@dataclass(frozen=True)
class Visible:
    """Which surface and which strand each sample shows; arrays are (side, side)."""

    canvas: Canvas
    painting: Painting
    drawn: list[tuple[int, Array]]
    """For each group of strands drawn: its number in the scene, and which of them are in view."""
    starts: list[int]
    """Number of each drawn group's first point, then of the one after the last."""

    def groups(self) -> Iterator[tuple[int, Array, slice]]:
        """Yield each drawn group's number in the scene, its strands in view, and its points."""
        for (number, kept), start, end in zip(
            self.drawn, self.starts[:-1], self.starts[1:], strict=True
        ):
            yield number, kept, slice(start, end)


@dataclass(frozen=True)
class Exposure:
    """One picture's light, ready to be summed to pixels or to be changed in its hair alone."""

    params: Params
    size: int
    scene: Scene
    view: View
    lighting: Lighting
    visible: Visible
    surface_light: F32
    """(side, side, 3): radiance of the surface at each sample."""
    strand_light: F32
    """(points drawn, 3): radiance of strand points; zero for those nobody sees."""

    @property
    def gain(self) -> float:
        """What radiance is multiplied with, so that the face is well exposed."""
        bright = MIDDLE_GRAY / (self.lighting.mean + 0.06)
        # a camera's meter lifts dark faces, though not all the way
        darker = 1 + 0.45 * max(0.0, self.scene.melanin - 0.3)
        return float(bright * 2**self.params.develop.exposure * darker)

    def layers(self, gain: float | None = None) -> tuple[F32, F32, F32, U8]:
        """Return foreground (premultiplied), coverage, hair alpha and labels of every pixel.

        Args:
            gain: Another's gain, to be exposed as that one is; its own if None.
        """
        labels = np.zeros(len(self.strand_light), np.uint8)
        for number, _, points in self.visible.groups():
            labels[points] = self.scene.strands[number].label
        samples = Samples(
            self.visible.canvas.triangle,
            self.visible.painting.owner,
            self.visible.painting.share,
            self.scene.surface.labels,
            labels,
        )
        step = self.visible.canvas.triangle.shape[0] // self.size
        bright = np.float32(self.gain if gain is None else gain)
        return resolve(samples, self.surface_light, self.strand_light, step, bright)

    def recolored(self, hair: Hair) -> Exposure:
        """Return the same picture with its scalp hair in another color, all else as it was.

        Only strand points of the scalp's hair and skin that hair shows through are lit again.
        """
        if self.scene.tint is None:
            return self
        scene = with_hair_color(self.scene, hair)
        tinted = np.clip(np.array(hair.albedo) * 0.35, 0.004, 0.3)
        was = np.clip(np.array(self.params.hair.albedo) * 0.35, 0.004, 0.3)
        albedo = scene.surface.albedo + scene.scalp[:, None] * (tinted - was).astype(np.float32)
        scene = replace(
            scene, surface=replace(scene.surface, albedo=f32(np.clip(albedo, 0.003, 0.95)))
        )
        params = replace(self.params, hair=hair)
        return replace(
            self,
            params=params,
            scene=scene,
            surface_light=self._relit_scalp(scene, params),
            strand_light=self._relit_hair(scene),
        )

    def _relit_scalp(self, scene: Scene, params: Params) -> F32:
        tinted = mean_corners(scene.scalp, scene.surface.triangles) > 0
        triangle = self.visible.canvas.triangle
        seen = (triangle >= 0) & tinted[triangle] & (self.visible.painting.owner < 0)
        canvas = self.visible.canvas._replace(
            triangle=np.where(seen, triangle, -1).astype(np.int32)
        )
        again = _light_surface(params, scene, canvas, self.lighting, self.view)
        return f32(np.where((canvas.triangle >= 0)[..., None], again, self.surface_light))

    def _relit_hair(self, scene: Scene) -> F32:
        light = self.strand_light.copy()
        for number, kept, points in self.visible.groups():
            if scene.strands[number].label == Label.HAIR:
                used = self.strand_light[points].any(1)
                strands = scene.strands[number].chosen(kept)
                light[points] = _light_points(strands, used, self.lighting, self.view)
        return light


def expose(params: Params, size: int, scene: Scene, crop: Crop | None = None) -> Exposure:
    """Return a scene as the camera of `params` sees it, in a picture of size x size pixels.

    Args:
        params: Of the scene.
        size: Pixels a side.
        scene: What is seen.
        crop: Takes where landmarks would be seen, indices of pixels by name, and returns the
            affine map, 2x3, under which the picture is drawn; None draws it as it is.
    """
    side = size * oversampling(size)
    view = view_of(params.camera, scene.turn, side)
    if crop is not None:
        view = _cropped(view, scene, oversampling(size), crop)
    visible = _look(params, scene, view, side)
    lighting = light_scene(scene, params.light)
    # what strands cover need not be lit
    bare = np.where(visible.painting.owner < 0, visible.canvas.triangle, -1).astype(np.int32)
    canvas = visible.canvas._replace(triangle=bare)
    surface_light = _light_surface(params, scene, canvas, lighting, view)
    used = np.zeros(visible.starts[-1], np.bool_)
    mark_used(visible.painting.owner, used)
    parts = [
        _light_points(scene.strands[number].chosen(kept), used[points], lighting, view)
        for number, kept, points in visible.groups()
    ]
    strand_light = np.concatenate([np.zeros((0, 3), np.float32), *parts])
    return Exposure(params, size, scene, view, lighting, visible, surface_light, strand_light)


def _cropped(view: View, scene: Scene, step: int, crop: Crop) -> View:
    """Return the view of a picture under the map that `crop` makes of its landmarks."""
    seen = {name: view.project(point)[:2] for name, point in scene.landmarks.items()}
    matrix = crop({name: (x / step - 0.5, y / step - 0.5) for name, (x, y) in seen.items()})
    # index i of a pixel is i + 1/2 pixels from the edge, and step times as many samples
    turn = matrix[:, :2]
    shift = step * (matrix[:, 2] + 0.5 - turn @ (0.5, 0.5))
    return view.through(np.column_stack([turn, shift]))


def _look(params: Params, scene: Scene, view: View, side: int) -> Visible:
    """Return what each sample sees."""
    surface = scene.surface
    canvas = Canvas(
        np.full((side, side), FAR, np.float32),
        np.full((side, side), -1, np.int32),
        np.zeros((side, side, 2), np.float32),
    )
    shell = Shell(view.project(surface.vertices), surface.triangles, surface.cut)
    draw_triangles(shell, canvas, perspective=True, depth_only=False)
    painting = Painting(
        canvas.depth.copy(),
        np.full((side, side), -1, np.int32),
        np.zeros((side, side), np.float32),
    )
    drawn, starts = [], [0]
    for number, strands in enumerate(scene.strands):
        seen = view.project(strands.points)
        kept = np.flatnonzero(_in_view(seen, canvas.depth))
        if len(kept) == 0:
            continue
        seen = np.ascontiguousarray(seen[kept])
        widths = f32(strands.widths[kept] * view.focal / np.maximum(seen[..., 2], 0.1))
        draw_strands(seen, widths, starts[-1], painting, params.seed % 65521)
        drawn.append((number, kept))
        starts.append(starts[-1] + seen.shape[0] * seen.shape[1])
    return Visible(canvas, painting, drawn, starts)


def _in_view(seen: F32, depth: F32) -> Mask:
    """Return which strands have a point in the picture that the body does not hide."""
    side = len(depth)
    some = seen[:, :: max(1, seen.shape[1] // 9)]
    column, row = some[..., 0].astype(int), some[..., 1].astype(int)
    inside = (column >= 0) & (row >= 0) & (column < side) & (row < side)
    ahead = some[..., 2] < depth[row.clip(0, side - 1), column.clip(0, side - 1)] + 0.05
    result: Mask = (inside & ahead).any(1)
    return result


def _light_points(strands: Strands, used: Array, lighting: Lighting, view: View) -> F32:
    """Return the radiance of strands' points, (n * k, 3); zero for those not used."""
    n, k = strands.points.shape[:2]
    chosen = np.flatnonzero(used)
    strand = chosen // k

    def at_points(values: F32) -> F32:
        return f32(values.reshape(-1, 3)[chosen])

    finish = strands.finish
    points = StrandPoints(
        position=at_points(strands.points),
        along=at_points(tangents(strands.points)),
        outward=at_points(strands.outward),
        albedo=at_points(strands.albedo),
        tilt=f32(strands.tilt[strand]),
        gloss=f32(strands.gloss[strand] * finish.gloss),
        rough=np.full(len(chosen), finish.roughness, np.float32),
        through=np.full(len(chosen), finish.through, np.float32),
    )
    lit = np.zeros((n * k, 3), np.float32)
    # a hair that is seen is never wholly black, so that zero can mean unseen
    lit[chosen] = np.maximum(
        light_strands(
            points, lighting.lamps, lighting.strand_depths, lighting.shade.grid, f32(view.eye)
        ),
        1e-9,
    )
    return lit


def _light_surface(
    params: Params, scene: Scene, canvas: Canvas, lighting: Lighting, view: View
) -> F32:
    piece, outfit = scene.surface, params.outfit
    surface = Surface(
        piece.vertices,
        piece.normals,
        piece.rest,
        piece.albedo,
        piece.traits,
        lighting.ambient,
        piece.triangles,
        piece.materials,
    )
    weave = Cloth(
        outfit.weave[0],
        outfit.weave[1],
        outfit.wrinkle,
        outfit.stripes,
        outfit.across,
        f32(outfit.under),
        outfit.plaid,
        f32(outfit.third),
    )
    look = Look(scene.eyes, weave, params.face.detail, params.face.identity % 65536)
    return light_surface(surface, canvas, lighting.lamps, lighting.shade, look, f32(view.eye))
