"""Heads whose every measure is known."""

from __future__ import annotations

import numpy as np

from limner_server.imaging.face_parts import BROWS_AND_EYES
from limner_server.imaging.mesh import FACE_OVAL
from limner_server.imaging.pose import RIGID, STILL


def rotation(yaw, pitch, roll):
    def turn(angle, first, second):
        matrix = np.eye(3)
        matrix[[first, second], [first, second]] = np.cos(angle)
        matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
        return matrix

    return turn(roll, 0, 1) @ turn(pitch, 1, 2) @ turn(yaw, 0, 2)


def mesh_of(angles=(0, 0, 0), unit=20.0, middle=(300.0, 250.0)):
    """Return a mesh of the still face; its brows and eyes, and all else on its oval."""
    around = np.linspace(0, 2 * np.pi, 478)
    points = np.stack([6 * np.sin(around), 2 - 7 * np.cos(around), 0 * around], 1)
    for n, place in enumerate(FACE_OVAL):
        angle = 2 * np.pi * n / len(FACE_OVAL)
        points[place] = (6 * np.sin(angle), 2 - 7 * np.cos(angle), 2.0)
    for side, brow in zip((-1, 1), BROWS_AND_EYES, strict=True):
        across, down = np.linspace(2, 5, len(brow)), np.arange(len(brow)) % 2 * 1.9 - 1.5
        points[list(brow)] = np.stack([side * across, down, 0 * across], 1)
    points[list(RIGID)] = STILL
    turned = points @ rotation(*angles).T * unit
    turned[:, :2] += middle
    return turned.astype(np.float32)
