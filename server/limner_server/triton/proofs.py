"""What a placed version is proven by, where it keeps the contract that calls are made by.

An earlier Limner may have placed versions of a contract that has a new revision since. Nobody here
can ask them anything, so they are not even loaded.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from limner.v1.reasons import ModelNotReady
from limner_registry.golden import Golden
from limner_server.triton.exports import ABOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from limner_registry.contract import Contract
    from limner_registry.golden import Array
    from limner_registry.tensors import Tensor


def proof_of(contract: Contract, version: int, folder: Path) -> Golden:
    """Return the golden answers of a version that is placed in a folder.

    Raises:
        ModelNotReady: It is not placed, or keeps another contract.
    """
    named = f"{contract.model} version {version}"
    try:
        kept = _kept(folder) or contract.id
        golden = Golden.read(folder / str(version))
    except (OSError, ValueError) as error:
        raise ModelNotReady(f"{named} is not placed: {error}") from error
    if kept != contract.id:
        raise ModelNotReady(f"{named} keeps contract {kept}, this server speaks {contract.id}")
    fits = _fit(contract.inputs, golden.inputs) and _fit(contract.outputs, golden.outputs)
    if not fits:
        raise ModelNotReady(f"{named} has other tensors than {contract.id} has in this server")
    return golden


def _kept(folder: Path) -> str:
    """Return the contract that a placed version says it keeps; nothing where it does not say.

    Raises:
        ValueError: What it says is not what placing writes.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    if not isinstance(about, dict):
        raise ValueError(f"{folder / ABOUT} tells nothing")  # noqa: TRY004 - the file is at fault
    return str(about.get("contract", ""))


def _fit(tensors: Sequence[Tensor], arrays: Mapping[str, Array]) -> bool:
    """Return whether arrays are such as tensors may be, and there is one for each."""
    return arrays.keys() == {tensor.name for tensor in tensors} and all(
        arrays[tensor.name].dtype == tensor.dtype and tensor.holds(arrays[tensor.name].shape[1:])
        for tensor in tensors
    )
