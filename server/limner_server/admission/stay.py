"""What one stream has in the house, for longer than it works on any of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from google.protobuf.message import Message

    from limner_server.admission.door import Door
    from limner_server.call import Call


class Stay:
    """The door, for somebody who stays: what they have already is never in their own way.

    So a stream that is alone may have whatever the API allows, however low the limits are, and
    everybody else is refused what it leaves no room for.
    """

    def __init__(self, door: Door) -> None:
        """Begin with nothing."""
        self._door = door
        self._own: Counter[str] = Counter()

    def held(self, size: int) -> AbstractContextManager[None]:
        """Have so many bytes of messages in the house for as long as the block lasts.

        Raises:
            OverloadedBytes: With what others have, that is more than there is memory for.
        """
        return self._door.held(size, self._own)

    def kept(self, size: int) -> AbstractContextManager[None]:
        """Have so many bytes of decoded pictures in the house for as long as the block lasts.

        Raises:
            OverloadedBytes: As `held`.
        """
        return self._door.kept(size, self._own)

    def admitted(
        self, call: Call, message: Message, size: int, beside: int = 0
    ) -> AbstractAsyncContextManager[None]:
        """Work on a message as long as the block lasts, once it is its turn.

        Args:
            call: What it is worked on as.
            message: It has to be held already.
            size: Its bytes.
            beside: Pixels that are worked on with its own, of pictures that are kept.

        Raises:
            OverloadedBytes: As `held`, of pixels.
            OverloadedWork: It would have to wait too long for its turn.
        """
        return self._door.admitted(call, message, size, self._own, beside)
