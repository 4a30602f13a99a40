"""What every service says of itself: its name, the models it cannot do without, its budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import grpc

    from limner_registry.contract import Contract
    from limner_server.call import Budget
    from limner_server.routing.models import Models


class Service(Protocol):
    """One gRPC service of this server."""

    name: ClassVar[str]
    """Full name, such as limner.v1.SegmentService."""
    needs: ClassVar[tuple[Contract, ...]]
    """Models without which it does not serve."""
    uses: ClassVar[tuple[Contract, ...]]
    """Models that make it better, and without which it serves all the same."""
    budgets: ClassVar[Mapping[str, Budget]]
    """How long each method may take, by method name."""

    def __init__(self, models: Models) -> None:
        """Answer with the help of `models`."""

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
