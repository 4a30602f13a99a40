"""Looks at everything the embedded stack stands on, and says what to do about what is missing."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from limner_server.stack.record import read_record
from limner_server.triton.installation import Installation, TritonMissing
from limner_server.triton.leftovers import SHM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHM_BYTES = 256 * 1024 * 1024
"""Room the runners' regions may need; one takes 1 MB and grows with its largest batch."""
PACKAGES = ("grpcio", "protobuf", "onnxruntime", "opencv-python-headless", "pymatting", "pillow")


@dataclass(frozen=True)
class Finding:
    """What one look found."""

    name: str
    fine: bool
    seen: str
    """What is there."""
    advice: str = ""
    """What to do when it is not fine."""


def examine(state: Path, port: int) -> list[Finding]:
    """Return what every look finds, for a stack over `state` that listens on `port`."""
    looks: tuple[Callable[[], Finding], ...] = (
        _python,
        _numpy,
        _packages,
        _tritonserver,
        _shm,
        lambda: _state(state),
    )
    return [look() for look in looks] + [_port(state, port + above) for above in range(4)]


def _python() -> Finding:
    seen = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), seen, "run Limner with Python 3.11")


def _numpy() -> Finding:
    seen = version("numpy")
    advice = "pip install 'numpy<2': with numpy 2 Triton's runner answers empty arrays"
    return Finding("numpy", int(seen.split(".")[0]) < 2, seen, advice)


def _packages() -> Finding:
    found, missing = [], []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    seen = ", ".join(found) + "".join(f", {package} missing" for package in missing)
    return Finding("packages", not missing, seen, "pip install 'limner[server]'")


def _tritonserver() -> Finding:
    """Look at Triton and its runner as closely as the server does before it starts them."""
    try:
        Installation.find().check()
    except TritonMissing as error:
        return Finding("tritonserver", fine=False, seen="incomplete", advice=str(error))
    seen = f"nvidia-pytriton {version('nvidia-pytriton')}, all libraries found, libpython too"
    return Finding("tritonserver", fine=True, seen=seen)


def _shm() -> Finding:
    free = shutil.disk_usage(SHM).free
    advice = f"give {SHM} {SHM_BYTES >> 20} MB, in a container with --shm-size"
    return Finding("shared memory", free >= SHM_BYTES, f"{free >> 20} MB free in {SHM}", advice)


def _state(state: Path) -> Finding:
    """Look at the state folder, or at the nearest folder above it that exists."""
    nearest = next(folder for folder in (state, *state.parents) if folder.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    routes = state / "models/routes.json"
    seen = f"{state}{', models placed' if routes.exists() else ', no models placed yet'}"
    return Finding("state", writable, seen, f"make {nearest} writable, or name another --state")


def _port(state: Path, port: int) -> Finding:
    record = read_record(state)
    if record and f":{port}" in f"{record.address} {record.metrics} {record.controller}":
        return Finding(f"port {port}", fine=True, seen="our own server listens")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            advice = "end what listens there, or name another --port"
            return Finding(f"port {port}", fine=False, seen="taken", advice=advice)
    return Finding(f"port {port}", fine=True, seen="free")
