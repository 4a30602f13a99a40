"""Runs the server: `python -m limner_server`, told by LIMNER_* what to do."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

import uvloop

from limner_registry.ending import end
from limner_registry.logs import start_logging
from limner_server.app import running
from limner_server.listening import CannotListen
from limner_server.settings import SettingsUnreadable, read_settings
from limner_server.stack.record import StateTaken, claimed, recorded
from limner_server.triton.installation import TritonMissing

if TYPE_CHECKING:
    from limner_server.settings import Settings

log = logging.getLogger("limner_server")

BAD_USAGE, UNAVAILABLE = 2, 3


def main() -> int:
    """Serve until SIGTERM or SIGINT, and end the process; return the exit code of a failure."""
    try:
        settings = read_settings(os.environ)
    except SettingsUnreadable as error:
        print(error, file=sys.stderr)  # noqa: T201 - nothing else is up yet
        return BAD_USAGE
    start_logging(as_json=settings.json_logs)
    try:
        with claimed(settings.state), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings))
            end(0)  # threads may be at what nobody waits for any more
    except (StateTaken, CannotListen, TritonMissing) as error:
        log.error(str(error))  # noqa: TRY400 - the sentence says all
        return UNAVAILABLE


async def _serve(settings: Settings) -> None:
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    async with running(settings) as app:
        with recorded(app):
            await asked_to_stop.wait()
            await app.drain()


if __name__ == "__main__":
    sys.exit(main())
