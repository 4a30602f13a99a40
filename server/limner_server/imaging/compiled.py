"""How the inner loops are compiled: one set of options for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

Loop = TypeVar("Loop", bound="Callable[..., Any]")


def compiled(function: Loop) -> Loop:
    """Compile a function of scalars and arrays; the machine code is kept beside its source.

    It runs on one core and lets other threads go on; several may call it at once.
    """
    options = {"cache": True, "fastmath": True, "nogil": True, "error_model": "numpy"}
    return cast("Loop", numba.njit(**options)(function))
