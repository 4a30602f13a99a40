"""Waits until versions have come up, or have not, instead of for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from limner_server.triton.keeper import Keeper
    from limner_server.triton.servables import Servables


async def settle(servables: Servables) -> None:
    """Have versions looked at, and return once nothing is under way."""
    await servables.look()
    await asyncio.gather(*(rested(keeper) for keeper in servables._keepers.values()))
    await servables._tell_routed(servables.routes)


async def rested(keeper: Keeper) -> None:
    """Return once a keeper has nothing under way."""
    while keeper._work is not None and not keeper._work.done():
        await asyncio.wait({keeper._work})
