"""`limner rollout`: new versions earn their traffic, and people watch, hasten or stop them."""

from __future__ import annotations

import json
import uuid
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from rich.console import Console
from rich.live import Live

from limner.v1 import rollouts_pb2
from limner_registry.commands.asking import (
    FAILED,
    INTERRUPTED,
    SECONDS,
    caller,
    document,
    say,
    service,
    spoken,
)
from limner_registry.commands.rollout_simulate import simulate
from limner_registry.commands.rollout_view import (
    events_table,
    generations,
    line,
    picture,
    recall,
    rollouts_table,
    state_words,
    summary,
)
from limner_registry.commands.spec_file import SpecFile

if TYPE_CHECKING:
    from collections.abc import Iterable

FROZEN = "All calls go to stable versions, but for pins and headers that rollouts ask for."
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
    given = None if spec is None else ParseDict(spec, Struct())
    request = rollouts_pb2.CreateRolloutRequest(
        model=model,
        version=version,
        spec=given,
        validate_only=check,
        request_id=uuid.uuid4().hex,
        actor=caller(),
    )
    with service(controller) as stub:
        made = stub.CreateRollout(request, timeout=SECONDS).rollout
    words = "All is well; nothing was changed."
    if not check:
        words = f"Rollout {made.id} has begun; watch it: limner rollout watch {made.id}"
    say(made, words, as_json=as_json)


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
        click.echo(json.dumps({"rollouts": [document(one) for one in found]}, indent=2))
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
        happened = [document(event) for event in events]
        click.echo(json.dumps({"rollout": document(found), "events": happened}, indent=2))
    else:
        console = Console()
        console.print(summary(found), "")
        console.print(events_table(events))


@rollout.command()
@click.argument("rollout")
@spoken
def explain(controller: str, rollout: str, *, as_json: bool) -> None:
    """Say why ROLLOUT stands where it does, test by test, and what is still missing."""
    with service(controller) as stub:
        asked = rollouts_pb2.ExplainRolloutRequest(rollout=rollout)
        answer = stub.ExplainRollout(asked, timeout=SECONDS)
        if not answer.evidence:
            wanted = rollouts_pb2.ListEventsRequest(rollout=answer.rollout.id, page_size=1000)
            recall(answer, stub.ListEvents(wanted, timeout=SECONDS).events)
    if as_json:
        click.echo(json.dumps(document(answer), indent=2))
    else:
        Console().print(picture(answer), "", generations(answer))


@rollout.command()
@click.argument("rollout")
@spoken
def watch(controller: str, rollout: str, *, as_json: bool) -> None:
    """Watch ROLLOUT until it ends; ctrl-C only stops watching.

    Ends with 0 where the version became stable, and with 1 where it did not. With --json every
    change is a line.
    """
    with service(controller) as stub:
        asked = rollouts_pb2.GetRolloutRequest(rollout=rollout)
        found = stub.GetRollout(asked, timeout=SECONDS).rollout
        answers = stub.WatchRollout(rollouts_pb2.WatchRolloutRequest(rollout=found.id))
        try:
            found = _follow(answers, found, as_json=as_json)
        except KeyboardInterrupt:
            click.echo(f"Rollout {found.id} goes on unwatched.", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
    if found.state != rollouts_pb2.ROLLOUT_STATE_SUCCEEDED:
        raise click.exceptions.Exit(FAILED)


def _follow(answers: Iterable[Any], found: Any, *, as_json: bool) -> Any:
    """Show every answer as it comes: in place on a terminal, else a line for each step."""
    console, said = Console(), ""
    draws = console.is_terminal and not as_json
    with Live(console=console, auto_refresh=False) if draws else nullcontext() as live:
        for answer in answers:
            found = answer.explained.rollout
            if as_json:
                click.echo(json.dumps(document(answer.explained)))
            elif live is not None:
                live.update(picture(answer.explained), refresh=True)
            elif line(found) != said:
                said = line(found)
                click.echo(f"{datetime.now(UTC):%H:%M:%S} {said}")
    return found


def _verb(
    name: str, verb: rollouts_pb2.RolloutVerb, words: str, *, needs_reason: bool = False
) -> None:
    """Add a command that changes a rollout."""

    @rollout.command(name, help=words)
    @click.argument("rollout")
    @click.option("--reason", required=needs_reason, help="Why; kept in the log.")
    @click.option("--etag", default="", help="Refuse if it has changed since this etag.")
    @spoken
    def change(
        controller: str, rollout: str, reason: str | None, etag: str, *, as_json: bool
    ) -> None:
        request = rollouts_pb2.ChangeRolloutRequest(
            rollout=rollout,
            verb=verb,
            reason=reason or "",
            etag=etag,
            request_id=uuid.uuid4().hex,
            actor=caller(),
        )
        with service(controller) as stub:
            changed = stub.ChangeRollout(request, timeout=SECONDS).rollout
        say(changed, f"Rollout {changed.id} is {state_words(changed)}.", as_json=as_json)


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
        model=model, reason=reason, request_id=uuid.uuid4().hex, actor=caller()
    )
    with service(controller) as stub:
        answer = stub.RollbackModel(request, timeout=SECONDS)
    say(answer, f"Version {answer.stable_version} of {model} is stable again.", as_json=as_json)


@rollout.command()
@click.option("--off", is_flag=True, help="Let rollouts go on.")
@click.option("--reason", default="", help="Why; kept in the log.")
@spoken
def freeze(controller: str, reason: str, *, off: bool, as_json: bool) -> None:
    """Send every call to stable versions, until --off.

    But for those that name a version by a pin, and those whose header a rollout asks for: who
    chose a version goes on trying it. `limner rollout abort` takes it from them, too.
    """
    request = rollouts_pb2.FreezeRolloutsRequest(
        frozen=not off, reason=reason, request_id=uuid.uuid4().hex, actor=caller()
    )
    with service(controller) as stub:
        answer = stub.FreezeRollouts(request, timeout=SECONDS)
    words = "Rollouts go on." if off else FROZEN
    say(answer, words, as_json=as_json)


rollout.add_command(simulate)
