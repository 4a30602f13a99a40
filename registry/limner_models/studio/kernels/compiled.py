"""How the inner loops are compiled: one set of options for all of them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent


def _forget_stale() -> None:
    """Remove machine code older than any source here: it may hold an old loop inlined.

    Numba itself looks only at the file of the outermost function.
    """
    newest = max(source.stat().st_mtime for source in HERE.glob("*.py"))
    for kept in (HERE / "__pycache__").glob("*.nb[ic]"):
        with contextlib.suppress(OSError):
            if kept.stat().st_mtime < newest:
                kept.unlink()


_forget_stale()

Real: TypeAlias = Any
"""A number inside loops: float32 or float, which numba tells apart and Python's types do not."""
Whole: TypeAlias = Any
"""An integer inside loops, of whatever width."""

Loop = TypeVar("Loop", bound="Callable[..., Any]")


def compiled(function: Loop) -> Loop:
    """Compile a function of scalars and arrays; the machine code is kept beside its source.

    Sums may be reordered (`fastmath`), always in the same way on one kind of processor, so that
    equal arguments give equal bits there. Division by zero gives an infinity instead of an error.
    """
    return _compiled(function, cache=True, nogil=True)


def lean(function: Loop) -> Loop:
    """Compile like `compiled` a loop that makes no arrays, only reads and writes those it is given.

    Arrays then need not be counted as they are handed around, which would cost such loops half of
    their time.
    """
    return _compiled(function, cache=True, nogil=True, _nrt=False)


def inlined(function: Loop) -> Loop:
    """Compile as a part of its callers a function that makes no arrays."""
    return _compiled(function, forceinline=True, _nrt=False)


def _compiled(function: Loop, **options: bool) -> Loop:
    return cast("Loop", numba.njit(fastmath=True, error_model="numpy", **options)(function))
