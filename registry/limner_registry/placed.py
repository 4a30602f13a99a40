"""What a placed version looks like on disk, and proof that one still does.

<models>/face_detector.v7/config.pbtxt
<models>/face_detector.v7/about.json            what the registry says of the version
<models>/face_detector.v7/7/model.py            the runner of this release of Limner
<models>/face_detector.v7/7/__pycache__/...     its bytecode; Python would write it at the first
                                                load, which Triton takes for a new version
<models>/face_detector.v7/7/model.onnx, golden.npz, card.md, manifest.json; or
                                                model.safetensors in place of the first
"""

from __future__ import annotations

import importlib.util
import json
import marshal
from importlib.resources import files
from typing import TYPE_CHECKING

from limner_registry import manifest, metadata
from limner_registry.contract import triton_name
from limner_registry.contracts import contract_of
from limner_registry.errors import ContractBroken, VersionDamaged
from limner_registry.triton_config import Kind, triton_config

if TYPE_CHECKING:
    from pathlib import Path

    from limner_registry.contract import Contract
    from limner_registry.store import Version

CONFIG = "config.pbtxt"
ABOUT = "about.json"
TOLD = {
    "contract": metadata.CONTRACT,
    "license": metadata.LICENSE,
    "network_sha256": metadata.NETWORK_SHA256,
    "origin": metadata.ORIGIN,
}
"""What ABOUT tells of a version's tags, by its own keys; none of them ever changes."""
RUNNER = "model.py"
CACHE = "__pycache__"
UNCHECKED = 1
"""Flags of a bytecode file that is never compared with its source, and so never rewritten."""


def folder_of(models: Path, model: str, number: int) -> Path:
    """Return where a version is placed, whether it is or not."""
    return models / triton_name(model, number)


def numbers_of(models: Path, model: str) -> list[int]:
    """Return the numbers of a model's placed versions, ascending."""
    prefix = triton_name(model, 0).removesuffix("0")
    names = [path.name.removeprefix(prefix) for path in models.glob(f"{prefix}*")]
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def made_files(version: Version, kind: Kind) -> dict[str, bytes]:
    """Return what placing adds to a version's own files, by path in the placed folder.

    Raises:
        ContractBroken: The version keeps another revision of the contract than this code.
    """
    contract = contract_kept(version)
    config = triton_config(contract, version.number, version.manifest_sha256, kind)
    runner = files("limner_registry.backends").joinpath(f"{contract.backend}.py").read_bytes()
    number = str(version.number)
    cached = importlib.util.cache_from_source(RUNNER, optimization="")
    about = {key: version.tags.get(tag, "") for key, tag in TOLD.items()}
    return {
        CONFIG: config.encode(),
        ABOUT: json.dumps(about, indent=2).encode() + b"\n",
        f"{number}/{RUNNER}": runner,
        f"{number}/{cached}": bytecode(runner),
    }


def contract_kept(version: Version) -> Contract:
    """Return the contract that a version keeps, which is the one that this code speaks.

    Raises:
        ContractBroken: It keeps another revision, or other tensors, than this code.
    """
    contract = contract_of(version.model)
    kept = version.tags.get(metadata.CONTRACT)
    if kept != contract.id:
        raise ContractBroken(f"{version} keeps contract {kept}, this Limner speaks {contract.id}")
    if version.tags.get(metadata.SIGNATURE) != metadata.signature(contract):
        raise ContractBroken(f"{version} has other tensors than {contract.id} has in this Limner")
    return contract


def verify_placed(folder: Path, version: Version, kind: Kind = "KIND_CPU") -> None:
    """Prove that a placed folder is, byte for byte, what placing the version would make.

    Raises:
        VersionDamaged: A file is extra, missing or altered; also one that another release of
            Limner wrote differently. The message names it.
        ContractBroken: The version keeps another revision of the contract than this code.
    """
    made = made_files(version, kind)
    number = str(version.number)
    tree = {folder: {CONFIG, ABOUT, number}, folder / number / CACHE: set[str]()}
    for path in made:
        if path.startswith(f"{number}/{CACHE}/"):
            tree[folder / number / CACHE].add(path.rsplit("/", 1)[1])
    for parent, names in tree.items():
        _check_names(parent, names)
    manifest.verify(folder / number, version.manifest_sha256, also=frozenset((RUNNER, CACHE)))
    for name, content in made.items():
        file = folder / name
        if file.is_symlink() or not file.is_file():
            raise VersionDamaged(f"{file} is no plain file")
        if file.read_bytes() != content:
            raise VersionDamaged(f"{file} is not what this release of Limner places")


def bytecode(source: bytes) -> bytes:
    """Return the runner's bytecode file, the same bytes every time for the same Python.

    Marshal's format 2 knows no back references, which newer ones place by reference counts.
    """
    code = compile(source, RUNNER, "exec", dont_inherit=True, optimize=0)
    flags = UNCHECKED.to_bytes(4, "little")
    digest = importlib.util.source_hash(source)
    return importlib.util.MAGIC_NUMBER + flags + digest + marshal.dumps(code, 2)


def _check_names(folder: Path, expected: set[str]) -> None:
    if folder.is_symlink() or not folder.is_dir():
        raise VersionDamaged(f"{folder} is not a folder")
    found = {path.name for path in folder.iterdir()}
    for name in sorted(found - expected):
        raise VersionDamaged(f"{folder / name} does not belong to the version")
    for name in sorted(expected - found):
        raise VersionDamaged(f"{folder / name} is missing")
