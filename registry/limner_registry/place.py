"""Placing: a version's files become a folder Triton can load, whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import uuid
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from limner_registry import manifest, metadata
from limner_registry.contracts import MODELS
from limner_registry.errors import ContractBroken, DiskFull, RegistryUnavailable, VersionDamaged
from limner_registry.placed import folder_of, made_files, verify_placed
from limner_registry.routes import Routes, read_routes, routes_lock, write_routes
from limner_registry.standing import outdated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from limner_registry.standing import Outdated
    from limner_registry.store import Registry
    from limner_registry.triton_config import Kind

STAGING = ".staging"
FULL = tuple(map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)))
"""How a disk without room is told; MLflow keeps no more of it than these words."""


def place(
    registry: Registry,
    model: str,
    number: int,
    models: Path,
    *,
    kind: Kind = "KIND_CPU",
    repair: bool = False,
) -> Path:
    """Return the folder of a version in Triton's model folder, placing it if it is not there.

    Every file is proven to be the published one before the folder appears, by one rename; after
    that it is never written to. A version already placed is proven again and left alone.

    Args:
        registry: Where the version is.
        model: Its model's name.
        number: Its number.
        models: Triton's model folder; made when absent.
        kind: Where the version's instance runs.
        repair: Replace a damaged folder; only while no Triton serves from it.

    Raises:
        VersionDamaged: A file, in the registry or in the placed folder, is not the published one.
        ContractBroken: The version keeps another revision of its contract than this code.
        MetadataIncomplete: The version was registered without what it must carry.
        DiskFull: There is no room for it.
    """
    version = registry.version(model, number)
    metadata.gate(version.tags)
    made = made_files(version, kind)
    final = folder_of(models, model, number)
    if os.path.lexists(final):
        try:
            verify_placed(final, version, kind)
        except VersionDamaged:
            if not repair:
                raise
        else:
            return final

    with _told_if_full(models), staging(models) as staged:
        fetched = registry.fetch(version, staged)
        manifest.verify(fetched, version.manifest_sha256)
        (staged / "placed").mkdir()
        fetched.rename(staged / "placed" / str(number))
        for name, content in made.items():
            path = staged / "placed" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        verify_placed(staged / "placed", version, kind)
        _sync(staged / "placed")
        if os.path.lexists(final) and repair:
            final.rename(staged / "damaged")
        _show(staged / "placed", final)
    verify_placed(final, version, kind)
    return final


@dataclass(frozen=True)
class Standing:
    """What is in place for callers."""

    routes: Routes
    outdated: list[Outdated]
    """Versions that were to serve and cannot, with what takes their place."""


def place_stable(
    registry: Registry, models: Path, *, kind: Kind = "KIND_CPU", repair: bool = False
) -> Standing:
    """Place every model's stable version, then route to exactly those.

    Where that keeps a contract this code has left, the first version that keeps the new one
    becomes stable in its place; a model that has none is not routed to. The routes file is written
    only when a route changed, after every version is in place.

    Raises:
        RegistryError: What `place` raises; the routes are then as they were.
    """
    models.mkdir(parents=True, exist_ok=True)
    with routes_lock(models):
        stable = {model: n for model, n in registry.models().items() if n is not None}
        left = outdated(registry, stable)
        for gone in left:
            del stable[gone.model]
            if gone.instead is not None:
                registry.make_stable(registry.version(gone.model, gone.instead))
                stable[gone.model] = gone.instead
        for model, number in stable.items():
            place(registry, model, number, models, kind=kind, repair=repair)
        routes = read_routes(models)
        if routes.stable != stable:
            routes = Routes(routes.generation + 1, stable)
            write_routes(models, routes)
    return Standing(routes, left)


def place_routed(
    registry: Registry, models: Path, *, kind: Kind = "KIND_CPU", repair: bool = False
) -> Standing:
    """Place every version that the routes name, and leave the routes as they are.

    One that keeps a contract this code has left stays as it lies; what will take its place is
    placed, for the controller to route to.

    Raises:
        RegistryError: What `place` raises.
    """
    routes = read_routes(models)
    versions = {(model, number) for model, number in routes.versions() if model in MODELS}
    for model, number in sorted(versions):
        with suppress(ContractBroken):
            place(registry, model, number, models, kind=kind, repair=repair)
    left = outdated(registry, routes.stable)
    for gone in left:
        if gone.instead is not None:
            place(registry, gone.model, gone.instead, models, kind=kind, repair=repair)
    return Standing(routes, left)


def unplace(models: Path, model: str, number: int) -> None:
    """Take a version out of Triton's model folder, whole at once; only where nobody loads it."""
    with staging(models) as staged, suppress(FileNotFoundError):  # another may be first
        folder_of(models, model, number).rename(staged / "placed")


@contextmanager
def _told_if_full(folder: Path) -> Iterator[None]:
    """Raise DiskFull for whatever failed because a folder's disk is full."""
    try:
        yield
    except (OSError, RegistryUnavailable) as error:
        words = next((said for said in FULL if said in _history(error)), None)
        if words is None:
            raise
        said = f"there is no room in {folder}: {words}; nothing was changed"
        raise DiskFull(said) from error


def _history(error: BaseException | None) -> str:
    """Return all that an error and those it came from say."""
    return "" if error is None else f"{error}\n{_history(error.__cause__)}"


@contextmanager
def staging(models: Path) -> Iterator[Path]:
    """Give a folder beside the placed ones, gone afterwards; sweep those of dead processes.

    A folder is locked for as long as its process lives, whatever any clock says.
    """
    parent = models / STAGING
    parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as kept:
        with _locked(parent):  # nobody sweeps a folder that is about to be locked
            for left in parent.iterdir():
                with suppress(BlockingIOError, FileNotFoundError), _locked(left, fcntl.LOCK_NB):
                    shutil.rmtree(left, ignore_errors=True)
            staged = parent / uuid.uuid4().hex
            staged.mkdir()
            kept.enter_context(_locked(staged))
        kept.callback(shutil.rmtree, staged, ignore_errors=True)
        yield staged


@contextmanager
def _locked(folder: Path, how: int = 0) -> Iterator[None]:
    """Hold a folder's lock; with LOCK_NB raise BlockingIOError where another process does."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(descriptor)


def _show(staged: Path, final: Path) -> None:
    """Rename a finished folder into place, unless another process was first."""
    try:
        staged.rename(final)
    except OSError:
        if not final.is_dir():
            raise
    _sync_one(final.parent)


def _sync(folder: Path) -> None:
    """Force a folder and all in it to the disk, contents before the names that lead to them."""
    for path in sorted(folder.rglob("*"), reverse=True):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
