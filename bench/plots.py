"""Small plots with logarithmic axes, as SVG: curves over a few panels, one legend."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH, HEIGHT = 300, 260
"""Pixels of a panel with what is written around it."""
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 28, 40
LEGEND: Final = 180
COLORS: Final = (
    "#d1495b", "#30638e", "#edae49", "#00798c", "#7a5195", "#5d8233",
    "#a05d2c", "#2ec4b6", "#666666", "#b5179e",
)  # fmt: skip
MARGIN: Final = 1.15
"""Around the points, as a factor."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """One pair of axes, both logarithmic, and the curves on them."""

    title: str
    across: str
    up: str
    curves: Mapping[str, Sequence[Point]]
    """By what the legend calls them; all values are positive."""


def svg(panels: Sequence[Panel]) -> str:
    """Return a picture of panels side by side, and which color stands for which curve."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.curves))
    colors = {name: COLORS[place % len(COLORS)] for place, name in enumerate(names)}
    width = WIDTH * len(panels) + LEGEND
    size = f'viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{HEIGHT}" fill="white"/>',
    ]
    for place, panel in enumerate(panels):
        if any(panel.curves.values()):
            lines += [f'<g transform="translate({place * WIDTH})">', *_panel(panel, colors), "</g>"]
    for place, (name, color) in enumerate(colors.items()):
        x, y = WIDTH * len(panels) + 8, TOP + 8 + 18 * place
        lines.append(f'<line x1="{x}" x2="{x + 16}" y1="{y}" y2="{y}" {_stroke(color)}/>')
        lines.append(_text(x + 22, y + 4, name, "start"))
    return "\n".join((*lines, "</svg>")) + "\n"


def _panel(panel: Panel, colors: Mapping[str, str]) -> Iterator[str]:
    points = [point for curve in panel.curves.values() for point in curve]
    x_axis = _Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    y_axis = _Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    for tick in x_axis.ticks():
        x = x_axis.place(tick)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
        yield _text(x, HEIGHT - BOTTOM + 14, _short(tick), "middle")
    for tick in y_axis.ticks():
        y = y_axis.place(tick)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield _text(LEFT - 4, y + 4, _short(tick), "end")
    yield _text((LEFT + WIDTH - RIGHT) / 2, 16, panel.title, "middle", bold=True)
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, panel.across, "middle")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = _text(12, middle, panel.up, "middle")
    yield f'<g transform="rotate(-90 12 {middle})">{turned}</g>'
    for name, curve in panel.curves.items():
        places = [(x_axis.place(x), y_axis.place(y)) for x, y in curve]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{path}" fill="none" {_stroke(colors[name])}/>'
        for x, y in places:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colors[name]}"/>'


class _Axis:
    """Takes values to pixels, by their logarithm."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        self._low, self._high = min(values) / MARGIN, max(values) * MARGIN
        self._first, self._last = first, last

    def place(self, value: float) -> float:
        share = math.log(value / self._low) / math.log(self._high / self._low)
        return self._first + share * (self._last - self._first)

    def ticks(self) -> list[float]:
        """Return round values within; 1, 2 and 5 where there would be few otherwise."""
        decades = range(math.floor(math.log10(self._low)), math.ceil(math.log10(self._high)))
        wide = self._high / self._low > 100
        steps = (1,) if wide else (1, 2, 5)
        found = [step * 10.0**decade for decade in (*decades, decades.stop) for step in steps]
        return [value for value in found if self._low <= value <= self._high]


def _short(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _stroke(color: str) -> str:
    return f'stroke="{color}" stroke-width="1.6"'


def _text(x: float, y: float, words: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    said = html.escape(words)
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{said}</text>'
