"""Which versions may be routed to: loaded, and seen to answer their golden inputs.

The order is the invariant: ready before routed, unrouted before unloaded. `settle` compares what
the registry wants with what Triton answers, and mends the difference; it can be run at any time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

from limner.errors import LimnerError
from limner.v1.reasons import ModelNotReady
from limner_registry.contracts import triton_name
from limner_registry.golden import Golden
from limner_registry.routes import Routes, RoutesDamaged, read_routes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from limner_registry.contracts import Contract
    from limner_server.metrics import Metrics
    from limner_server.triton.client import Triton

log = logging.getLogger(__name__)

SETTLE_SECONDS = 2.0
"""Between two looks at the routes and two probes of each version, when nothing calls for one."""
RETRY_SECONDS = 10.0
"""A version that did not come up is left alone this long, unless something changes."""
KEEP_SECONDS = 60.0
"""A version that left the routes stays loaded this long, for the calls planned with it."""

Version = tuple[str, int]


class Servables:
    """The versions of one Triton, and the routing table that only names ready ones."""

    def __init__(
        self, triton: Triton, models: Path, contracts: Iterable[Contract], metrics: Metrics
    ) -> None:
        """Watch the placed versions and the routes file in `models`, as far as `contracts` go."""
        self._triton = triton
        self._contracts = {contract.model: contract for contract in contracts}
        self._models = models
        self._metrics = metrics
        self._wake = asyncio.Event()
        self._golden: dict[Version, Golden] = {}
        self._up: set[Version] = set()
        self._retry_at: dict[Version, float] = {}
        self._unload_at: dict[Version, float] = {}
        self.routes = Routes()

    def wake(self) -> None:
        """Settle now rather than at the next turn, and try again what did not come up."""
        self._retry_at = {}  # a new one: what is being tried just now notes its failure in the old
        self._wake.set()

    async def keep_settled(self, settled: Callable[[Routes], Awaitable[None]]) -> None:
        """Settle again and again until cancelled; `settled` hears the table after each time."""
        while True:
            self._wake.clear()
            await self.settle()
            await settled(self.routes)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), SETTLE_SECONDS)

    async def settle(self) -> None:
        """Bring every version the registry routes to up, route to those that are, drop the rest.

        A model whose new version does not come up keeps the one it has.
        """
        wanted = await asyncio.to_thread(self._wanted)
        routed = {*wanted.stable.items(), *self.routes.stable.items()}
        versions = sorted(version for version in routed if version[0] in self._contracts)
        answers = await asyncio.gather(*(self._bring_up(*version) for version in versions))
        up = {version for version, is_up in zip(versions, answers, strict=True) if is_up}
        self.routes = _routable(wanted, self.routes, up)
        await self._unload_unrouted(self._up - up)
        self._up = up

    async def _bring_up(self, model: str, version: int) -> bool:
        """Return whether a version answers, after loading it anew if it did not."""
        now, retry_at = time.monotonic(), self._retry_at
        if retry_at.get((model, version), now) > now:
            return False
        try:
            if (model, version) not in self._up:
                await self._triton.load(model, version)
            await self._prove(model, version)
        except LimnerError as error:
            log.warning("version is not up", extra=_named(model, version, error))
            is_up = await self._load_anew(model, version)
        else:
            is_up = True
        if not is_up:
            retry_at[model, version] = now + RETRY_SECONDS
        self._unload_at.pop((model, version), None)
        self._metrics.model_ready.labels(model, version).set(is_up)
        return is_up

    async def _load_anew(self, model: str, version: int) -> bool:
        """Return whether a version answers once it has been unloaded and loaded.

        A dead runner makes UNLOADING last for ever, so nobody waits for it: Triton takes the load
        at once and starts a new runner.
        """
        try:
            await self._triton.unload(model, version)
            await self._triton.load(model, version)
            await self._prove(model, version)
        except LimnerError as error:
            log.error("version did not come up", extra=_named(model, version, error))  # noqa: TRY400 - expected, its sentence says all
            return False
        return True

    async def _prove(self, model: str, version: int, timeout: float = 10.0) -> None:
        """Ask a loaded version its golden inputs.

        Raises:
            LimnerError: It did not answer, or not what it answered when it was published.
        """
        try:
            if (model, version) not in self._golden:
                folder = self._models / triton_name(model, version) / str(version)
                self._golden[model, version] = await asyncio.to_thread(Golden.read, folder)
        except (OSError, ValueError) as error:
            raise ModelNotReady(f"{model} version {version} is not placed: {error}") from error
        golden = self._golden[model, version]
        answers = await self._triton.run(self._contracts[model], version, golden.inputs, timeout)
        difference = golden.difference(answers)
        if difference is not None:
            raise ModelNotReady(f"{model} version {version} fails its golden inputs: {difference}")

    async def _unload_unrouted(self, left: set[Version]) -> None:
        """Unload versions that left the routes, once no call can be planned with them."""
        now = time.monotonic()
        self._unload_at = dict.fromkeys(left, now + KEEP_SECONDS) | self._unload_at
        for (model, version), due in list(self._unload_at.items()):
            if due <= now:
                del self._unload_at[model, version]
                self._golden.pop((model, version), None)
                await self._triton.unload(model, version)
                self._metrics.model_ready.remove(model, str(version))

    def _wanted(self) -> Routes:
        try:
            return read_routes(self._models)
        except RoutesDamaged:
            log.exception("routes are damaged; the table in force stays")
            return self.routes


def _routable(wanted: Routes, current: Routes, up: set[Version]) -> Routes:
    """Return `wanted` with each version that is not up replaced by the one in force, if that is."""
    stable = {}
    for model, version in wanted.stable.items():
        for candidate in (version, current.stable.get(model)):
            if candidate is not None and (model, candidate) in up:
                stable[model] = candidate
                break
    return Routes(wanted.generation, stable)


def _named(model: str, version: int, error: LimnerError) -> dict[str, object]:
    return {"model": model, "version": version, "detail": str(error)}
