"""Photos and descriptions as an operator might store them."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image


def photo_of(shade: int, kind: str = "JPEG", size: tuple[int, int] = (32, 24)) -> bytes:
    """Return a picture of one gray, which tells it from others."""
    file = io.BytesIO()
    Image.fromarray(np.full((*size[::-1], 3), shade, np.uint8)).save(file, kind)
    return file.getvalue()


def text_of(**fields) -> bytes:
    """Return a description that says no more than it is told to."""
    return json.dumps({"title": "Waves", "tags": ["long"]} | fields).encode()


def put(folder, name: str, shade: int = 90, **fields) -> None:
    """Store a reference the way a careless operator would."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.jpg").write_bytes(photo_of(shade))
    (folder / f"{name}.json").write_bytes(text_of(**fields))
