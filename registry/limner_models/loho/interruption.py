"""Work that can be ended between any two of a network's parts, forth and back."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules import module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor, nn

_looking: ContextVar[object] = ContextVar("looking")
"""What this thread's work is within; torch calls hooks for every thread's modules."""


@contextmanager
def interruptible(check: Callable[[], None]) -> Iterator[None]:
    """Within it, `check` is called before each module's work, forth and back, and ends all of it.

    A step of a search takes seconds on a large generator; one part of one of its layers takes
    milliseconds. Looking between any two operations would cost a fifth of a step.

    Args:
        check: Is called some hundred times a step; it ends the work by raising.
    """
    own = object()

    def before(_part: nn.Module, _given: Any) -> None:
        if _looking.get(None) is own:
            check()

    def after(_part: nn.Module, _given: Any, made: Any) -> None:
        if _looking.get(None) is own and isinstance(made, torch.Tensor) and made.requires_grad:
            made.register_hook(back)

    def back(_gradient: Tensor) -> None:
        check()  # maybe in a thread of the device's

    with ExitStack() as kept:
        kept.enter_context(module.register_module_forward_pre_hook(before))
        kept.enter_context(module.register_module_forward_hook(after))
        token = _looking.set(own)
        kept.callback(_looking.reset, token)
        yield
