"""Small layered portraits, drawn with disks, as the studio would write them."""

from __future__ import annotations

import json

import numpy as np
import pytest

SIZE = 64
FIVE = {
    "eye_outer_r": (24, 31),
    "eye_inner_r": (30, 31),
    "eye_inner_l": (34, 31),
    "eye_outer_l": (40, 31),
    "nose_tip": (32, 36),
    "mouth_r": (28, 41),
    "mouth_l": (36, 41),
}
"""What a face is aligned by."""
NAMES = ("brow_l0", "brow_r0", "mouth_l", "mouth_r", "pupil_l", "pupil_r")


def disk(x, y, radius, size=SIZE):
    rows, columns = np.indices((size, size))
    away = np.hypot(columns - x, rows - y)
    return np.clip(radius - away + 0.5, 0, 1).astype(np.float32)


def write_portrait(path, seed=0, **changes):
    rng = np.random.default_rng(seed)
    face, head = disk(32, 34, 13), disk(32, 31, 18)
    coverage = np.maximum(head, disk(32, 70, 24))
    hair = np.clip(head - face, 0, 1)
    labels = np.where(coverage > 0.5, 4, 0).astype(np.uint8)
    labels[head > 0.5] = 1
    labels[face > 0.5] = 2
    color = rng.uniform(0.05, 0.9, 3).astype(np.float32)
    light = coverage[..., None] * np.where(hair[..., None] > 0.5, color, 0.5)
    points = np.array([(37, 27), (27, 27), (36, 41), (28, 41), (37, 31), (27, 31)], np.float32)
    arrays = {
        "foreground": light.astype(np.float16),
        "foreground_red": (light * (1, 0.3, 0.2)).astype(np.float16),
        "coverage": (coverage * 255).astype(np.uint8),
        "hair": (hair * 255).astype(np.uint8),
        "labels": labels,
        "landmarks": points,
        "names": np.array(NAMES),
        "params": np.array(json.dumps({"seed": seed})),
    }
    np.savez(path, **(arrays | changes))
    return path


@pytest.fixture(scope="session")
def portraits_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portraits")
    for number in range(12):
        write_portrait(folder / f"{number:06d}.npz", number)
    return folder


@pytest.fixture(scope="session")
def faces_folder(tmp_path_factory):
    """Portraits that can be aligned, each in a skin color of its own."""
    folder = tmp_path_factory.mktemp("faces")
    for number in range(12):
        rng = np.random.default_rng(number)
        names = np.array([*NAMES, *FIVE])
        places = [(37, 27), (27, 27), (36, 41), (28, 41), (37, 31), (27, 31), *FIVE.values()]
        points = np.array(places, np.float32) + rng.normal(0, 0.4, (len(places), 2))
        skin = np.clip(disk(32, 34, 13) + 0.2, 0, 1)[..., None] * rng.uniform(0.2, 0.8, 3)
        head = np.maximum(disk(32, 31, 18), disk(32, 70, 24))[..., None]
        grain = 1 + 0.1 * rng.standard_normal((SIZE, SIZE, 1))
        write_portrait(
            folder / f"{number:06d}.npz",
            number,
            foreground=(skin * head * grain).astype(np.float16),
            names=names,
            landmarks=points.astype(np.float32),
        )
    return folder
