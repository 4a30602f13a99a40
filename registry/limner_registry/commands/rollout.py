"""`limner rollout`: new versions earn their traffic, and people watch, hasten or stop them."""

from __future__ import annotations

import getpass
import json
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from rich.console import Console
from rich.live import Live

from limner.errors import from_rpc_error
from limner.v1 import rollouts_pb2, rollouts_pb2_grpc
from limner_registry.commands.rollout_simulate import simulate
from limner_registry.commands.rollout_view import events_table, picture, rollouts_table
from limner_registry.commands.spec_file import SpecFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTROLLER = "localhost:50053"
REFUSED, UNAVAILABLE, LATE, FAILED = 2, 3, 4, 1
EXIT_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT: REFUSED,
    grpc.StatusCode.NOT_FOUND: REFUSED,
    grpc.StatusCode.FAILED_PRECONDITION: REFUSED,
    grpc.StatusCode.ABORTED: REFUSED,
    grpc.StatusCode.UNAVAILABLE: UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: LATE,
}
SECONDS = 30.0
"""A controller that takes longer is taken to be away."""

EPILOG = (
    "Exit codes: 0 done, 2 the request is at fault, 3 the controller does not answer, 4 it took "
    "too long, 1 anything else."
)


@click.group(epilog=EPILOG)
def rollout() -> None:
    """Roll a new version out: shown calls first, then a share of them, then all.

    Every step is judged by what becomes of calls; a version that is worse than the stable one is
    taken out by itself. ROLLOUT is an id, or a model's name for its latest rollout.
    """


def spoken(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the controller's address and --json."""
    address = click.option(
        "--controller",
        envvar="LIMNER_CONTROLLER",
        default=CONTROLLER,
        show_default=True,
        help="Where the controller listens.",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
    return address(as_json(command))


@contextmanager
def service(controller: str) -> Iterator[rollouts_pb2_grpc.RolloutServiceStub]:
    """Give the controller's service; its failures end the command in words and an exit code."""
    with grpc.insecure_channel(controller) as channel:
        try:
            yield rollouts_pb2_grpc.RolloutServiceStub(channel)
        except grpc.RpcError as error:
            _end(error, controller)


@rollout.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@click.option(
    "--spec",
    type=SpecFile(),
    help="Steps and judging, as TOML or JSON; else shadow, then 1, 5, 25, 50, 100 %.",
)
@click.option("--check", is_flag=True, help="Check everything, change nothing.")
@spoken
def create(
    controller: str,
    model: str,
    version: int,
    spec: dict[str, Any] | None,
    *,
    check: bool,
    as_json: bool,
) -> None:
    """Begin to roll VERSION of MODEL out; a rollout of the model that runs makes way."""
    document = None if spec is None else ParseDict(spec, Struct())
    request = rollouts_pb2.CreateRolloutRequest(
        model=model,
        version=version,
        spec=document,
        validate_only=check,
        request_id=uuid.uuid4().hex,
        actor=getpass.getuser(),
    )
    with service(controller) as stub:
        made = stub.CreateRollout(request, timeout=SECONDS).rollout
    words = "All is well; nothing was changed." if check else f"Rollout {made.id} has begun."
    _say(made, words, as_json=as_json)


@rollout.command("list")
@click.option("--model", default="", help="Only of this model.")
@click.option("--active", is_flag=True, help="Only those that have not ended.")
@spoken
def list_rollouts(controller: str, model: str, *, active: bool, as_json: bool) -> None:
    """List rollouts, newest first."""
    request = rollouts_pb2.ListRolloutsRequest(model=model, active=active)
    with service(controller) as stub:
        found = stub.ListRollouts(request, timeout=SECONDS).rollouts
    if as_json:
        click.echo(json.dumps({"rollouts": [_document(one) for one in found]}, indent=2))
    else:
        Console().print(rollouts_table(found))


@rollout.command()
@click.argument("rollout")
@spoken
def show(controller: str, rollout: str, *, as_json: bool) -> None:
    """Show how ROLLOUT stands, and what happened to it."""
    with service(controller) as stub:
        asked = rollouts_pb2.GetRolloutRequest(rollout=rollout)
        found = stub.GetRollout(asked, timeout=SECONDS).rollout
        wanted = rollouts_pb2.ListEventsRequest(rollout=found.id, page_size=1000)
        events = stub.ListEvents(wanted, timeout=SECONDS).events
    if as_json:
        happened = [_document(event) for event in events]
        click.echo(json.dumps({"rollout": _document(found), "events": happened}, indent=2))
    else:
        console = Console()
        console.print(rollouts_table([found]))
        console.print(events_table(events))


@rollout.command()
@click.argument("rollout")
@spoken
def explain(controller: str, rollout: str, *, as_json: bool) -> None:
    """Say why ROLLOUT stands where it does, test by test, and what is still missing."""
    with service(controller) as stub:
        asked = rollouts_pb2.ExplainRolloutRequest(rollout=rollout)
        answer = stub.ExplainRollout(asked, timeout=SECONDS)
    if as_json:
        click.echo(json.dumps(_document(answer), indent=2))
    else:
        Console().print(picture(answer))


@rollout.command()
@click.argument("rollout")
@spoken
def watch(controller: str, rollout: str, *, as_json: bool) -> None:
    """Watch ROLLOUT until it ends; ctrl-C only stops watching."""
    asked = rollouts_pb2.WatchRolloutRequest(rollout=rollout)
    with service(controller) as stub:
        answers = stub.WatchRollout(asked)
        if as_json:
            for answer in answers:
                click.echo(json.dumps(_document(answer.explained)))
            return
        with Live(console=Console(), auto_refresh=False) as live:
            for answer in answers:
                live.update(picture(answer.explained), refresh=True)


def _verb(
    name: str, verb: rollouts_pb2.RolloutVerb, words: str, *, needs_reason: bool = False
) -> None:
    """Add a command that changes a rollout."""

    @rollout.command(name, help=words)
    @click.argument("rollout")
    @click.option("--reason", default="", required=needs_reason, help="Why; kept in the log.")
    @click.option("--etag", default="", help="Refuse if it has changed since this etag.")
    @spoken
    def change(controller: str, rollout: str, reason: str, etag: str, *, as_json: bool) -> None:
        request = rollouts_pb2.ChangeRolloutRequest(
            rollout=rollout,
            verb=verb,
            reason=reason,
            etag=etag,
            request_id=uuid.uuid4().hex,
            actor=getpass.getuser(),
        )
        with service(controller) as stub:
            changed = stub.ChangeRollout(request, timeout=SECONDS).rollout
        state = rollouts_pb2.RolloutState.Name(changed.state).removeprefix("ROLLOUT_STATE_")
        _say(changed, f"Rollout {changed.id} is {state.lower()}.", as_json=as_json)


_verb("pause", rollouts_pb2.ROLLOUT_VERB_PAUSE, "Stop ROLLOUT's clocks; its share stays.")
_verb("resume", rollouts_pb2.ROLLOUT_VERB_RESUME, "Let a paused ROLLOUT go on.")
_verb("advance", rollouts_pb2.ROLLOUT_VERB_ADVANCE, "Send ROLLOUT to its next step, unjudged.")
_verb("approve", rollouts_pb2.ROLLOUT_VERB_APPROVE, "Let ROLLOUT past the step that asks for it.")
_verb(
    "promote",
    rollouts_pb2.ROLLOUT_VERB_PROMOTE,
    "Make ROLLOUT's version stable without the steps that are left.",
    needs_reason=True,
)
_verb("abort", rollouts_pb2.ROLLOUT_VERB_ABORT, "Send ROLLOUT's version no more calls.")
_verb("retry", rollouts_pb2.ROLLOUT_VERB_RETRY, "Begin an aborted ROLLOUT anew.")


@rollout.command()
@click.argument("model")
@click.option("--reason", default="", help="Why; kept in the log.")
@spoken
def rollback(controller: str, model: str, reason: str, *, as_json: bool) -> None:
    """Make MODEL's previous version stable again, at once."""
    request = rollouts_pb2.RollbackModelRequest(
        model=model, reason=reason, request_id=uuid.uuid4().hex, actor=getpass.getuser()
    )
    with service(controller) as stub:
        answer = stub.RollbackModel(request, timeout=SECONDS)
    _say(answer, f"Version {answer.stable_version} of {model} is stable again.", as_json=as_json)


@rollout.command()
@click.option("--off", is_flag=True, help="Let rollouts go on.")
@click.option("--reason", default="", help="Why; kept in the log.")
@spoken
def freeze(controller: str, reason: str, *, off: bool, as_json: bool) -> None:
    """Send every call to stable versions, until --off."""
    request = rollouts_pb2.FreezeRolloutsRequest(
        frozen=not off, reason=reason, request_id=uuid.uuid4().hex, actor=getpass.getuser()
    )
    with service(controller) as stub:
        answer = stub.FreezeRollouts(request, timeout=SECONDS)
    words = "Rollouts go on." if off else "All calls go to stable versions."
    _say(answer, words, as_json=as_json)


rollout.add_command(simulate)


def _say(message: Any, words: str, *, as_json: bool) -> None:
    click.echo(json.dumps(_document(message), indent=2) if as_json else words)


def _document(message: Any) -> dict[str, Any]:
    document: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return document


def _end(error: grpc.RpcError, controller: str) -> None:
    """End the command with what a failure says."""
    failure = from_rpc_error(error)
    code = EXIT_CODES.get(failure.code, FAILED)
    words = str(failure)
    if code == UNAVAILABLE:
        words = f"no controller answers at {controller}; start Limner with `limner up`"
    click.echo(f"Error: {words}", err=True)
    raise click.exceptions.Exit(code)
