"""Small layered portraits and counterparts, drawn with disks, as the studio would write them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from limner_models.data.portraits import FACE_SKIN
from limner_models.recipes.animalizer import FACE
from limner_models.studio.counterparts import KINDS, ROOM, kinds_of
from limner_models.studio.landmarks import LANDMARKS
from limner_registry.animals import ANIMALS, TOLD

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
def bald_folder(tmp_path_factory):
    """Portraits that are also drawn bald: the skull is smaller than the hair around it."""
    folder = tmp_path_factory.mktemp("bald")
    for number in range(6):
        coverage = np.maximum(disk(32, 33, 14), disk(32, 70, 24))
        beneath = {
            "bald_foreground": (coverage[..., None] * np.full(3, 0.5)).astype(np.float16),
            "bald_coverage": (coverage * 255).astype(np.uint8),
            "bald_labels": np.where(disk(32, 33, 14) > 0.5, FACE_SKIN, 0).astype(np.uint8),
        }
        write_portrait(folder / f"{number:06d}.npz", number, **beneath)
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


BEAST, PERSON = 64, 48
"""Pixels a side of animals and persons."""


def write_counterparts(path, seed):
    """Write a round person and two round animals whose eyes are open as far as the person's."""
    rng = np.random.default_rng(seed)
    open_ = rng.uniform(0.2, 1)
    does = {"face": {"expression": {"jawOpen": open_}}}
    arrays = {
        "animals": np.array(json.dumps(kinds_of(seed))),
        "params": np.array(json.dumps(does)),
    }
    disks = np.maximum(disk(24, 23, 9, PERSON), disk(24, 46, 14, PERSON))
    light = disks[..., None] * rng.uniform(0.2, 0.8, 3)
    arrays |= {
        "person_light": light.astype(np.float16),
        "person_coverage": (disks * 255).astype(np.uint8),
        "person_points": person_points(open_),
    }
    for k, (animal, coat) in enumerate(kinds_of(seed)):
        head = disk(32, 32, 22, BEAST)
        hue = 0.2 + 0.6 * np.random.default_rng(KINDS.index((animal, coat))).random(3)
        dark = np.maximum(disk(25, 32, 3 * open_, BEAST), disk(39, 32, 3 * open_, BEAST))
        light = (head * (1 - dark))[..., None] * hue
        places = np.indices((16, 16))[::-1].transpose(1, 2, 0) / 8 - 1
        rest = np.dstack([places * (1, -1), np.ones((16, 16))])
        rest[disk(8, 8, 5, 16) < 0.5] = np.nan
        arrays |= {
            f"light_{k}": light.astype(np.float16),
            f"coverage_{k}": (head * 255).astype(np.uint8),
            f"points_{k}": beast_points(animal, open_),
            f"rest_{k}": rest.astype(np.float16),
        }
    np.savez(path, **arrays)
    return path


def person_points(open_):
    """Return where LANDMARKS lie, 44x2, in a face aligned with ROOM."""
    inner = PERSON / ROOM
    face = dict(zip(TOLD, np.array(FACE) * inner + (PERSON - inner) / 2 - 0.5, strict=True))
    for side in "rl":
        middle = face[f"pupil_{side}"]
        for name in ("top", "bottom"):
            at = face[f"eye_{name}_{side}"]
            face[f"eye_{name}_{side}"] = middle + open_ * (at - middle)
    return np.array([face.get(name, (24, 20)) for name in LANDMARKS], np.float32)


def beast_points(animal, open_):
    """Return where LANDMARKS lie, 44x2; NaN for those that no animal has."""
    right, left, nose, *mouth = np.array(ANIMALS[animal].template) * BEAST - 0.5
    points = {"nose_tip": nose, "mouth_r": mouth[0], "mouth_l": mouth[1], "chin": (32, 52)}
    points |= {"forehead": (32, 15), "lip_top": (32, 44), "lip_bottom": (32, 44 + 4 * open_)}
    for side, at in (("r", right), ("l", left)):
        outward = -1 if side == "r" else 1
        points |= {
            f"pupil_{side}": at,
            f"eye_outer_{side}": at + np.array([3 * outward, 0]),
            f"eye_inner_{side}": at - np.array([3 * outward, 0]),
            f"eye_top_{side}": at - np.array([0, 3 * open_]),
            f"eye_bottom_{side}": at + np.array([0, 3 * open_]),
            f"ear_{side}": at + np.array([5 * outward, -12]),
        }
    return np.array([points.get(name, (np.nan, np.nan)) for name in LANDMARKS], np.float32)


@pytest.fixture(scope="session")
def counterparts_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counterparts")
    for number in range(20):
        write_counterparts(folder / f"{number:06d}.npz", number)
    return folder
