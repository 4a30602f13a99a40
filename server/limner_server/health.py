"""Health per service: SERVING only while every model it needs answers its golden inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from limner_registry.contract import Contract
    from limner_registry.routes import Routes

HERE = "limner.v1"
"""The name that serves from when every version was tried until the server takes leave.

Clients watch it to ask another server in time; that a model is missing is no reason to."""

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """The grpc.health.v1 answers of this server."""

    def __init__(
        self, needs: Mapping[str, tuple[Contract, ...]], tried: Callable[[], bool]
    ) -> None:
        """Answer for the services named in `needs`, each with the models it cannot do without.

        The empty name stands for the whole server: it serves when every service does. `tried` says
        whether every version that is wanted is up or known not to come up.
        """
        self.servicer = aio.HealthServicer()
        self._needs = needs
        self._tried = tried
        self._here = False
        self._serving: dict[str, bool] = {}

    async def routed(self, routes: Routes) -> None:
        """Tell what can serve by these routes, which name only versions that answer."""
        serving = {
            service: all(contract.model in routes.stable for contract in contracts)
            for service, contracts in self._needs.items()
        }
        self._here = self._here or self._tried()
        serving |= {"": all(serving.values()), HERE: self._here}
        for service, serves in serving.items():
            if self._serving.get(service) != serves:
                await self.servicer.set(service, SERVING if serves else NOT_SERVING)
        self._serving = serving

    async def leave(self) -> None:
        """Say NOT_SERVING for good: the server is about to stop."""
        await self.servicer.enter_graceful_shutdown()
