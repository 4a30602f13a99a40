"""Which versions may be routed to: loaded, and seen to answer their golden inputs.

The order is the invariant: ready before routed, unrouted before unloaded. `settle` compares what
the registry wants with what Triton answers, and mends the difference; it can be run at any time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from limner.errors import LimnerError
from limner.v1.reasons import ModelNotReady
from limner_registry.contracts import triton_name
from limner_registry.golden import Golden
from limner_registry.routes import Routes, RoutesDamaged, read_routes
from limner_server.triton.process import end_runners

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
        self._golden: dict[Version, Golden] = {}
        self._loaded: set[Version] = set()
        self._up: set[Version] = set()
        self._retry_at: dict[Version, float] = {}
        self._unload_at: dict[Version, float] = {}
        self._troubles: dict[Version, str] = {}
        self.routes = Routes()

    def wake(self) -> None:
        """Settle now rather than at the next turn, and try again what did not come up."""
        self._retry_at = {}  # a new one: what is being tried just now notes its failure in the old
        self._wake.set()

    def troubles(self) -> dict[Version, str]:
        """Return every version that was tried, and what is wrong with it: nothing if it is up."""
        return dict.fromkeys(self._up, "") | {
            version: trouble
            for version, trouble in self._troubles.items()
            if version not in self._up
        }

    async def keep_settled(self) -> None:
        """Settle again and again until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.settle()
            except Exception:  # a defect must not end the loop that keeps versions alive
                log.exception("versions could not be settled; trying again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):  # wait_for may swallow cancelling
                    await self._wake.wait()

    async def settle(self) -> None:
        """Bring every version the registry routes to up, route to those that are, drop the rest.

        What has stopped to answer gets no more calls while it is mended. A model whose new version
        does not come up keeps the one it has.
        """
        wanted = await asyncio.to_thread(self._wanted)
        routed = wanted.versions() | {*self.routes.stable.items()}
        versions = {version for version in routed if version[0] in self._contracts}
        await self._route(wanted, await _those(self._answers, versions & self._up))
        mended = await _those(self._bring_up, versions - self._up)
        await self._route(wanted, self._up | mended)
        await self._unload_all_but(wanted.versions() | {*self.routes.stable.items()})

    async def _route(self, wanted: Routes, up: set[Version]) -> None:
        """Put the table that follows from what is wanted and what is up in force."""
        self._up = up
        self.routes = _routable(wanted, self.routes, up)
        self._metrics.routing_generation.set(self.routes.generation)
        for model, version in self._loaded | up:
            self._metrics.model_ready.labels(model, version).set((model, version) in up)
        await self._tell_routed(self.routes)

    async def _answers(self, model: str, version: int) -> bool:
        """Return whether a version that was up still is."""
        try:
            await self._prove(model, version)
        except LimnerError as error:
            log.warning("version is not up", extra=_named(model, version, error))
            return False
        return True

    async def _bring_up(self, model: str, version: int) -> bool:
        """Return whether a version that was not up is now; one that failed just before is left."""
        now, retry_at = time.monotonic(), self._retry_at
        if retry_at.get((model, version), now) > now:
            return False
        is_up = await self._load_anew(model, version)
        if not is_up:
            retry_at[model, version] = now + RETRY_SECONDS
        return is_up

    async def _load_anew(self, model: str, version: int) -> bool:
        """Return whether a version answers once it has been unloaded, if need be, and loaded.

        A dead runner makes UNLOADING last for ever, so nobody waits for it: Triton takes the load
        at once and starts a new runner.
        """
        try:
            if (model, version) in self._loaded:
                await self._triton.unload(model, version)
                await asyncio.to_thread(end_runners, self._models / triton_name(model, version))
            await self._triton.load(model, version)
            self._loaded.add((model, version))
            await self._prove(model, version)
        except LimnerError as error:
            self._troubles[model, version] = str(error)
            log.error("version did not come up", extra=_named(model, version, error))  # noqa: TRY400 - expected, its sentence says all
            return False
        return True

    async def _prove(self, model: str, version: int, timeout: float = 10.0) -> None:
        """Ask every runner of a loaded version its golden inputs.

        Raises:
            LimnerError: It did not answer, or not what it answered when it was published.
        """
        try:
            if (model, version) not in self._golden:
                folder = self._models / triton_name(model, version) / str(version)
                self._golden[model, version] = await asyncio.to_thread(Golden.read, folder)
        except (OSError, ValueError) as error:
            raise ModelNotReady(f"{model} version {version} is not placed: {error}") from error
        golden, contract = self._golden[model, version], self._contracts[model]
        # asked at once, each goes to a runner that is free: none can hide behind another
        asked = (
            self._triton.run(contract, version, golden.inputs, timeout)
            for _ in range(contract.runners)
        )
        for difference in map(golden.difference, await asyncio.gather(*asked)):
            if difference is not None:
                said = f"{model} version {version} fails its golden inputs: {difference}"
                raise ModelNotReady(said)

    async def _unload_all_but(self, routed: set[Version]) -> None:
        """Unload versions that left the routes, once no call can be planned with them."""
        now = time.monotonic()
        self._unload_at = {
            version: self._unload_at.get(version, now + KEEP_SECONDS)
            for version in self._loaded - routed
        }
        for model, version in [version for version, due in self._unload_at.items() if due <= now]:
            await self._triton.unload(model, version)
            self._loaded.remove((model, version))
            self._golden.pop((model, version), None)
            self._troubles.pop((model, version), None)
            self._metrics.model_ready.remove(model, str(version))

    def _wanted(self) -> Routes:
        try:
            return read_routes(self._models)
        except RoutesDamaged:
            log.exception("routes are damaged; the table in force stays")
            return self.routes


async def _those(
    holds: Callable[[str, int], Awaitable[bool]], versions: set[Version]
) -> set[Version]:
    """Return those of `versions` for which `holds`, all asked side by side."""
    ordered = sorted(versions)
    answers = await asyncio.gather(*(holds(*version) for version in ordered))
    return {version for version, answer in zip(ordered, answers, strict=True) if answer}


def _routable(wanted: Routes, current: Routes, up: set[Version]) -> Routes:
    """Return `wanted` with each stable version that is not up replaced by the one in force, if up.

    Canaries that are not up get no calls.
    """
    stable = {}
    for model, version in wanted.stable.items():
        for candidate in (version, current.stable.get(model)):
            if candidate is not None and (model, candidate) in up:
                stable[model] = candidate
                break
    routes = replace(wanted, stable=stable)
    for model, canary in wanted.canaries.items():
        if (model, canary.version) not in up:
            routes = routes.without(canary.rollout)
    return routes


def _named(model: str, version: int, error: LimnerError) -> dict[str, object]:
    return {"model": model, "version": version, "detail": str(error)}
