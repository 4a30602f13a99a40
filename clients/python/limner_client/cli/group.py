"""The group of all subcommands: listed by name at once, imported only when called."""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint, entry_points

import click

GROUP = "limner.commands"

SHORT_HELP = {
    "animalize": "Turn people's heads into a cat's, a dog's, a fox's or a bear's.",
    "composite": "Lay a converted face into its original photo.",
    "controller": "Run what judges rollouts alone; `limner up` runs one already.",
    "doctor": "Say what is missing or wrong on this machine, and how to mend it.",
    "down": "Stop the server that `limner up` started.",
    "dye": "Dye the hair in photos: a color, a shade, or like another photo's.",
    "evaluate": "Score a model's weights on drawn portraits and on photos.",
    "matte": "Cut the person, or the hair, out of photos, hair by hair.",
    "models": "List, import, publish and export the models' versions.",
    "references": "Store photos whose hair people can be given.",
    "rollout": "Give a new model version its traffic step by step, or take it away.",
    "segment": "Find the person, the hair and the faces in photos.",
    "status": "Say what is running and which model versions answer.",
    "studio": "Draw synthetic portraits to look at or to train on.",
    "stylize": "Draw photos as illustrations: flat colors, lines of ink.",
    "train": "Train a model by its recipe, or go on training it.",
    "transfer-hair": "Give people the hair of others: its shape, its color, or both.",
    "up": "Start a server with its models on this machine.",
}
"""What `limner --help` says of our own commands, so that it imports none of them."""

EXTRAS = {
    "limner_client": "cli",
    "limner_models": "train",
    "limner_registry": "registry",
    "limner_server": "server",
}
"""The extra that brings what a package needs."""

INTERRUPTED = 130


class Commands(click.Group):
    """A group whose commands are entry points, each of whichever package is installed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({entry.name for entry in entry_points(group=GROUP)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for entry in entry_points(group=GROUP, name=cmd_name):
            return _load(entry)
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List every command with one line, importing only those that are not ours."""
        names = self.list_commands(ctx)
        rows = [(name, SHORT_HELP.get(name) or self._ask(ctx, name)) for name in names]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _ask(self, ctx: click.Context, name: str) -> str:
        try:
            command = self.get_command(ctx, name)
        except click.UsageError as error:
            return error.message
        return command.get_short_help_str() if command else ""


def _load(entry: EntryPoint) -> click.Command:
    """Import a command; say which extra it needs where one is missing."""
    try:
        command = entry.load()
    except ModuleNotFoundError as error:
        package = entry.module.partition(".")[0]
        extra = EXTRAS.get(package)
        remedy = f"pip install 'limner[{extra}]'" if extra else f"install what {package} needs"
        raise click.UsageError(
            f"`limner {entry.name}` needs more than is installed ({error}): {remedy}"
        ) from error
    if not isinstance(command, click.Command):
        raise click.UsageError(f"{entry.value} is no command")
    return command


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `limner up`, then: limner dye me.jpg --shade auburn -o auburn.jpg",
)
@click.version_option(package_name="limner", message="limner %(version)s")
def limner() -> None:
    """Edit portrait photos, and run the server that does it."""


def run() -> int:
    """Run the command line and return its exit code; an interrupt is quiet."""
    try:
        code = limner.main(prog_name="limner", standalone_mode=False)
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:  # whoever read has left, and what is not written yet would fail too
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code if type(code) is int else 0
