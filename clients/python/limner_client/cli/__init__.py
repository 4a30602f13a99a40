"""The `limner` command; its subcommands are the entry points of group `limner.commands`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from limner_client.cli.group import run  # noqa: PLC0415 - needs the cli extra
    except ModuleNotFoundError as error:
        text = f"limner: the command needs its extra ({error}): pip install 'limner[cli]'\n"
        sys.stderr.write(text)
        sys.exit(2)
    sys.exit(run())
