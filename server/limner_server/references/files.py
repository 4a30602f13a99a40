"""Files that are read within bounds, and written whole or not at all."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from limner_server.references.reference import Unusable

if TYPE_CHECKING:
    from pathlib import Path


def read_bounded(file: Path, most: int) -> bytes:
    """Return what a file holds.

    Raises:
        Unusable: It holds more than `most` bytes, is no file or cannot be read.
    """
    try:
        if not file.is_file():
            raise Unusable(f"{file.name} is no file")
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except OSError as error:
        raise Unusable(f"{file.name}: {error.strerror}") from error
    if len(data) > most:
        raise Unusable(f"{file.name} has more than {most:,} bytes")
    return data


def write_whole(file: Path, data: bytes) -> None:
    """Replace a file; a crash leaves the old one or the new one.

    Raises:
        OSError: It cannot be written.
    """
    draft = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("xb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Return once what a folder lists is on disk.

    Raises:
        OSError: It cannot be.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
