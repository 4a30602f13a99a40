"""`limner controller`: the process that judges rollouts and tells servers what to serve."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import click

from limner_registry.commands.screen import REGISTRY, STATE, RegistryCommand, Unavailable

if TYPE_CHECKING:
    from pathlib import Path


@click.command(cls=RegistryCommand)
@STATE
@REGISTRY
@click.option(
    "--store",
    "store_uri",
    envvar="LIMNER_STORE_URI",
    show_envvar=True,
    metavar="URL",
    help="A PostgreSQL that keeps the rollouts, instead of a file in the folder.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=50053, show_default=True)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    default=50054,
    show_default=True,
    help="Of the Prometheus page, on the same host; 0 takes a free one.",
)
@click.option(
    "--moved-aliases",
    type=click.Choice(["revert", "adopt", "report"]),
    envvar="LIMNER_MOVED_ALIASES",
    show_envvar=True,
    default="revert",
    show_default=True,
    help="An alias that somebody moves in MLflow: put it back, roll its version out, or only say.",
)
@click.option("--json-logs", is_flag=True, help="One JSON object a line instead of text.")
def controller(
    state: Path,
    registry_uri: str | None,
    store_uri: str | None,
    host: str,
    port: int,
    metrics_port: int,
    moved_aliases: str,
    *,
    json_logs: bool,
) -> None:
    """Judge rollouts, and tell servers which versions to serve.

    `limner up` runs one already. Servers on other machines find theirs by LIMNER_CONTROLLER;
    several controllers over one --store and one --registry may run side by side.
    """
    # --help need not wait for MLflow
    from limner_registry.control.projector import Policy
    from limner_registry.control.serve import Place, serve
    from limner_registry.logs import start_logging
    from limner_registry.rollout.store import Store
    from limner_registry.store import Registry

    async def run() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await serve(place, kept, registered, ended)

    start_logging(as_json=json_logs)
    state = state.expanduser().resolve()
    place = Place(state, host, port, metrics_port, moved_aliases=Policy(moved_aliases))
    registered = Registry.open(state, registry_uri, asked=False)
    kept = Store.open(state, store_uri)
    try:
        asyncio.run(run())
    except OSError as error:
        raise Unavailable(str(error)) from error
    finally:
        kept.close()
