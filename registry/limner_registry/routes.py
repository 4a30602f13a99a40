"""Routing tables: which version of each model answers which call.

A table is a value: decided by the controller, pushed whole, and asked by every server for itself.
On disk it is `routes.json` in Triton's model folder, UTF-8, replaced whole, so a reader sees one:

    {"generation": 3, "models": {"face_detector": {"stable": 1}, "face_mesh": {"stable": 2,
     "previous": 1, "canary": {"version": 3, "rollout": "...", "salt": "...", "weight_bps": 500}}}}

`generation` starts at 1 and grows with every change. A model absent from `models` has no version to
serve. Readers ignore keys they do not know, and take absent ones as empty.
"""

from __future__ import annotations

import enum
import fcntl
import hashlib
import json
import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from limner_registry.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE = "routes.json"
WHOLE: Final = 10_000
"""All calls, in basis points."""


class RoutesDamaged(RegistryError):
    """The routes file is not one this package wrote."""


class Arm(enum.StrEnum):
    """Which side of a rollout a version answers for."""

    STABLE = "stable"
    CANARY = "canary"
    PINNED = "pinned"


@dataclass(frozen=True)
class Canary:
    """A version that earns its traffic."""

    version: int
    rollout: str
    """Id of the rollout that it belongs to."""
    salt: str
    """Makes its choice of callers independent of every other rollout's."""
    weight_bps: int = 0
    """Share of callers that get it, in [0, 10000]."""
    shadow_bps: int = 0
    """Share of the others' calls that it is shown too, after they were answered."""
    rules: tuple[tuple[str, str], ...] = ()
    """Metadata keys, in lower case, and values whose callers get it besides."""
    slow_seconds: float = 0.0
    """From where on a run of either version counts as slow; 0 never."""

    def takes(self, unit: str) -> bool:
        """Return whether a caller gets it by its weight."""
        return self.weight_bps > 0 and bucket(self.salt, unit) < self.weight_bps

    def shadows(self, unit: str) -> bool:
        """Return whether a call of the stable version is to be shown to it too."""
        return self.shadow_bps > 0 and bucket(f"{self.salt}/shadow", unit) < self.shadow_bps

    def welcomes(self, headers: Mapping[str, str]) -> bool:
        """Return whether a caller gets it by what its metadata says."""
        return bool(self.rules) and any(headers.get(name) == value for name, value in self.rules)


@dataclass(frozen=True)
class Caller:
    """What decides which versions a call gets."""

    unit: str
    """Its routing key, or its own id: the same unit gets the same versions."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Its metadata, keys in lower case."""
    pins: Mapping[str, int] = field(default_factory=dict)
    """Versions that it named, by model; it has the right to."""


@dataclass(frozen=True)
class Choice:
    """The version that a call gets of one model, and why that."""

    version: int
    arm: Arm = Arm.STABLE
    rollout: str = ""
    """Of the model's rollout; empty while there is none."""


@dataclass(frozen=True)
class Routes:
    """One immutable routing table."""

    generation: int = 0
    """Counts the tables; 0 before the first."""
    stable: Mapping[str, int] = field(default_factory=dict)
    """Model name to the version callers get."""
    previous: Mapping[str, int] = field(default_factory=dict)
    """Model name to the version that was stable before, kept ready."""
    canaries: Mapping[str, Canary] = field(default_factory=dict)
    """Model name to the version that is being rolled out."""
    frozen: bool = False
    """Whether no caller is to get a canary by its weight; pins and header rules go on."""

    def choose(self, model: str, caller: Caller) -> Choice | None:
        """Return the version of a model that a caller gets; None where there is none.

        In this order: what the caller named, what its metadata says, stable while all is frozen,
        the weight.
        """
        canary, stable = self.canaries.get(model), self.stable.get(model)
        rollout = canary.rollout if canary else ""
        if model in caller.pins:
            return Choice(caller.pins[model], Arm.PINNED, rollout)
        if canary and (
            canary.welcomes(caller.headers) or (not self.frozen and canary.takes(caller.unit))
        ):
            return Choice(canary.version, Arm.CANARY, rollout)
        return None if stable is None else Choice(stable, Arm.STABLE, rollout)

    def versions(self) -> set[tuple[str, int]]:
        """Return every version that is to be ready, by model and number."""
        canaries = {model: canary.version for model, canary in self.canaries.items()}
        return {*self.stable.items(), *self.previous.items(), *canaries.items()}

    def without(self, rollout: str | None = None) -> Routes:
        """Return the table with one rollout's canary, or all, getting no calls of any kind.

        They are then of no rollout: calls that are split otherwise than the controller means them
        to be are no evidence for it.
        """
        canaries = {
            model: Canary(canary.version, "", canary.salt)
            if rollout in {None, canary.rollout}
            else canary
            for model, canary in self.canaries.items()
        }
        return replace(self, canaries=canaries)

    def to_json(self) -> dict[str, Any]:
        """Return the table as it is written; what is empty is left out."""
        models: dict[str, dict[str, Any]] = {}
        for key, versions in (("stable", self.stable), ("previous", self.previous)):
            for model, number in versions.items():
                models.setdefault(model, {})[key] = number
        for model, canary in self.canaries.items():
            models.setdefault(model, {})["canary"] = _written(canary)
        document = {"generation": self.generation, "models": dict(sorted(models.items()))}
        return document | ({"frozen": True} if self.frozen else {})

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Routes:
        """Return the table that was written so.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: It is none.
        """
        models = {str(model): dict(entry) for model, entry in document["models"].items()}
        return cls(
            int(document["generation"]),
            {model: int(entry["stable"]) for model, entry in models.items() if "stable" in entry},
            {
                model: int(entry["previous"])
                for model, entry in models.items()
                if "previous" in entry
            },
            {model: _read(entry["canary"]) for model, entry in models.items() if "canary" in entry},
            bool(document.get("frozen", False)),
        )

    def digest(self) -> str:
        """Return the SHA-256 of the table as it is written, in hexadecimal."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def bucket(salt: str, unit: str) -> int:
    """Return a unit's place among 10000, the same in every process and language.

    The first eight bytes, as a big-endian number, of BLAKE2b keyed by the salt's first 64 bytes in
    UTF-8, modulo 10000.
    """
    digest = hashlib.blake2b(unit.encode(), digest_size=8, key=salt.encode()[:64]).digest()
    return int.from_bytes(digest, "big") % WHOLE


def read_routes(models: Path) -> Routes:
    """Return the table in a model folder; an absent file is an empty table.

    Raises:
        RoutesDamaged: The file is no table.
    """
    path = models / FILE
    try:
        return Routes.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Routes()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RoutesDamaged(f"{path} is no routing table; delete it to place anew") from error


def write_routes(models: Path, routes: Routes) -> None:
    """Replace the table in a model folder; a crash leaves the old one or the new one."""
    draft = models / f".{FILE}.{uuid.uuid4().hex}"
    try:
        with draft.open("x", encoding="utf-8") as file:
            json.dump(routes.to_json(), file)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(models / FILE)
    finally:
        draft.unlink(missing_ok=True)
    descriptor = os.open(models, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def routes_lock(models: Path) -> Iterator[None]:
    """Hold the right to change the routes; released even when this process is killed."""
    with (models / f".{FILE}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _written(canary: Canary) -> dict[str, Any]:
    usual = Canary(canary.version, canary.rollout, canary.salt)
    named = {"version": canary.version, "rollout": canary.rollout, "salt": canary.salt}
    return named | {
        name: [list(rule) for rule in canary.rules] if name == "rules" else value
        for name, value in vars(canary).items()
        if value != getattr(usual, name)
    }


def _read(entry: Mapping[str, Any]) -> Canary:
    return Canary(
        version=int(entry["version"]),
        rollout=str(entry["rollout"]),
        salt=str(entry["salt"]),
        weight_bps=int(entry.get("weight_bps", 0)),
        shadow_bps=int(entry.get("shadow_bps", 0)),
        rules=tuple((str(header), str(value)) for header, value in entry.get("rules", ())),
        slow_seconds=float(entry.get("slow_seconds", 0.0)),
    )
