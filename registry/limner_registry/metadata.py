"""The tags a version is born with: what it is, where it comes from and how good it was.

They are written in the call that creates the version and never change. A version that lacks one
is neither published nor placed.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

from limner_registry import manifest
from limner_registry.errors import MetadataIncomplete

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from limner_registry.contract import Contract
    from limner_registry.manifest import Manifest
    from limner_registry.release import Release
    from limner_registry.tensors import Tensor

BACKEND = "limner.backend"
COMMIT = "limner.code_commit"
CONTRACT = "limner.contract"
DATA_SHA256 = "limner.data_sha256"
GOLDEN_SHA256 = "limner.golden_sha256"
LICENSE = "limner.weights_license"
MANIFEST_SHA256 = "limner.manifest_sha256"
NETWORK_SHA256 = "limner.network_sha256"
ORIGIN = "limner.origin"
PARENT = "limner.parent"
SIGNATURE = "limner.signature"
SCORE = "score."
"""Prefix of the tags that carry a metric, six decimals."""

REQUIRED = (
    BACKEND,
    CONTRACT,
    DATA_SHA256,
    GOLDEN_SHA256,
    LICENSE,
    MANIFEST_SHA256,
    NETWORK_SHA256,
    ORIGIN,
    PARENT,
    SIGNATURE,
)
"""Every version carries these; `limner.code_commit` only where the code's commit is known."""

MAX_BYTES = 4000
"""Longest tag that every store of MLflow takes; SQL stores cut off at 5000 characters."""
SHA256 = re.compile(r"[0-9a-f]{64}")
SCORE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def signature(contract: Contract) -> str:
    """Return the names, types and sizes of a contract's tensors as compact JSON."""
    document = {
        "inputs": [_tensor(tensor) for tensor in contract.inputs],
        "outputs": [_tensor(tensor) for tensor in contract.outputs],
        "max_batch": contract.max_batch,
    }
    return json.dumps(document, separators=(",", ":"))


def tags_of(
    release: Release, sealed: Manifest, parent: int | None, commit: str | None
) -> dict[str, str]:
    """Return all tags of a release about to become a version.

    Args:
        release: What is published.
        sealed: The manifest of its files.
        parent: The version of the same model it was made from; None when it was not.
        commit: The commit of the code that publishes; None when unknown.

    Raises:
        MetadataIncomplete: A tag would be empty, malformed or too long.
    """
    tags = {
        BACKEND: release.contract.backend,
        CONTRACT: release.contract.id,
        DATA_SHA256: release.data_sha256,
        GOLDEN_SHA256: sealed.files[manifest.GOLDEN],
        LICENSE: release.license.strip(),
        MANIFEST_SHA256: sealed.digest,
        NETWORK_SHA256: sealed.network_sha256,
        ORIGIN: release.origin.strip(),
        PARENT: "none" if parent is None else str(parent),
        SIGNATURE: signature(release.contract),
    }
    if commit:
        tags[COMMIT] = commit
    tags |= {f"{SCORE}{name}": f"{score:.6f}" for name, score in release.scores.items()}
    gate(tags)
    return tags


def gate(tags: Mapping[str, str]) -> None:
    """Let through only tags a version may carry.

    Raises:
        MetadataIncomplete: Names every key that is missing or cannot stand.
    """
    missing = [key for key in REQUIRED if not tags.get(key)]
    if missing:
        raise MetadataIncomplete(f"the version lacks {', '.join(missing)}")
    wrong = sorted(_wrong(tags))
    if wrong:
        raise MetadataIncomplete(f"the version cannot carry {'; '.join(wrong)}")


def scores_of(tags: Mapping[str, str]) -> dict[str, float]:
    """Return the metrics among the tags of a version, by name."""
    return {
        key.removeprefix(SCORE): float(value)
        for key, value in tags.items()
        if key.startswith(SCORE)
    }


def _wrong(tags: Mapping[str, str]) -> Iterable[str]:
    for key, value in tags.items():
        if len(value.encode()) > MAX_BYTES:
            yield f"{key} of more than {MAX_BYTES} bytes"
        elif key.endswith("_sha256") and not SHA256.fullmatch(value):
            yield f"{key} that is no lower-case sha256"
        elif key.startswith(SCORE) and not SCORE_NAME.fullmatch(key.removeprefix(SCORE)):
            yield f"a score named {key.removeprefix(SCORE)!r}"
        elif key.startswith(SCORE) and not _is_share(value):
            yield f"{key} outside [0, 1]"


def _is_share(value: str) -> bool:
    try:
        return 0 <= float(value) <= 1 and not math.isnan(float(value))
    except ValueError:
        return False


def _tensor(tensor: Tensor) -> dict[str, str | list[int]]:
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": list(tensor.shape)}
