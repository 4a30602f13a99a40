"""Which versions may be routed to: loaded, and seen to answer their golden inputs.

The order is the invariant: ready before routed, unrouted before unloaded. `look` compares what the
registry wants with what is up, and has each version's keeper mend the difference; it can be run at
any time.

A version that was up and is lost keeps its place for as long as mending usually takes: calls wait
for it rather than fail, unless another version can stand in.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from limner_registry.routes import Routes, RoutesDamaged, read_routes
from limner_server.triton.keeper import Keeper

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from limner_registry.contract import Contract
    from limner_server.metrics import Metrics
    from limner_server.triton.client import Triton

log = logging.getLogger(__name__)

SETTLE_SECONDS = 2.0
"""Between two looks at the routes and at each version, when nothing calls for one."""
KEEP_SECONDS = 60.0
"""A version that left the routes stays loaded this long, for the calls planned with it."""

Version = tuple[str, int]


class Servables:
    """The versions of one Triton, and the routing table that only names ready ones."""

    def __init__(
        self,
        triton: Triton,
        models: Path,
        contracts: Iterable[Contract],
        metrics: Metrics,
        routed: Callable[[Routes], Awaitable[None]],
    ) -> None:
        """Watch the placed versions and the routes file in `models`, as far as `contracts` go.

        `routed` hears every table before it is in force for long.
        """
        self._triton = triton
        self._contracts = {contract.model: contract for contract in contracts}
        self._models = models
        self._metrics = metrics
        self._tell_routed = routed
        self._wake = asyncio.Event()
        self._look_at = 0.0
        self._looked = False
        self._wanted = Routes()
        self._keepers: dict[Version, Keeper] = {}
        self._unload_at: dict[Version, float] = {}
        self.routes = Routes()

    def wake(self) -> None:
        """Look now rather than at the next turn, and try again what did not come up."""
        for keeper in self._keepers.values():
            keeper.hint()
        self._look_at = 0.0
        self._wake.set()

    async def back(self, model: str, version: int, seconds: float) -> int:
        """Return at once unless a version is being mended; then when it is, or after so long.

        Returns:
            How many times it has been lost so far.
        """
        keeper = self._keepers.get((model, version))
        if keeper is None:
            return 0
        await keeper.back(seconds)
        return keeper.losses

    async def lost(self, model: str, version: int, losses: int) -> None:
        """Return once a version has been lost again; never for one that is not here.

        Args:
            model: Its model.
            version: Its number.
            losses: How many times it had been lost when the run began.
        """
        keeper = self._keepers.get((model, version))
        await (keeper.lost(losses) if keeper else asyncio.Event().wait())

    def lose(self, model: str, version: int, losses: int) -> bool:
        """Hear from a run that found a version dead.

        Args:
            model: Its model.
            version: Its number.
            losses: How many times it had been lost when the run began.

        Returns:
            Whether it is back, or worth waiting for.
        """
        keeper = self._keepers.get((model, version))
        if keeper is None:
            return False
        if keeper.losses == losses:
            keeper.lose("a run found it dead")
        return keeper.up or keeper.awaited

    def versions(self, model: str) -> list[int]:
        """Return the versions of a model that are here: up, coming up, or about to leave."""
        return sorted(number for name, number in self._keepers if name == model)

    @property
    def mends(self) -> int:
        """How many times a version that was lost has come back."""
        return sum(keeper.mends for keeper in self._keepers.values())

    @property
    def tried(self) -> bool:
        """Whether every version that is wanted is up, or known not to come up."""
        return self._looked and self.troubles().keys() == self._keepers.keys()

    def troubles(self) -> dict[Version, str]:
        """Return every version that was tried, and what is wrong with it: nothing if it is up."""
        return {
            version: "" if keeper.up else keeper.trouble
            for version, keeper in self._keepers.items()
            if keeper.up or keeper.trouble
        }

    async def keep_settled(self) -> None:
        """Look again and again until cancelled, and tell every table."""
        while True:
            self._wake.clear()
            try:
                if time.monotonic() >= self._look_at:
                    self._look_at = time.monotonic() + SETTLE_SECONDS
                    await self.look()
                await self._tell_routed(self.routes)
            except Exception:  # a defect must not end the loop that keeps versions alive
                log.exception("versions could not be settled; trying again")
            with contextlib.suppress(TimeoutError):
                # wait_for may swallow cancelling
                async with asyncio.timeout(self._look_at - time.monotonic()):
                    await self._wake.wait()

    def leave(self) -> None:
        """Look after nothing any more; what is loaded stays so."""
        for keeper in self._keepers.values():
            keeper.leave()

    async def look(self) -> None:
        """Have every version the registry routes to looked at or brought up, and drop the rest.

        One of them, the one that has not been for longest, has its turn to prove itself: all at
        once would be most of a second's work again and again on a machine that has none to do. A
        model whose new version does not come up keeps the one it has.
        """
        self._wanted = await asyncio.to_thread(self._read)
        routed = self._wanted.versions() | {*self.routes.stable.items()}
        known = [version for version in sorted(routed) if version[0] in self._contracts]
        keepers = [self._keeper(model, version) for model, version in known]
        for keeper in keepers:
            keeper.look()
        self._looked = True
        if up := [keeper for keeper in keepers if keeper.up]:
            min(up, key=lambda keeper: keeper.proven_at).prove()
        self._changed()
        await self._unload_all_but(self._wanted.versions() | {*self.routes.stable.items()})

    def _keeper(self, model: str, version: int) -> Keeper:
        if (model, version) not in self._keepers:
            self._keepers[model, version] = Keeper(
                self._contracts[model], version, self._models, self._triton, self._changed
            )
        return self._keepers[model, version]

    def _changed(self) -> None:
        """Put the table that follows from what is wanted and what is up in force."""
        up = {version for version, keeper in self._keepers.items() if keeper.up}
        soon = {version for version, keeper in self._keepers.items() if keeper.awaited}
        self.routes = _routable(self._wanted, self.routes, up, soon)
        self._metrics.routing_generation.set(self.routes.generation)
        for (model, version), keeper in self._keepers.items():
            if keeper.loaded:
                self._metrics.model_ready.labels(model, version).set(keeper.up)
        self._wake.set()

    async def _unload_all_but(self, routed: set[Version]) -> None:
        """Unload versions that left the routes, once no call can be planned with them."""
        now = time.monotonic()
        self._unload_at = {
            version: self._unload_at.get(version, now + KEEP_SECONDS)
            for version in self._keepers.keys() - routed
        }
        for model, version in [version for version, due in self._unload_at.items() if due <= now]:
            await self._keepers.pop((model, version)).drop()
            with contextlib.suppress(KeyError):  # one that never came up has no series
                self._metrics.model_ready.remove(model, str(version))

    def _read(self) -> Routes:
        try:
            return read_routes(self._models)
        except RoutesDamaged:
            log.exception("routes are damaged; the table in force stays")
            return self.routes


def _routable(wanted: Routes, current: Routes, up: set[Version], soon: set[Version]) -> Routes:
    """Return `wanted` with each stable version that is not up replaced by the one in force, if up.

    Where neither is, one that will be soon keeps its place. Canaries that are not up get no calls.
    """
    stable = {}
    for model, version in wanted.stable.items():
        candidates = (version, current.stable.get(model))
        for ready in (up, soon):
            found = next((one for one in candidates if one and (model, one) in ready), None)
            if found is not None:
                stable[model] = found
                break
    routes = replace(wanted, stable=stable)
    for model, canary in wanted.canaries.items():
        if (model, canary.version) not in up:
            routes = routes.without(canary.rollout)
    return routes
