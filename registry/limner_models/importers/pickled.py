"""Reads what a pickle says without doing it: nothing it names is imported, nothing is called."""

from __future__ import annotations

import pickletools
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

from limner_models.errors import WeightsRefused

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST: Final = 4_000_000
"""Operations of a pickle; a longer one is refused."""
KEYS: Final = (str, int, float, bytes, bool, type(None))
"""What may be a key of a dictionary."""


@dataclass(frozen=True)
class Named:
    """Something the pickle would have imported."""

    name: str
    """Module and name, such as `collections.OrderedDict`."""


@dataclass(eq=False)
class Made:
    """Something the pickle would have made by a call."""

    maker: str
    """What it would have called."""
    arguments: tuple[Any, ...]
    state: Any = None
    """What it would have told the thing after."""
    items: dict[Any, Any] = field(default_factory=dict)
    """What it would have put into it by key."""


def read(opened: IO[bytes]) -> Any:
    """Return what a pickle holds: plain values, and notes of what would have been called.

    Args:
        opened: The file, at its beginning; it is read up to the pickle's end.

    Raises:
        WeightsRefused: It is no pickle, is cut off, too long, or does what no data needs.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(opened)):
            if count > LARGEST:
                raise WeightsRefused(f"its pickle takes more than {LARGEST} operations")
            if opcode.name == "STOP":
                break
            machine.do(opcode.name, argument)
        (value,) = machine.stack
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise WeightsRefused(f"its pickle is damaged: {error}") from error
    return value


class _Machine:
    """A stack and a memory, as a pickle's operations want them."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memory: dict[int, Any] = {}

    def do(self, name: str, argument: Any) -> None:
        """Take one operation."""
        if name in _NOTHING:
            return
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in _TUPLES:
            count = _TUPLES[name]
            self.stack[-count:] = [tuple(self.stack[-count:])]
        elif name in _STEPS:
            _STEPS[name](self, argument)
        else:
            raise WeightsRefused(f"its pickle does what no data needs: {name}")

    def mark(self, _: Any) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        values, self.stack = self.stack, self.marks.pop()
        return values

    def drop(self, _: Any) -> None:
        self.since_mark()

    def gather(self, kind: Callable[[list[Any]], Any]) -> None:
        """Put what lies above the mark into one value."""
        values = self.since_mark()
        self.stack.append(kind(values))

    def name(self, argument: Any) -> None:
        """Note a name given as one text, or by the two texts on the stack."""
        if argument is None:
            name = self.stack.pop()
            argument = f"{self.stack.pop()} {name}"
        self.stack.append(Named(str(argument).replace(" ", ".")))

    def call(self, _: Any) -> None:
        arguments = self.stack.pop()
        maker = self.stack.pop()
        if not isinstance(maker, Named) or not isinstance(arguments, tuple):
            raise WeightsRefused("its pickle calls what has no name")
        self.stack.append(Made(maker.name, arguments))

    def call_with_keywords(self, _: Any) -> None:
        keywords = self.stack.pop()
        self.call(None)
        self.stack[-1].items |= _keyed([part for pair in keywords.items() for part in pair])

    def build(self, _: Any) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], Made):
            raise WeightsRefused("its pickle changes what it did not make")
        self.stack[-1].state = state

    def put_item(self, _: Any) -> None:
        value = self.stack.pop()
        self._into([self.stack.pop(), value])

    def put_items(self, _: Any) -> None:
        self._into(self.since_mark())

    def _into(self, values: list[Any]) -> None:
        target = self.stack[-1]
        (target.items if isinstance(target, Made) else target).update(_keyed(values))

    def add_one(self, _: Any) -> None:
        value = self.stack.pop()
        self.stack[-1].append(value)

    def add_all(self, _: Any) -> None:
        values = self.since_mark()
        self.stack[-1].extend(values)

    def keep(self, place: Any) -> None:
        self.memory[len(self.memory) if place is None else int(place)] = self.stack[-1]

    def recall(self, place: Any) -> None:
        self.stack.append(self.memory[int(place)])


def _keyed(values: list[Any]) -> dict[Any, Any]:
    keys = values[::2]
    if not all(isinstance(key, KEYS) for key in keys):
        raise WeightsRefused("its pickle keeps values by keys that are none")
    return dict(zip(keys, values[1::2], strict=True))


_NOTHING: Final = {"PROTO", "FRAME"}
_VALUES: Final = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"),
    *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_CONSTANTS: Final[dict[str, Callable[[], Any]]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_SET": list,  # a set's members need no hash here
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
}
_TUPLES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_STEPS: Final[dict[str, Callable[[_Machine, Any], None]]] = {
    "MARK": _Machine.mark,
    "POP": lambda machine, _: machine.stack.pop(),
    "POP_MARK": _Machine.drop,
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    "TUPLE": lambda machine, _: machine.gather(tuple),
    "LIST": lambda machine, _: machine.gather(list),
    "FROZENSET": lambda machine, _: machine.gather(list),
    "DICT": lambda machine, _: machine.gather(_keyed),
    "APPEND": _Machine.add_one,
    "APPENDS": _Machine.add_all,
    "ADDITEMS": _Machine.add_all,
    "SETITEM": _Machine.put_item,
    "SETITEMS": _Machine.put_items,
    "PUT": _Machine.keep,
    "BINPUT": _Machine.keep,
    "LONG_BINPUT": _Machine.keep,
    "MEMOIZE": _Machine.keep,
    "GET": _Machine.recall,
    "BINGET": _Machine.recall,
    "LONG_BINGET": _Machine.recall,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.call,
    "NEWOBJ_EX": _Machine.call_with_keywords,
    "BUILD": _Machine.build,
}
