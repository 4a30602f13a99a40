"""How commands about rollouts reach a controller, and how they end."""

from __future__ import annotations

import getpass
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import grpc
from google.protobuf.json_format import MessageToDict

from limner.errors import from_rpc_error
from limner.v1 import reasons, rollouts_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTROLLER = "localhost:50053"
REFUSED, UNAVAILABLE, LATE, FAILED, INTERRUPTED = 2, 3, 4, 1, 130
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


def spoken(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the controller's address and --json."""
    address = click.option(
        "--controller",
        envvar="LIMNER_CONTROLLER",
        show_envvar=True,
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


def caller() -> str:
    """Return whom the log is to name: the user, or its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def say(message: Any, words: str, *, as_json: bool) -> None:
    click.echo(json.dumps(document(message), indent=2) if as_json else words)


def document(message: Any) -> dict[str, Any]:
    fields: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return fields


def _end(error: grpc.RpcError, controller: str) -> None:
    """End the command with what a failure says."""
    failure = from_rpc_error(error)
    code = EXIT_CODES.get(failure.code, FAILED)
    words = str(failure)
    if code == UNAVAILABLE and not isinstance(failure, reasons.RegistryUnavailable):
        words = f"no controller answers at {controller}; start Limner with `limner up`"
    if code == REFUSED and words.count("; ") > 1:
        words = words.replace(": ", ":\n  ", 1).replace("; ", "\n  ")
    click.echo(f"Error: {words}", err=True)
    raise click.exceptions.Exit(code)
