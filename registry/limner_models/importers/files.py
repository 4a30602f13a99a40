"""Files of weights, read without running what is in them: safetensors, torch's and NVIDIA's."""

from __future__ import annotations

import argparse
import hashlib
import os
import zipfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

import torch
from safetensors.torch import load_file

from limner_models.errors import WeightsRefused
from limner_models.importers import pickled
from limner_models.importers.persisted import KEYS, Settings, persisted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST: Final = 2 << 30
"""Bytes of a file of weights, and of what is in it."""
ZIPPED: Final = b"PK\x03\x04"
PICKLED: Final = b"\x80"
UNZIPPED: Final = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
"""How torch's files began before they were archives."""
TARRED: Final = slice(257, 262), b"ustar"

CONTAINERS: Final = (
    *("g_ema", "params_ema", "G_ema", "ema", "generator", "state_dict", "model_state_dict"),
    *("params", "model"),
)
"""Where files keep weights, averaged ones first."""
PREFIXES: Final = ("module.", "_orig_mod.", "netG.", "decoder.")
"""What is put before all names by those who wrap a network."""
BESIDE: Final = ("latent_avg",)
"""Tensors that stand beside the weights and belong to them."""


@dataclass(frozen=True)
class Found:
    """The weights in a file."""

    tensors: Mapping[str, torch.Tensor]
    """By the names they have there, float32, finite."""
    sha256: str
    """Of the file."""
    settings: Mapping[str, Settings] = field(default_factory=dict)
    """What a file says of each module beside its weights."""


def read(file: Path) -> Found:
    """Return the weights in a file.

    Raises:
        WeightsRefused: It cannot be read safely, or holds anything but finite weights by name.
    """
    try:
        with file.open("rb") as opened:
            _check_size(opened)
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            opened.seek(0)
            tensors, settings = _contents(file, opened)
        return Found(checked(tensors), digest, settings)
    except OSError as error:
        raise WeightsRefused(f"{file} cannot be read: {error.strerror}") from error
    except WeightsRefused as error:
        raise WeightsRefused(f"{file} is refused: {error}") from error


def checked(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return weights as float32.

    Raises:
        WeightsRefused: They are too many, too large, or not all finite numbers.
    """
    if len(tensors) > KEYS:
        raise WeightsRefused(f"it holds {len(tensors)} tensors, {KEYS} at most are taken")
    if 4 * sum(tensor.numel() for tensor in tensors.values()) > LARGEST:
        raise WeightsRefused(f"its tensors take more than {LARGEST >> 20} MiB")
    taken = {}
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex():
            raise WeightsRefused(f"{name} is no plain tensor")
        taken[name] = tensor.detach().float().contiguous()
        if not taken[name].isfinite().all():
            raise WeightsRefused(f"{name} holds numbers that are none")
    return taken


def unwrapped(value: Any) -> dict[str, torch.Tensor]:
    """Return the weights by name that a file keeps somewhere, averaged ones rather than others.

    Raises:
        WeightsRefused: There are none.
    """
    beside: dict[str, torch.Tensor] = {}
    while isinstance(value, dict):
        beside |= {name: value[name] for name in BESIDE if torch.is_tensor(value.get(name))}
        inner = next((name for name in CONTAINERS if isinstance(value.get(name), dict)), None)
        if inner is None:
            break
        value = value[inner]
    if not isinstance(value, dict):
        raise WeightsRefused("it holds no weights by name")
    if not value or not all(isinstance(name, str) for name in value):
        raise WeightsRefused("it holds no weights by name")
    if not all(map(torch.is_tensor, value.values())):
        raise WeightsRefused("it holds more than weights by name")
    for prefix in PREFIXES:
        within = {
            name.removeprefix(prefix): tensor
            for name, tensor in value.items()
            if name.startswith(prefix)
        }
        value = within or value
    return {**beside, **value}


def _check_size(opened: IO[bytes]) -> None:
    if opened.seek(0, os.SEEK_END) > LARGEST:
        raise WeightsRefused(f"it is larger than {LARGEST >> 20} MiB")
    opened.seek(0)


def _contents(
    file: Path, opened: IO[bytes]
) -> tuple[Mapping[str, torch.Tensor], Mapping[str, Settings]]:
    head = opened.read(512)
    opened.seek(0)
    if file.suffix == ".safetensors":
        return unwrapped(_loaded(file, tensors_alone=True)), {}
    if head[TARRED[0]] == TARRED[1]:
        raise WeightsRefused(
            "it is a tar archive of torch's first years; save its state_dict anew with torch.save"
        )
    if head.startswith(ZIPPED):
        _check_archive(opened)
        return unwrapped(_loaded(file)), {}
    if head.startswith(UNZIPPED):
        return unwrapped(_loaded(file)), {}
    if head.startswith(PICKLED):
        network = persisted(pickled.read(opened))
        return network.tensors, network.settings
    raise WeightsRefused("it is neither .safetensors, nor torch's, nor a pickle of NVIDIA's")


def _loaded(file: Path, *, tensors_alone: bool = False) -> Any:
    try:
        if tensors_alone:
            return load_file(file)
        # training's arguments lie beside many weights: names and plain values
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(file, weights_only=True, map_location="cpu")
    except Exception as error:  # torch passes on errors of a module that is imported nowhere here
        raise WeightsRefused(
            "it is damaged, or holds more than weights, which would have to be run; "
            "then save it anew with torch.save(network.state_dict(), file)"
        ) from error


def _check_archive(opened: IO[bytes]) -> None:
    """Refuse an archive that becomes larger than its file when it is read."""
    try:
        with zipfile.ZipFile(opened) as archive:
            packed = any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist())
            size = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise WeightsRefused(f"its archive is damaged: {error}") from error
    if packed or size > LARGEST:
        raise WeightsRefused("its archive is packed, as torch never writes it")
