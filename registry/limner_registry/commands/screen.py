"""How every command speaks: answers on stdout, progress on stderr, errors as exit codes."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.text import Text

from limner_registry.errors import InputRefused, RegistryError, RegistryUnavailable
from limner_registry.importers.errors import DownloadFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

    from limner_registry.store import Registry

EMPTY = "No models yet. `limner models import mediapipe` brings in the first four."


class Failed(click.ClickException):
    """Something is wrong that neither the request nor the registry is to blame for."""

    exit_code = 1


class Refused(click.ClickException):
    """The request is at fault."""

    exit_code = 2


class Unavailable(click.ClickException):
    """The registry does not answer, or the package index gives nothing."""

    exit_code = 3


class RegistryCommand(click.Command):
    """A command whose registry errors become one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InputRefused as error:
            raise Refused(str(error)) from error
        except (RegistryUnavailable, DownloadFailed) as error:
            raise Unavailable(str(error)) from error
        except RegistryError as error:
            raise Failed(str(error)) from error


STATE = click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="LIMNER_STATE",
    show_envvar=True,
    default=lambda: Path.home() / ".local/state/limner",
    help="Limner's folder: registry, placed models, logs; else ~/.local/state/limner.",
)
REGISTRY = click.option(
    "--registry",
    "registry_uri",
    envvar="LIMNER_REGISTRY_URI",
    show_envvar=True,
    metavar="URL",
    help="An MLflow server that keeps the models, instead of the registry in the folder.",
)


@dataclass(frozen=True)
class Screen:
    """Where one command reads its models and says its answer."""

    state: Path
    """Limner's folder."""
    registry_uri: str | None
    """An MLflow server; None for the registry in `state`."""
    as_json: bool

    @property
    def models(self) -> Path:
        """Triton's model folder."""
        return self.state / "models"

    def open(self) -> Registry:
        """Open the registry, telling why the first time takes a while."""
        first = self.registry_uri is None and not (self.state / "registry/mlflow.db").exists()
        with self.progress("setting up the registry" if first else "opening the registry"):
            from limner_registry.store import Registry

            return Registry.open(self.state, self.registry_uri)

    @contextmanager
    def progress(self, sentence: str) -> Iterator[Callable[[str], None]]:
        """Show a spinner on a terminal until done; the function given changes its words."""
        console = Console(stderr=True)
        if not console.is_terminal:
            yield lambda _: None
            return
        with console.status(sentence) as status:
            yield status.update

    def answer(self, document: dict[str, Any], *pictures: RenderableType) -> None:
        """Print the answer: the document for programs, the pictures for people."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2))
            return
        console = Console()
        for picture in pictures:
            console.print(picture)


def plain(*cells: object) -> list[Text]:
    """Return cells of a table that show brackets as brackets, not as rich's markup."""
    return [Text(str(cell)) for cell in cells]


def screened(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options all share; it receives them as its first argument, a Screen."""

    @STATE
    @REGISTRY
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
    def run(state: Path, registry_uri: str | None, *, as_json: bool, **arguments: Any) -> None:
        command(Screen(state.expanduser(), registry_uri or None, as_json), **arguments)

    run.__doc__ = command.__doc__
    run.__click_params__ = [  # type: ignore[attr-defined]
        *getattr(command, "__click_params__", ()),
        *getattr(run, "__click_params__", ()),
    ]
    return run
