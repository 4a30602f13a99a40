"""Pictures of how a transfer may come to look, written as they are heard of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from limner.errors import UnknownReason

if TYPE_CHECKING:
    from pathlib import Path

    from limner_client import TransferProgress


def write_preview(folder: Path, stem: str, progress: TransferProgress) -> None:
    """Write the preview that `progress` brings, if it does, into `folder`.

    An optimization's are numbered by their steps: `me.hair.step-0060.jpg`.

    Raises:
        UnknownReason: It cannot be written.
    """
    if progress.preview is None:
        return
    at = f"step-{progress.step:04}" if progress.steps else "preview"
    path = folder / f"{stem}.{at}.jpg"
    try:
        progress.preview.save(path)
    except OSError as error:
        said = f"cannot write {path}: {error.strerror}"
        raise UnknownReason(said, grpc.StatusCode.UNKNOWN, "FILE_UNWRITABLE") from error
