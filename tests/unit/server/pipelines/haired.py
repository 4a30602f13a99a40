"""Networks that see faces whose mesh is known, turned as a test says, and change their hair."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from limner_registry.contracts import HAIR_OPTIMIZER, SEARCH_MEASURES
from limner_server.imaging.head import EYES, MOUTH
from tests.unit.server.imaging.heads import mesh_of
from tests.unit.server.pipelines.conftest import WALL, Networks

UNIT = 10.0
"""Pixels of a mesh's crop for a centimeter: the drawn face is as broad as the mesh."""


@dataclass
class Haired(Networks):
    """Sees every head turned alike."""

    yaw: float = 0.0
    """Degrees, of the heads that are looked at next."""

    def face_mesh(self, image, points=468):
        landmarks = mesh_of((np.radians(self.yaw), 0, 0), UNIT, (96, 96))[:points]
        if points > 468:
            landmarks[list(EYES), :2] = (66, 90), (126, 90)
        landmarks[list(MOUTH), :2] = (78, 130), (114, 130)
        return {"landmarks": landmarks, "presence": np.ones(1, np.float32)}

    def hair_remover(self, image, hole, skull):
        assert skull[128, 128] == 255, "the head is in the middle"
        return {"beneath": np.where(hole[..., None] > 0, np.uint8(WALL), image)}

    async def follow(self, contract, inputs, call):
        """Find at once what was sought: the shape's own portrait."""
        assert contract is HAIR_OPTIMIZER
        self.asked.append(contract.model)
        (_, shape, _), maps = inputs["photos"][0], inputs["maps"][0][1]
        steps = int(inputs["steps"].sum())
        for done in range(steps + 1):
            await asyncio.sleep(0.001)
            ended = slice(None if done == steps else 0)
            yield {
                "steps": np.array([[done, steps]], np.int16),
                "measures": np.arange(len(SEARCH_MEASURES), dtype=np.float32)[None] / 16,
                "side": np.array([[len(shape)]], np.int16),
                "picture": shape[None],
                "maps": maps[ended][None],
            }
