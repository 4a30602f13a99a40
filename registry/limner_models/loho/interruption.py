"""Work that can be ended between any two operations, forth and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.utils._python_dispatch import TorchDispatchMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Interruptible(TorchDispatchMode):
    """Within it, `check` is called before each of torch's operations, and ends them by raising.

    A step of a search takes seconds on a large generator; one operation of it takes milliseconds.
    Gradients are made of operations, too.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        """Take what is called; it is called some thousand times a step."""
        super().__init__()
        self._check = check

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Check, then do what was to be done."""
        self._check()
        return func(*args, **(kwargs or {}))
