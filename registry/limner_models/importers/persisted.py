"""NVIDIA's network pickles: their tensors and settings by name; the code they carry is left out."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch

from limner_models.errors import WeightsRefused
from limner_models.importers.pickled import Made

if TYPE_CHECKING:
    from collections.abc import Mapping

NETWORK: Final = "torch_utils.persistence._reconstruct_persistent_obj"
PARAMETER: Final = "torch._utils._rebuild_parameter"
TENSOR: Final = "torch._utils._rebuild_tensor_v2"
STORAGE: Final = "torch.storage._load_from_bytes"
KEYS: Final = 4096
"""Tensors of one network; one with more is refused."""
DEEPEST: Final = 8
"""Modules within modules; a network that goes deeper is refused."""
AVERAGED: Final = "G_ema"
"""The network that is wanted of those in a file."""

Settings = dict[str, "str | int | float | bool | None"]


@dataclass
class Persisted:
    """A network as a file has it."""

    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    """By name, as `state_dict` gives them."""
    settings: dict[str, Settings] = field(default_factory=dict)
    """What each module was built with, by the module's name; the network's own is empty."""


def persisted(value: Any) -> Persisted:
    """Return the averaged generator of what a pickle holds.

    Raises:
        WeightsRefused: It holds none, or one that is not built of tensors and plain numbers.
    """
    if isinstance(value, tuple) or not isinstance(value, dict):
        raise WeightsRefused(
            "it is no pickle of NVIDIA's PyTorch networks; TensorFlow's are converted by the "
            "legacy.py of stylegan2-ada-pytorch, whole modules are saved anew as their state_dict"
        )
    network = value.get(AVERAGED)
    if not isinstance(network, Made) or network.maker != NETWORK:
        maker = network.maker if isinstance(network, Made) else "nothing of the kind"
        raise WeightsRefused(
            f"its {AVERAGED} is no persistent network of NVIDIA's, but {maker}; "
            "whole modules are saved anew as their state_dict"
        )
    found = Persisted()
    _walk(network, "", found, 0)
    return found


def _walk(module: Any, prefix: str, found: Persisted, depth: int) -> None:
    """Take over a module and those in it, `prefix` before all their names."""
    if depth > DEEPEST:
        raise WeightsRefused(f"its modules are more than {DEEPEST} deep")
    state = _state_of(module)
    found.settings[prefix.removesuffix(".")] = {
        name: value
        for name, value in state.items()
        if isinstance(name, str) and isinstance(value, str | int | float | bool | None)
    }
    for held in (_fields(state, "_parameters"), _fields(state, "_buffers")):
        for name, value in held.items():
            if value is not None:
                found.tensors[f"{prefix}{name}"] = _tensor(value)
    for name, inner in _fields(state, "_modules").items():
        _walk(inner, f"{prefix}{name}.", found, depth + 1)
        if max(len(found.tensors), len(found.settings)) > KEYS:
            raise WeightsRefused(f"it holds more than {KEYS} tensors")


def _state_of(module: Any) -> Mapping[Any, Any]:
    if isinstance(module, Made) and module.maker == NETWORK and len(module.arguments) == 1:
        about = module.arguments[0]
        state = about.get("state") if isinstance(about, dict) else None
        if isinstance(state, dict):
            return state
    raise WeightsRefused("one of its modules is no persistent module of NVIDIA's")


def _fields(state: Mapping[Any, Any], name: str) -> Mapping[Any, Any]:
    held = state.get(name, {})
    held = held.items if isinstance(held, Made) else held
    if not isinstance(held, dict):
        raise WeightsRefused(f"the {name} of one of its modules are none")
    return held


def _tensor(value: Any) -> torch.Tensor:
    """Return the tensor that a pickle describes, a view of its storage."""
    if isinstance(value, Made) and value.maker == PARAMETER and value.arguments:
        value = value.arguments[0]
    if not isinstance(value, Made) or value.maker != TENSOR or len(value.arguments) < 4:
        raise WeightsRefused("one of its weights is no tensor")
    kept, offset, size, stride = value.arguments[:4]
    numbers = (offset, *size, *stride)
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise WeightsRefused("one of its tensors has no proper shape")
    storage = _storage(kept)
    if math.prod(size) > len(storage):
        raise WeightsRefused("one of its tensors is larger than what is kept of it")
    try:
        return torch.as_strided(storage, size, stride, offset)
    except RuntimeError as error:
        raise WeightsRefused(f"one of its tensors lies outside what is kept: {error}") from error


def _storage(value: Any) -> torch.Tensor:
    """Return all numbers of a storage, one after the other."""
    if not isinstance(value, Made) or value.maker != STORAGE or len(value.arguments) != 1:
        raise WeightsRefused("one of its tensors keeps its numbers in no storage")
    (data,) = value.arguments
    try:
        # another file of torch's within, of tensors alone
        kept = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
        return torch.empty(0, dtype=kept.dtype).set_(kept)
    except Exception as error:  # torch passes on errors of a module that is imported nowhere here
        raise WeightsRefused(
            f"the numbers of one of its tensors cannot be read: {error}"
        ) from error
