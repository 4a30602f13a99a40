"""The styles that photos are drawn in, each as numbers: what is smoothed, counted and inked."""

from __future__ import annotations

from dataclasses import dataclass

Srgb = tuple[float, float, float]


@dataclass(frozen=True)
class Style:
    """How a photo becomes an illustration: flat colors, toned, with lines of ink over them."""

    name: str
    """As requests say it: lower case, hyphens for spaces."""
    title: str
    """One line for people."""
    smoothing: float
    """Standard deviation of the Gaussian before colors are counted, in pixels; above 0."""
    colors: int
    """How many colors a photo is reduced to, in [2, 64]."""
    line_from: float
    """Share of a photo's pixels whose gradient is too weak for any line, in [0, 1)."""
    line_full: float
    """Share of pixels whose gradient is too weak for a full line, in (line_from, 1]."""
    ink: Srgb
    """What lines are drawn in, sRGB in [0, 1]."""
    cover: float
    """How much of what lies beneath a full line covers, in [0, 1]."""
    chroma: float = 1.0
    """What the colors' chroma is multiplied with, at least 0."""
    lift: float = 0.0
    """How far colors are lifted towards paper, in [0, 1]."""
    paper: Srgb = (1.0, 1.0, 1.0)
    """What they are lifted towards, sRGB in [0, 1]."""


STYLES: tuple[Style, ...] = (
    Style(
        name="illustration",
        title="Flat colors with dark outlines, as in a picture book",
        smoothing=1.2,
        colors=24,
        line_from=0.70,
        line_full=0.98,
        ink=(0.0, 0.0, 0.0),
        cover=0.75,
        chroma=1.15,
    ),
    Style(
        name="ink-and-wash",
        title="Ink lines over a few pale washes on warm paper",
        smoothing=2.0,
        colors=10,
        line_from=0.78,
        line_full=0.97,
        ink=(0.11, 0.10, 0.13),
        cover=0.95,
        chroma=0.55,
        lift=0.16,
        paper=(0.98, 0.96, 0.91),
    ),
    Style(
        name="print",
        title="A few strong colors with clear outlines, for print and embroidery",
        smoothing=2.6,
        colors=8,
        line_from=0.84,
        line_full=0.95,
        ink=(0.07, 0.08, 0.16),
        cover=1.0,
        chroma=1.45,
    ),
)
"""Every style; a network knows them by their places here."""
