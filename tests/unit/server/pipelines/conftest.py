"""A drawn photo of heads, and networks that know how it was drawn."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from limner_registry.contracts import (
    CONTRACTS,
    DYE_BANK,
    DYE_GENERATOR,
)
from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.imaging.hair_map import Label
from limner_server.imaging.head import EYES, MOUTH

SKIN, HAIR, WALL = (230, 170, 140), (70, 45, 25), (120, 150, 160)
USUAL = {contract.model for contract in CONTRACTS} - {DYE_BANK.model, DYE_GENERATOR.model}


def draw(*heads, size=(300, 400), hair=HAIR):
    """Return a photo of heads, each (x, y, radius of the face), and where their hair is."""
    photo = np.full((*size, 3), WALL, np.uint8)
    where = np.zeros(size, np.uint8)
    for x, y, radius in heads:
        for plane, color in ((photo, hair), (where, 1)):
            cv2.ellipse(
                plane, (x, y - radius // 3), (int(1.3 * radius),) * 2, 0, 180, 360, color, -1
            )
        for plane, color in ((photo, SKIN), (where, 0)):
            cv2.circle(plane, (x, y), radius, color, -1)
    return photo, where.astype(bool)


@dataclass
class Networks:
    """Answers in place of Triton: what each contract's network would say of such a photo."""

    asked: list[str] = field(default_factory=list)
    dyes: bool = True
    """Whether the generators move the picture towards a color, or away from it."""

    async def infer(self, contract, inputs, call):
        self.asked.append(contract.model)
        answers = [
            getattr(self, contract.model)(**{name: values[n] for name, values in inputs.items()})
            for n in range(len(inputs["image"]))
        ]
        return {name: np.stack([answer[name] for answer in answers]) for name in answers[0]}

    def face_detector(self, image):
        boxes = np.zeros((2304, 16), np.float32)
        scores = np.full((2304, 1), -50, np.float32)
        skin = (np.abs(image.astype(int) - SKIN).sum(-1) < 60).astype(np.uint8)
        _, _, stats, centers = cv2.connectedComponentsWithStats(skin)
        for (_, _, width, height, area), center in zip(stats[1:], centers[1:], strict=True):
            if area < 30:
                continue
            column, row = (int(v // 4) for v in center)
            offset = center - (np.array([column, row]) * 4 + 2)
            points = np.tile(offset, 7) + np.array([0, 0, -8, -8, 8, -8, 0, 0, 0, 8, -12, 0, 12, 0])
            boxes[row * 48 + column] = [*points[:2], width, height, *points[2:]]
            scores[row * 48 + column] = 5
        return {"boxes": boxes, "scores": scores}

    def face_mesh(self, image, points=468):
        rng = np.random.default_rng(0)
        landmarks = np.zeros((points, 3), np.float32)
        landmarks[:, :2] = 96 + rng.uniform(-60, 60, (points, 2))
        landmarks[:, 2] = rng.uniform(-20, 20, points)
        if points > 468:
            landmarks[list(EYES), :2] = (70, 80), (122, 80)
        landmarks[list(MOUTH), :2] = (78, 130), (114, 130)
        landmarks[[33, 263], :2] = (62, 80), (130, 80)
        return {"landmarks": landmarks, "presence": np.ones(1, np.float32)}

    def face_mesh_attention(self, image):
        return self.face_mesh(image, 478)

    def hair_segmenter(self, image):
        away = [np.abs(image.astype(int) - color).sum(-1) for color in (WALL, HAIR, SKIN)]
        kinds = (Label.BACKGROUND, Label.HAIR, Label.FACE_SKIN)
        nearest = np.array(kinds)[np.argmin(away, 0)]
        return {"classes": np.eye(4, dtype=np.float32)[nearest].transpose(2, 0, 1)}

    def hair_matter(self, image, trimap):
        along = np.subtract(WALL, HAIR)
        share = 1 - (image.astype(np.float32) - HAIR) @ along / (along @ along)
        return {"alpha": np.clip(share, 0, 1).astype(np.float32)}

    def dye_generator(self, image, found, wanted):
        return {"dyed": self._toward(image, wanted[1:])}

    def dye_bank(self, image, pair):
        return {"dyed": self._toward(image, (20, 20))}

    def _toward(self, image, tint):
        tint = np.array([tint[0], -0.4 * tint[0], -tint[1]], np.float32) / 200
        colors = image.astype(np.float32) / 255
        return np.clip(colors + (tint if self.dyes else -4 * tint), 0, 1)


def call_with(*more, without=None):
    """Return a call for which all models but the generators are ready, and some more or less."""
    ready = dict.fromkeys((USUAL | set(more)) - {without}, 1)
    return Call("/limner.v1.DyeService/Dye", time.monotonic() + 60, Routes(1, ready))


@pytest.fixture
def networks():
    return Networks()


@pytest.fixture
def call():
    return call_with(DYE_BANK.model, DYE_GENERATOR.model)
