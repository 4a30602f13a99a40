"""A network as it is, free of any file format: nodes in order, constants, shapes.

Tensors are numbers, as in the file. Four axes mean N, H, W, C, and every batch is 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from limner_registry.importers.errors import GraphUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = npt.NDArray[Any]
Shape = tuple[int, ...]
Pair = tuple[int, int]
"""Height first, then width."""
Activation = Literal["NONE", "RELU"]
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Sliding:
    """Options of a convolution; its kernel is its weights'."""

    stride: Pair
    dilation: Pair
    same: bool
    """Padded so that the output is as large as the input over the stride; else not padded."""
    activation: Activation


@dataclass(frozen=True)
class Pooling:
    """Options of a maximum or a mean over a window."""

    kernel: Pair
    stride: Pair
    same: bool
    activation: Activation


@dataclass(frozen=True)
class Fused:
    """Options of an elementwise operator: what is applied to its result."""

    activation: Activation = "NONE"


@dataclass(frozen=True)
class Resizing:
    """Options of a bilinear resize: where its samples lie."""

    align_corners: bool
    half_pixel: bool


@dataclass(frozen=True)
class Unfolding:
    """Options of a depth-to-space."""

    block: int


@dataclass(frozen=True)
class Slicing:
    """Options of a strided slice: bit masks of the axes that are taken from end to end."""

    whole_begin: int
    whole_end: int
    reshaping: int
    """Bits that would add or drop an axis, of all such masks together."""


@dataclass(frozen=True)
class Custom:
    """Options of an operator the format itself does not know."""

    version: int
    values: Mapping[str, float | tuple[int, ...]]

    def number(self, name: str) -> float:
        """Return the number with this name; raise GraphUnreadable where there is none."""
        value = self.values.get(name)
        if not isinstance(value, int | float):
            raise GraphUnreadable(f"a custom operator lacks the number {name}")
        return value

    def indices(self, name: str) -> tuple[int, ...]:
        """Return the list with this name; raise GraphUnreadable where there is none."""
        value = self.values.get(name)
        if not isinstance(value, tuple):
            raise GraphUnreadable(f"a custom operator lacks the list {name}")
        return value


@dataclass(frozen=True)
class Node:
    """One operator between its tensors."""

    op: str
    """As the format names it, such as `CONV_2D`; a custom operator's own name."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: object

    def settings(self, kind: type[Kind]) -> Kind:
        """Return the options, which must be of this kind; raise GraphUnreadable if not."""
        if not isinstance(self.options, kind):
            raise GraphUnreadable(f"{self.op} has no {kind.__name__} options")
        return self.options


@dataclass(frozen=True)
class Graph:
    """A whole network; whoever reads it may trust that every number below has its tensor."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    nodes: tuple[Node, ...]
    """In an order in which each finds its inputs ready."""
    shapes: tuple[Shape, ...]
    """Of every tensor, by its number."""
    names: tuple[str, ...]
    constants: Mapping[int, Array]
    """What is known before any input is, of dense float32 or integers."""

    def output(self, name: str) -> int:
        """Return the number of the output with this name; raise GraphUnreadable if none has it."""
        for tensor in self.outputs:
            if self.names[tensor] == name:
                return tensor
        raise GraphUnreadable(f"no output is named {name!r}")

    def maker(self, tensor: int) -> Node | None:
        """Return the node that gives this tensor; None for an input or a constant."""
        for node in self.nodes:
            if tensor in node.outputs:
                return node
        return None

    def integers(self, tensor: int) -> npt.NDArray[np.int64]:
        """Return a constant of integers; raise GraphUnreadable where it is none."""
        constant = self.constants.get(tensor)
        if constant is None or not np.issubdtype(constant.dtype, np.integer):
            raise GraphUnreadable(f"tensor {tensor} should be constant integers")
        return constant.astype(np.int64)

    def weights(self, tensor: int) -> npt.NDArray[np.float32]:
        """Return a constant of real numbers; raise GraphUnreadable where it is none."""
        constant = self.constants.get(tensor)
        if constant is None or constant.dtype != np.float32:
            raise GraphUnreadable(f"tensor {tensor} should be constant float32")
        return constant
