"""The manifest: which files a version is made of, each with its sha256.

It is `manifest.json` beside the files, in one canonical spelling, so that the digest of its bytes
stands for the whole version. The digest is kept apart from the files, as a tag of the version.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from limner_registry.errors import VersionDamaged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from limner_registry.contract import Backend

FILE = "manifest.json"
NETWORK = "model.onnx"
WEIGHTS = "model.safetensors"
"""In place of NETWORK where a version needs gradients, which ONNX has none of."""
GOLDEN = "golden.npz"
CARD = "card.md"
PARTS = (NETWORK, GOLDEN, CARD)
"""The files every manifest lists, and the only ones: nothing in a version is unpickled or run."""
PARTS_OF_WEIGHTS = (WEIGHTS, GOLDEN, CARD)
"""The same where there are weights alone."""
MAX_BYTES = 64 * 1024
"""A longer manifest is not read."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """The sha256 of each file of a version, by name, in lower-case hex."""

    files: Mapping[str, str]

    def to_bytes(self) -> bytes:
        """Return the one spelling of this manifest: sorted keys, no spaces, a final newline."""
        text = json.dumps({"files": dict(self.files)}, sort_keys=True, separators=(",", ":"))
        return text.encode() + b"\n"

    @property
    def digest(self) -> str:
        """The sha256 of the canonical bytes: the identity of the version's content."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @property
    def network_sha256(self) -> str:
        """The sha256 of the network, or of its weights."""
        return next(self.files[name] for name in (NETWORK, WEIGHTS) if name in self.files)


def network_name(backend: Backend) -> str:
    """Return the name of the file that a backend runs."""
    return NETWORK if backend == "onnx" else WEIGHTS


def seal(folder: Path) -> Manifest:
    """Write the manifest of the files in `folder` beside them and return it.

    Raises:
        VersionDamaged: The folder does not hold exactly the parts of a version.
    """
    parts = _parts(folder)
    _check_names(folder, {*parts})
    manifest = Manifest({name: file_sha256(folder / name) for name in parts})
    (folder / FILE).write_bytes(manifest.to_bytes())
    return manifest


def verify(folder: Path, digest: str, also: frozenset[str] = frozenset()) -> Manifest:
    """Return the manifest of `folder` once every byte in it is proven to be the published one.

    Args:
        folder: The version's files.
        digest: What the manifest's own bytes must hash to.
        also: Names in the folder that are not the manifest's concern.

    Raises:
        VersionDamaged: A file is extra, missing, altered, or no plain file.
    """
    parts = _parts(folder)
    _check_names(folder, {*parts, FILE}, also)
    manifest = _read(folder / FILE, digest)
    if set(manifest.files) != {*parts}:
        raise VersionDamaged(f"{folder / FILE} lists other files than {', '.join(parts)}")
    for name, expected in manifest.files.items():
        if file_sha256(folder / name) != expected:
            raise VersionDamaged(f"{folder / name} is not the file that was published")
    return manifest


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def _parts(folder: Path) -> tuple[str, ...]:
    """Return the parts that a folder should hold, by whether its network is weights alone."""
    return PARTS_OF_WEIGHTS if (folder / WEIGHTS).exists() else PARTS


def _read(path: Path, digest: str) -> Manifest:
    """Return the manifest in a file whose bytes hash to `digest` and are canonical."""
    if path.stat().st_size > MAX_BYTES:
        raise VersionDamaged(f"{path} is too long for a manifest")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise VersionDamaged(f"{path} is not the manifest that was published")
    manifest = Manifest(_files(content, path))
    if manifest.to_bytes() != content:
        raise VersionDamaged(f"{path} is not spelled canonically")
    return manifest


def _files(content: bytes, path: Path) -> dict[str, str]:
    try:
        document: Any = json.loads(content)
        return {str(name): str(sha256) for name, sha256 in document["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VersionDamaged(f"{path} is not a manifest") from error


def _check_names(folder: Path, expected: set[str], also: frozenset[str] = frozenset()) -> None:
    """Raise unless `folder` holds plain files of exactly the expected names."""
    if folder.is_symlink() or not folder.is_dir():
        raise VersionDamaged(f"{folder} is not a folder")
    found = {path.name: path for path in folder.iterdir() if path.name not in also}
    for name, path in sorted(found.items()):
        if path.is_symlink() or not path.is_file():
            raise VersionDamaged(f"{path} is no plain file")
        if name not in expected:
            raise VersionDamaged(f"{path} does not belong to the version")
    for name in sorted(expected - set(found)):
        raise VersionDamaged(f"{folder / name} is missing")
