"""One version kept up: loaded, proven again and again, loaded anew as soon as it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Final

from limner.errors import LimnerError
from limner.v1.reasons import ModelNotReady
from limner_registry.contract import triton_name
from limner_server.triton.proofs import proof_of
from limner_server.triton.runners import Runners

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from limner_registry.contract import Contract
    from limner_registry.golden import Golden
    from limner_server.triton.client import Triton

log = logging.getLogger(__name__)

FIRST_REST, LONGEST_REST = 0.2, 10.0
"""Seconds that a version which did not come up is left alone, twice as long from try to try."""
MEND_SECONDS: Final = 20.0
"""A version that was lost is waited for this long; mending one takes about two seconds."""
PROBE_SECONDS: Final = 10.0
"""A version that has not answered its golden inputs by then is lost."""
STREAMED_SECONDS: Final = 30.0
"""Between two proofs of a version that streams: they take it longer, and its work."""
MOST_GROWN: Final = 2 * 1024**3
"""Bytes of memory that a runner may gain before another takes its place."""


class Keeper:
    """Owner of one version in one Triton."""

    def __init__(
        self,
        contract: Contract,
        version: int,
        models: Path,
        triton: Triton,
        changed: Callable[[], None],
    ) -> None:
        """Begin with a version that is not loaded.

        Args:
            contract: Its model's.
            version: Its number.
            models: The folder of placed versions.
            triton: Where it runs.
            changed: Is told when it has come up, was lost, or did not come up.
        """
        self.up = False
        """Whether it has last answered its golden inputs, and nobody has missed it since."""
        self.loaded = False
        """Whether Triton was ever told to load it."""
        self.trouble = ""
        """What was wrong with it last."""
        self.losses = 0
        """How many times it was lost."""
        self.mends = 0
        """How many times it was lost and came back."""
        self.proven_at = 0.0
        """When it last answered its golden inputs, on time.monotonic()'s clock."""
        self._contract, self._version = contract, version
        self._folder = models / triton_name(contract.model, version)
        self._triton = triton
        self._changed = changed
        self._golden: Golden | None = None
        self._runners = Runners(self._folder, lambda: self.lose("a runner has ended"))
        self._back = asyncio.Event()
        self._next_loss = asyncio.Event()
        self._lost_at: float | None = None
        self._retry_at = 0.0
        self._rest = FIRST_REST
        self._again: asyncio.TimerHandle | None = None
        self._hints = 0
        self._work: asyncio.Task[None] | None = None

    @property
    def awaited(self) -> bool:
        """Whether it was up a moment ago and may be so again in another."""
        return self._lost_at is not None and time.monotonic() - self._lost_at < MEND_SECONDS

    def hint(self) -> None:
        """Let it be tried again at once, as something has changed."""
        self._hints += 1
        self._retry_at = 0.0
        self._rest = FIRST_REST

    def look(self) -> None:
        """Have it prove itself if it is in doubt, or come up if that is due.

        Its processes are looked at, which costs next to nothing, where they can be seen: one that
        stands or has grown is replaced. Whatever is under way goes on.
        """
        if self._is_at_work():
            return
        if not self.up:
            if time.monotonic() >= self._retry_at:
                self._begin(self._bring_up())
        elif self._runners.stopped():
            self.lose("a runner was stopped")
        elif self._runners.grown() > MOST_GROWN:
            self.lose("a runner has grown too large")
        elif self._is_in_doubt():
            self.prove()

    def prove(self) -> None:
        """Have it answer its golden inputs, if it is up and nothing is under way."""
        pause = STREAMED_SECONDS if self._contract.streams else 0.0
        rested = time.monotonic() - self.proven_at >= pause
        if self.up and rested and not self._is_at_work():
            self._begin(self._prove_again())

    def lose(self, why: str) -> None:
        """Take it for lost and have it mended, unless that is known."""
        if not self.up:
            return
        self._note("version is lost", why)
        self.up = False
        self.losses += 1
        self._next_loss.set()
        self._next_loss = asyncio.Event()
        self._back.clear()
        self._lost_at = time.monotonic()
        self._runners.let_go()
        if self._work is not None:
            self._work.cancel()
        self._begin(self._bring_up())
        self._changed()

    async def back(self, seconds: float) -> None:
        """Return once it is up, or after so long; at once where it is not awaited."""
        if self.up or self._lost_at is None:
            return
        left = self._lost_at + MEND_SECONDS - time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, left)):
                await self._back.wait()

    async def lost(self, losses: int) -> None:
        """Return once it has been lost more often than so many times."""
        if self.losses <= losses:
            await self._next_loss.wait()

    def leave(self) -> None:
        """Look after it no more; it stays loaded."""
        if self._work is not None:
            self._work.cancel()
        self._keep_quiet()
        self.up = False
        self._runners.let_go()

    async def drop(self) -> None:
        """Unload it for good."""
        self.leave()
        await self._triton.unload(self._contract.model, self._version)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._keep_quiet()
        self._work = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception:  # a defect must not leave a version without its keeper
            log.exception("a version could not be looked after; trying again")

    def _is_at_work(self) -> bool:
        return self._work is not None and not self._work.done()

    def _is_in_doubt(self) -> bool:
        """Return whether it may be dead for all that is seen of it."""
        asked = self._triton.unanswered
        return not self._runners.watched or asked.casts_doubt(self._contract.model, self._version)

    async def _prove_again(self) -> None:
        try:
            await self._prove()
        except LimnerError as error:
            self.lose(str(error))

    async def _bring_up(self) -> None:
        """Load it, unloaded before if need be, and see it answer.

        A dead runner makes UNLOADING last for ever, so nobody waits for it: Triton takes the load
        at once and starts a new runner.
        """
        model, hints = self._contract.model, self._hints
        try:
            await self._proof()
            await self._triton.reached()
            if self.loaded:
                await self._triton.unload(model, self._version)
                await asyncio.to_thread(self._runners.end)
            await self._triton.load(model, self._version)
            self.loaded = True
            await self._prove()
        except LimnerError as error:
            if str(error) != self.trouble:  # the same again and again tells nobody more
                self._note("version did not come up", str(error))
            if hints == self._hints:
                self._retry_at = time.monotonic() + self._rest
            self._try_again()
        else:
            await self._stand()
        self._changed()

    def _try_again(self) -> None:
        """Look again after a rest, and rest longer the next time."""
        self._again = asyncio.get_running_loop().call_later(self._rest, self._rested)
        self._rest = min(2 * self._rest, LONGEST_REST)

    def _rested(self) -> None:
        self._retry_at = 0.0
        self.look()

    def _keep_quiet(self) -> None:
        """Have no look of its own to come."""
        if self._again is not None:
            self._again.cancel()
            self._again = None

    async def _stand(self) -> None:
        """Count it as up from now on."""
        if self._lost_at is not None:
            seconds = time.monotonic() - self._lost_at
            told = {"model": self._contract.model, "version": self._version, "seconds": seconds}
            log.info("version is back", extra=told)
            self.mends += 1
        self._lost_at = None
        self.trouble = ""
        self._rest = FIRST_REST
        self.up = True
        self._back.set()
        await self._runners.watch()

    async def _proof(self) -> Golden:
        """Return what it is proven by, read once; raise ModelNotReady where nothing can be."""
        if self._golden is None:
            self._golden = await asyncio.to_thread(
                proof_of, self._contract, self._version, self._folder
            )
        return self._golden

    async def _prove(self) -> None:
        """Ask every runner its golden inputs.

        Raises:
            LimnerError: It did not answer, or not what it answered when it was published.
        """
        contract, version, golden = self._contract, self._version, await self._proof()
        self._triton.unanswered.trust(contract.model, version)
        # asked at once, each goes to a runner that is free: none can hide behind another
        asked = (
            self._triton.run(contract, version, golden.inputs, PROBE_SECONDS)
            for _ in range(contract.runners)
        )
        for answers in await asyncio.gather(*asked):
            difference = await asyncio.to_thread(golden.difference, answers)
            if difference is not None:
                named = f"{contract.model} version {version}"
                raise ModelNotReady(f"{named} fails its golden inputs: {difference}")
        self.proven_at = time.monotonic()

    def _note(self, said: str, why: str) -> None:
        self.trouble = why
        told = {"model": self._contract.model, "version": self._version, "detail": why}
        log.warning(said, extra=told)
