"""The commands that run the whole of Limner on this machine."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from limner_registry.routes import read_routes
from limner_server.settings import default_state
from limner_server.stack import doctor as examination
from limner_server.stack import launch
from limner_server.stack.record import Record, read_record

if TYPE_CHECKING:
    import subprocess
    from types import FrameType

DEFAULT_PORT = 50051
UNAVAILABLE = 3
SERVICES = (
    "limner.v1.SegmentService",
    "limner.v1.MatteService",
    "limner.v1.DyeService",
    "limner.v1.StylizeService",
    "limner.v1.CompositeService",
    "limner.v1.AnimalizeService",
    "limner.v1.TransferHairService",
    "limner.v1.ModelService",
)

people = Console(stderr=True)
"""Where progress and trouble are told; answers go to standard output."""

state_option = click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="LIMNER_STATE",
    show_envvar=True,
    default=default_state,
    show_default="~/.local/state/limner",
    help="Folder of the registry, the models and the logs.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")


@click.command()
@click.option("--detach", is_flag=True, help="Come back once it serves; `limner down` ends it.")
@click.option(
    "--port",
    type=click.IntRange(0, 65532),
    envvar="LIMNER_PORT",
    show_envvar=True,
    help="Listen here; metrics, controller and its metrics on the three above. [50051]",
)
@click.option("--reflection", is_flag=True, help="Describe the services to whoever asks.")
@state_option
@json_option
def up(detach: bool, port: int | None, reflection: bool, state: Path, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Start Limner here: Triton, the models, the server, and the controller of rollouts.

    The first time it imports the first networks: MediaPipe's, for which it needs the
    package index, and our own starters. When it is up already, it says so and leaves
    everything as it is.
    """
    state = state.expanduser().resolve()
    running = read_record(state)
    if running:
        _already_up(running, port, as_json=as_json)
        return
    plan = launch.Plan(state, DEFAULT_PORT if port is None else port, reflection)
    state.mkdir(parents=True, exist_ok=True)
    try:
        _place(state)
        process = launch.start(plan, detached=detach)
        if detach:
            with people.status("starting Triton and the server"):
                record = launch.wait_serving(process, plan)
            _say_up(record, state, as_json=as_json)
            _say_missing(record)
    except launch.NotUp as error:
        people.print(f"[red]{error}[/]", highlight=False)
        sys.exit(UNAVAILABLE)
    if not detach:
        sys.exit(_stand_by(process))


@click.command()
@state_option
@json_option
def down(state: Path, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """End Limner here; calls in flight may finish."""
    record = read_record(state.expanduser().resolve())
    if record:
        with people.status("stopping"):
            launch.stop(record, people.print)
    answer = {"stopped": record is not None, "pid": record.pid if record else None}
    _answer(answer, "Limner is down." if record else "Limner was not up.", as_json=as_json)


@click.command()
@state_option
@json_option
def status(state: Path, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Say what runs here and what it serves."""
    state = state.expanduser().resolve()
    record = read_record(state)
    seen = _seen(record, state) if record else {"up": False, "state": str(state)}
    if as_json:
        click.echo(json.dumps(seen, indent=2))
    elif record is None:
        click.echo(f"Limner is not up over {state}. Start it with `limner up`.")
    else:
        _print_status(seen)
    if not (record and seen["serving"]):
        sys.exit(UNAVAILABLE)


@click.command()
@click.option("--port", type=click.IntRange(1, 65532), default=DEFAULT_PORT, show_default=True)
@state_option
@json_option
def doctor(port: int, state: Path, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Look at everything Limner stands on, and say what to do about what is missing."""
    findings = examination.examine(state.expanduser().resolve(), port)
    fine = all(finding.fine for finding in findings)
    if as_json:
        answer = {"fine": fine, "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(answer, indent=2))
    else:
        for finding in findings:
            mark = click.style("✓", "green") if finding.fine else click.style("✗", "red")
            advice = "" if finding.fine else f"\n    {finding.advice}"
            click.echo(f"{mark} {finding.name}: {finding.seen}{advice}")
    if not fine:
        sys.exit(1)


def _place(state: Path) -> None:
    """Place the stable versions, the first networks imported if any is missing.

    So are those of models whose stable version keeps a contract that this Limner has left. A
    registry that is away is no reason not to serve what was placed before.
    """
    missing = launch.sources_missing(state)
    for source in missing:
        launch.import_models(source, state)
    try:
        gone = _placed(state)
        if _renewed(gone, missing, state):
            gone = _placed(state)
    except launch.NotUp as error:
        if missing:
            raise
        _warn(f"{error}; the versions placed last serve on.")
        return
    for one in gone:
        _warn(one.said)


def _placed(state: Path) -> list[launch.Outdated]:
    """Place the stable versions; return those whose contract this Limner does not speak."""
    with people.status("placing the stable versions"):
        return launch.place_models(state)


def _renewed(gone: list[launch.Outdated], imported: list[str], state: Path) -> bool:
    """Import first versions anew for models that have none by now that could serve.

    All others serve on where that fails.

    Returns:
        Whether anything was imported.
    """
    lacking = [one.model for one in gone if one.instead is None]
    is_new = False
    for source in launch.sources_of(lacking):
        if source in imported:
            continue
        try:
            launch.import_models(source, state)
            is_new = True
        except launch.NotUp as error:
            _warn(f"{error}; what does not need it serves on.")
    return is_new


def _warn(sentence: str) -> None:
    people.print(f"[yellow]{escape(sentence)}[/]", highlight=False)


def _already_up(record: Record, port: int | None, *, as_json: bool) -> None:
    if port and not record.address.endswith(f":{port}"):
        people.print(f"Limner is up at {record.address} already; `limner down` ends it first.")
        sys.exit(2)
    _answer(asdict(record), f"Limner is up at {record.address} already.", as_json=as_json)


def _say_up(record: Record, state: Path, *, as_json: bool) -> None:
    text = f"Limner is up at {record.address}. Metrics: {record.metrics}. Log: {state}/server.log"
    _answer(asdict(record), text, as_json=as_json)


def _say_missing(record: Record) -> None:
    """Say which services do not serve, and end with that; nothing where all do."""
    services = [service for service in SERVICES if not launch.serves(record.address, service)]
    if services:
        _warn(f"Not serving: {', '.join(services)}. The log says what is wrong with their models.")
        sys.exit(UNAVAILABLE)


def _stand_by(process: subprocess.Popen[bytes]) -> int:
    """Wait for the server in the foreground, handing on what ends it."""

    def hand_on(number: int, _frame: FrameType | None) -> None:
        if process.poll() is None:
            process.send_signal(number)

    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the server too
    return process.wait()


def _seen(record: Record, state: Path) -> dict[str, Any]:
    routes = read_routes(state / "models")
    services = {service: launch.serves(record.address, service) for service in SERVICES}
    return {
        "up": True,
        "serving": all(services.values()),
        "state": str(state),
        **asdict(record),
        "triton_pid": record.child("tritonserver"),
        "services": services,
        "controller_serving": launch.serves(record.controller),
        "generation": routes.generation,
        "models": dict(routes.stable),
    }


def _print_status(seen: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    table.add_row("address", seen["address"])
    table.add_row("metrics", seen["metrics"])
    table.add_row("server", f"pid {seen['pid']}")
    table.add_row("triton", f"pid {seen['triton_pid']}")
    parts = {"controller": seen["controller_serving"], **seen["services"]}
    for part, serving in parts.items():
        table.add_row(part, "[green]serving[/]" if serving else "[red]not serving[/]")
    for model, version in seen["models"].items():
        table.add_row(model, f"version {version}")
    Console().print(table)


def _answer(answer: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        click.echo(text)
