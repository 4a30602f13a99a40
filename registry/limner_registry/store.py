"""Models and their versions in MLflow: tags, files, and the aliases that people see.

A registry is either a SQLite file and a folder in Limner's state, or an MLflow server.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner_registry import metadata
from limner_registry.aliases import STABLE, Aliases
from limner_registry.contracts import MODELS
from limner_registry.door import (
    Metric,
    MlflowClient,
    MlflowException,
    download_artifacts,
    translated,
)
from limner_registry.errors import (
    InputRefused,
    ModelUnknown,
    StableMissing,
    VersionDamaged,
    VersionUnknown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

EXPERIMENT = "limner"


@dataclass(frozen=True)
class Version:
    """One version of a model, as it was registered."""

    model: str
    number: int
    """From 1, never reused."""
    created: datetime
    """In UTC."""
    tags: Mapping[str, str]
    """See `metadata`; other people's tags may be among them."""
    source: str
    """Where MLflow keeps the files."""

    @property
    def manifest_sha256(self) -> str:
        """The digest its files are held to; empty when it was registered without one."""
        return self.tags.get(metadata.MANIFEST_SHA256, "")

    def __str__(self) -> str:
        return f"{self.model} version {self.number}"


class Registry:
    """Every model's versions; the calls block and raise nothing but RegistryError."""

    def __init__(self, client: MlflowClient, uri: str, folder: Path | None) -> None:
        """Take over a client; `folder` is that of a local registry, None behind a server."""
        self._client = client
        self._folder = folder
        self.uri = uri
        """Where the versions are, as MLflow writes it."""
        self.aliases = Aliases(client, uri)
        """What people read there of where versions stand."""

    @classmethod
    def open(cls, state: Path, uri: str | None = None, *, asked: bool = True) -> Registry:
        """Open the registry in `state`, or the MLflow server at `uri`.

        The first opening of a local registry creates its tables, which takes seconds.

        Args:
            state: Limner's folder.
            uri: Of an MLflow server; None for the registry in `state`.
            asked: Whether a server is asked now if it is there; it need not be there yet for
                who can wait.

        Raises:
            InputRefused: `uri` is neither http nor https.
            RegistryUnavailable: The database cannot be opened, or the server does not answer.
        """
        if uri is not None:
            if not uri.startswith(("http://", "https://")):
                raise InputRefused(f"{uri} is no address of an MLflow server (http or https)")
            with translated(uri):
                registry = cls(MlflowClient(tracking_uri=uri, registry_uri=uri), uri, None)
                if asked:
                    registry._experiment()
            return registry

        folder = state.absolute() / "registry"
        uri = f"sqlite:///{folder / 'mlflow.db'}"
        with translated(uri):
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / ".lock"):  # two first openings would both create the tables
                registry = cls(MlflowClient(tracking_uri=uri, registry_uri=uri), uri, folder)
                registry._experiment()
        return registry

    def alone(self) -> AbstractContextManager[None]:
        """Return a context in which no other process here publishes; behind a server, none."""
        return nullcontext() if self._folder is None else locked(self._folder / ".lock")

    def models(self) -> dict[str, int | None]:
        """Return the models that have a contract, each with its stable version, if any."""
        return {model: shown.stable for model, shown in self.aliases.read(MODELS).items()}

    def versions(self, model: str, manifest_sha256: str | None = None) -> list[Version]:
        """Return a model's versions, oldest first, or only those with this content.

        Raises:
            ModelUnknown: There is no such model.
        """
        wanted = f"name = '{self._known(model)}'"
        if manifest_sha256 is not None:
            wanted += f" and tags.`{metadata.MANIFEST_SHA256}` = '{manifest_sha256}'"
        found: list[Version] = []
        page: str | None = ""
        while page is not None:
            with translated(self.uri):
                answer = self._client.search_model_versions(wanted, page_token=page or None)
            found += [_version(entry) for entry in answer]
            page = answer.token or None
        return sorted(found, key=lambda version: version.number)

    def version(self, model: str, number: int) -> Version:
        """Return one version.

        Raises:
            ModelUnknown: There is no such model.
            VersionUnknown: It has no version of that number.
        """
        for version in self.versions(model):
            if version.number == number:
                return version
        raise VersionUnknown(f"{model} has no version {number}")

    def stable(self, model: str) -> Version:
        """Return the version of a model that callers get.

        Raises:
            ModelUnknown: There is no such model.
            StableMissing: None of its versions is stable.
        """
        number = self.models().get(self._known(model))
        if number is None:
            raise StableMissing(f"{model} has no stable version")
        return self.version(model, number)

    def make_stable(self, version: Version) -> None:
        """Point a model's alias `stable` at a version; nothing is placed by that."""
        with translated(self.uri):
            self._client.set_registered_model_alias(version.model, STABLE, str(version.number))

    def create(
        self, model: str, files: Path, tags: Mapping[str, str], metrics: Mapping[str, float]
    ) -> Version:
        """Register the files in a folder as the next version of a model, all tags at once."""
        with translated(self.uri):
            if not self._client.search_registered_models(f"name = '{model}'"):
                self._client.create_registered_model(model)
            run = self._client.create_run(self._experiment(), run_name=model).info
            try:
                self._client.log_artifacts(run.run_id, str(files))
                for name, value in metrics.items():
                    self._client.log_metric(run.run_id, name, value)
                created = self._client.create_model_version(
                    model, run.artifact_uri, run.run_id, tags=dict(tags)
                )
            except BaseException:
                self._client.set_terminated(run.run_id, "FAILED")
                raise
            self._client.set_terminated(run.run_id)
        return self.version(model, int(created.version))

    def fetch(self, version: Version, folder: Path) -> Path:
        """Copy a version's files into an existing folder; return the folder in it they lie in.

        Nothing about them is checked.

        Raises:
            VersionDamaged: The registry has lost them.
        """
        if self._folder is not None and not Path(version.source).is_dir():
            raise VersionDamaged(f"the files of {version} are gone from the registry")
        with translated(self.uri):
            fetched = download_artifacts(
                artifact_uri=version.source, dst_path=str(folder), tracking_uri=self.uri
            )
        return Path(fetched)

    def start_run(self, name: str, facts: Mapping[str, str], before: str | None = None) -> str:
        """Begin to record a training and return its run's id, or go on with the one before.

        Args:
            name: Of the recipe.
            facts: What decides its outcome: kept as the run's parameters.
            before: The id of the run to go on with; a new one begins where it is gone.
        """
        with translated(self.uri):
            if before is not None and self._has_run(before):
                self._client.update_run(before, "RUNNING")
                return before
            run_id = str(self._client.create_run(self._experiment(), run_name=name).info.run_id)
            for key, value in facts.items():
                self._client.log_param(run_id, key, value)
            return run_id

    def log(self, run_id: str, step: int, values: Mapping[str, float]) -> None:
        """Record what a training's curves have reached at a step."""
        at = int(datetime.now(UTC).timestamp() * 1000)
        metrics = [Metric(name, value, at, step) for name, value in values.items()]
        with translated(self.uri):
            self._client.log_batch(run_id, metrics=metrics, synchronous=True)

    def end_run(self, run_id: str, *, done: bool) -> None:
        """Close a training's record, as done or as interrupted."""
        with translated(self.uri):
            self._client.set_terminated(run_id, "FINISHED" if done else "KILLED")

    def _has_run(self, run_id: str) -> bool:
        try:
            self._client.get_run(run_id)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return False
            raise
        return True

    def _known(self, model: str) -> str:
        if model not in MODELS:
            raise ModelUnknown(f"no model is named {model}; there are {', '.join(sorted(MODELS))}")
        return model

    def _experiment(self) -> str:
        """Return the id of the experiment all runs belong to, creating it the first time."""
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        artifacts = None if self._folder is None else str(self._folder / "artifacts")
        return str(self._client.create_experiment(EXPERIMENT, artifact_location=artifacts))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file against other processes; it is released even when this one is killed."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _version(entry: Any) -> Version:
    """Return MLflow's entry as ours; its number is an int from SQL and a str from a server."""
    created = datetime.fromtimestamp(entry.creation_timestamp / 1000, UTC)
    return Version(entry.name, int(entry.version), created, dict(entry.tags), str(entry.source))
