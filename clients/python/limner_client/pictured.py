"""Answers that tell how far they are, and whose picture may follow in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import grpc

from limner.errors import UnknownReason
from limner.v1 import stylize_pb2, transfer_hair_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

Message = TypeVar("Message", stylize_pb2.StylizeResponse, transfer_hair_pb2.TransferHairResponse)
Told = TypeVar("Told")


class PicturedReply(Generic[Message, Told]):
    """Puts the messages of one answer together."""

    def __init__(
        self, on_progress: Callable[[Told], None] | None, to_progress: Callable[[Message], Told]
    ) -> None:
        """Begin with nothing; `on_progress` hears what `to_progress` makes of progress."""
        self._on_progress = on_progress
        self._to_progress: Callable[[Message], Told] = to_progress
        self._answer: Message | None = None
        self._pieces: list[bytes] = []

    def take(self, message: Message) -> None:
        """Take in the next message."""
        part = message.WhichOneof("part")
        if part == "result":
            self._answer = message
        elif part == "piece":
            self._pieces.append(message.piece.data)
        elif part == "progress" and self._on_progress:
            self._on_progress(self._to_progress(message))

    def whole(self) -> Message:
        """Return the message that holds the result, its picture whole, once all have ended.

        Raises:
            UnknownReason: They ended before the picture was all there.
        """
        answer, data = self._answer, b"".join(self._pieces)
        if answer is None or len(data) != answer.result.following_bytes:
            said = "the answer ended before the picture was all there"
            raise UnknownReason(said, grpc.StatusCode.DATA_LOSS)
        if data:
            answer.result.image.data = data
        return answer
