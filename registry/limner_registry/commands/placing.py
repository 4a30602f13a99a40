"""`place` and `verify`: from the registry to where the server finds it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from limner_registry import manifest, metadata
from limner_registry.commands.screen import EMPTY, Failed, RegistryCommand, Screen, plain, screened
from limner_registry.errors import RegistryError, RegistryUnavailable
from limner_registry.place import place, place_routed, place_stable
from limner_registry.placed import folder_of, numbers_of, verify_placed
from limner_registry.routes import read_routes

if TYPE_CHECKING:
    from limner_registry.routes import Routes
    from limner_registry.standing import Outdated
    from limner_registry.store import Registry, Version
    from limner_registry.triton_config import Kind

ROLLOUTS = "registry/rollouts.db"
"""Where a controller keeps its rollouts, in the state folder."""
DEVICES: dict[str, Kind] = {"cpu": "KIND_CPU", "gpu": "KIND_GPU"}
DEVICE = click.option(
    "--device",
    type=click.Choice(list(DEVICES)),
    default="cpu",
    show_default=True,
    help="Where the networks run.",
)


PLACE_JSON = """\b
--json: {"placed": [{"model": str, "version": int, "folder": str}],
         "routes": {"generation": int, "models": {str: {"stable": int}}} or null,
         "outdated": [{"model": str, "version": int, "instead": int or null, "said": str}]}
"""


@click.command("place", cls=RegistryCommand, epilog=PLACE_JSON)
@click.argument("model", required=False)
@click.argument("version", type=click.IntRange(1), required=False)
@click.option("--stable", is_flag=True, help="Make VERSION the one that callers get.")
@click.option("--repair", is_flag=True, help="Replace damaged folders; stop the server first.")
@DEVICE
@screened
def place_models(
    screen: Screen,
    model: str | None,
    version: int | None,
    device: str,
    *,
    stable: bool,
    repair: bool,
) -> None:
    """Place versions where the server finds them, each file verified.

    Without MODEL, every stable version is placed and callers are routed to it. With MODEL and
    VERSION, that version is placed beside the others and gets no traffic; --stable gives it
    all. Versions already in place are verified and left alone. Where a controller has taken
    over, it alone decides who is routed where: then what it routes to is placed, no more. One
    has where the folder holds its rollouts, and where LIMNER_STORE_URI or LIMNER_CONTROLLER names
    it elsewhere.
    A stable version of an earlier Limner may keep a contract that this one does not speak: then
    the first that keeps the new one takes its place, and is said to.
    """
    if stable and version is None:
        raise click.UsageError("--stable needs MODEL and VERSION: which one is to serve?")
    is_controlled = _is_controlled(screen.state)
    if stable and is_controlled:
        raise click.UsageError(
            "a controller decides here which version is stable: "
            f"`limner rollout create {model} {version}`"
        )
    registry = screen.open()
    kind = DEVICES[device]
    placed: dict[str, int] = {}
    routes, gone = None, []
    with screen.progress("placing and verifying"):
        if model is not None:
            chosen = registry.version(model, version) if version else registry.stable(model)
            place(registry, model, chosen.number, screen.models, kind=kind, repair=repair)
            placed[model] = chosen.number
            if stable:
                registry.make_stable(chosen)
        if model is None or stable:
            is_routed = is_controlled and read_routes(screen.models).generation > 0
            bring = place_routed if is_routed else place_stable
            standing = bring(registry, screen.models, kind=kind, repair=repair)
            routes, gone = standing.routes, standing.outdated
            placed |= {**routes.stable, **{one.model: one.instead or 0 for one in gone}}
    placed = {name: number for name, number in placed.items() if number}
    _answer_placed(screen, placed, routes, gone)


def _is_controlled(state: Path) -> bool:
    """Return whether a controller says what is stable: by a store here, or by one elsewhere.

    `LIMNER_CONTROLLER=:port` names the one that a server here is yet to start.
    """
    host = os.environ.get("LIMNER_CONTROLLER", "").rpartition(":")[0]
    is_elsewhere = bool(os.environ.get("LIMNER_STORE_URI") or host)
    return is_elsewhere or (state / ROLLOUTS).exists()


VERIFY_JSON = """\b
--json: {"versions": [{"model": str, "version": int, "registry": null or str,
         "is_placed": bool, "placed": null or str}]}
where a str says what is wrong.
"""


@click.command("verify", cls=RegistryCommand, epilog=VERIFY_JSON)
@click.argument("model", required=False)
@click.argument("version", type=click.IntRange(1), required=False)
@DEVICE
@screened
def verify_versions(screen: Screen, model: str | None, version: int | None, device: str) -> None:
    """Hash every file of a version again, in the registry and where it is placed.

    Without MODEL, all versions of all models; without VERSION, all of MODEL's. Exits with 1 when
    any file is not what was published.
    """
    registry = screen.open()
    with screen.progress("hashing"):
        names = [model] if model else list(registry.models())
        versions = [found for name in names for found in registry.versions(name)]
        if model and version:
            versions = [registry.version(model, version)]
        rows = [_verified(screen, registry, found, DEVICES[device]) for found in versions]
    screen.answer({"versions": rows}, _findings(rows))
    if any(row["registry"] or row["placed"] for row in rows):
        raise click.exceptions.Exit(Failed.exit_code)


def _verified(screen: Screen, registry: Registry, version: Version, kind: Kind) -> dict[str, Any]:
    placed = version.number in numbers_of(screen.models, version.model)
    folder = folder_of(screen.models, version.model, version.number)
    row: dict[str, Any] = {"model": version.model, "version": version.number}
    row |= {"registry": None, "is_placed": placed, "placed": None}
    try:
        metadata.gate(version.tags)
        with tempfile.TemporaryDirectory(prefix="limner-") as scratch:
            files = registry.fetch(version, Path(scratch))
            manifest.verify(files, version.manifest_sha256)
    except RegistryUnavailable:
        raise
    except RegistryError as error:
        row["registry"] = str(error)
    try:
        if placed:
            verify_placed(folder, version, kind)
    except RegistryError as error:
        row["placed"] = str(error)
    return row


def _findings(rows: list[dict[str, Any]]) -> Table:
    table = Table("model", "version", "in the registry", "placed")
    for row in rows:
        placed = row["placed"] or ("ok" if row["is_placed"] else "-")
        table.add_row(*plain(row["model"], row["version"], row["registry"] or "ok", placed))
    return table


def _answer_placed(
    screen: Screen, placed: dict[str, int], routes: Routes | None, gone: list[Outdated]
) -> None:
    table = Table("model", "version", "callers get")
    rows = []
    for model, number in placed.items():
        served = str(routes.stable.get(model, "-")) if routes else "as before"
        table.add_row(*plain(model, number, served))
        folder = folder_of(screen.models, model, number)
        rows.append({"model": model, "version": number, "folder": str(folder)})
    document = {
        "placed": rows,
        "routes": routes.to_json() if routes else None,
        "outdated": [{**asdict(one), "said": str(one)} for one in gone],
    }
    screen.answer(document, table if rows else EMPTY, *map(str, gone))
