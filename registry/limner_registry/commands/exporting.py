"""`export`: a network taken from a running server, to be run elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import click

EXPORT_HELP = """\b
Files in FOLDER:
  model.onnx      the network, normalization inside; its sha256 has been compared
  manifest.json   model, version, license, origin; each tensor's name, type, shape and meaning;
                  where faces lie in the crop that it sees

\b
--json: {"model": str, "version": int, "contract": str, "license": str, "sha256": str,
         "bytes": int, "files": [str]}

examples/animalize_offline.py runs an animalizer with no more than these two files.
"""


@click.command("export", epilog=EXPORT_HELP)
@click.argument("model")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where the files go; made if need be.",
)
@click.option("--version", type=click.IntRange(1), help="Its number; else the one callers get.")
@click.option(
    "--address",
    envvar="LIMNER_ADDRESS",
    show_envvar=True,
    default="localhost:50051",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the server is.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
@click.pass_context
def export_model(
    ctx: click.Context,
    model: str,
    folder: Path,
    version: int | None,
    address: str,
    *,
    as_json: bool,
) -> None:
    """Take MODEL's network from a running server, to run it without one."""
    from limner.errors import LimnerError
    from limner_client import LimnerClient
    from limner_client.cli import report

    try:
        with LimnerClient(address) as client:
            exported = client.export_model(model, version=version)
    except LimnerError as error:
        click.echo("\n".join(report.error_lines(model, error, address)), err=True)
        ctx.exit(report.exit_code(error))
    try:
        exported.save(folder)
    except OSError as error:
        raise click.ClickException(f"cannot write to {folder}: {error.strerror}") from error
    files = [str(folder / name) for name in ("model.onnx", "manifest.json")]
    if as_json:
        document = {
            "model": exported.model,
            "version": exported.version,
            "contract": exported.contract,
            "license": exported.license,
            "sha256": exported.sha256,
            "bytes": len(exported.network),
            "files": files,
        }
        click.echo(json.dumps(document))
        return
    size = f"{len(exported.network) / 1e6:.1f} MB, {exported.license}"
    click.echo(f"{exported.model} version {exported.version} ({size}): {', '.join(files)}")
