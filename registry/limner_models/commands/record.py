"""A training's record in MLflow: its curves, which a registry that is away does not end."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import click

from limner_models.curves import Means
from limner_registry.errors import RegistryUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from limner_models.train import Run
    from limner_registry.store import Registry

FILE = "mlflow_run.txt"
"""In a training's folder: which of MLflow's runs it goes on with."""
PAUSE_SECONDS = 60.0
"""After which a registry that did not answer is asked again: asking may take as long as that."""


class Runs(Protocol):
    """Where trainings are recorded, as `Registry` does it; RegistryUnavailable if it cannot."""

    def log(self, run_id: str, step: int, values: Mapping[str, float]) -> None:
        """Record what curves have reached."""

    def end_run(self, run_id: str, *, done: bool) -> None:
        """Close a run, as done or as interrupted."""


@dataclass(frozen=True)
class Note:
    """Says beside a training's state which run is its record, and of which training."""

    file: Path
    binding: str
    """Of recipe and data: a run belongs to those it was begun with."""

    def read(self) -> str | None:
        """Return the run's id; None where there is none of this training."""
        if not self.file.exists():
            return None
        run_id, *binding = self.file.read_text(encoding="utf-8").splitlines() or [""]
        return run_id if binding == [self.binding] else None

    def write(self, run_id: str) -> None:
        """Keep a run's id."""
        self.file.write_text(f"{run_id}\n{self.binding}\n", encoding="utf-8")


class Record:
    """Takes the steps of one training, and gives the registry their means.

    A run is begun, or gone on with, at the first step. What the registry does not take is kept, and
    given again with the next; that is told once.
    """

    def __init__(
        self,
        runs: Runs,
        begin: Callable[[str | None], str],
        note: Note,
        said: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Record into the run that a note tells of.

        Args:
            runs: Where to.
            begin: Begins a run, or goes on with the one of that id; returns its id.
            note: Tells which, and will.
            said: Called with one sentence when something is not recorded.
            clock: Tells seconds.
        """
        self.done = False
        """Whether the training has come to its end; for whoever trains to say."""
        self._runs, self._begin, self._note = runs, begin, note
        self._said, self._clock = said, clock
        self._means = Means(lambda step, values: self._waiting.append((step, values)))
        self._waiting: list[tuple[int, Mapping[str, float]]] = []
        self._run_id: str | None = None
        self._reached = 0
        self._away_until: float | None = None

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Take what a step has to show."""
        self._reached = step
        self._means(step, values)
        if self._run_id is not None and not self._waiting:
            return
        if self._away_until is not None and self._clock() < self._away_until:
            return
        try:
            self._send()
            self._away_until = None
        except RegistryUnavailable as error:
            if self._away_until is None:
                self._said(f"{error}; the training goes on, its curves are recorded later")
            self._away_until = self._clock() + PAUSE_SECONDS

    def close(self) -> None:
        """Record what is left and close the run; tell where that fails.

        A run that was closed by an earlier call stays as it is unless the training is done.
        """
        if not self._reached and not self.done:
            return
        self._means.flush(self._reached)
        try:
            if self._reached:
                self._send()
            run_id = self._run_id or self._note.read()
            if run_id is not None:
                self._runs.end_run(run_id, done=self.done)
        except RegistryUnavailable as error:
            self._said(
                f"{error}; the record in MLflow lacks {len(self._waiting)} points of the curves, "
                "and stays open until the same call is made again"
            )

    def _send(self) -> None:
        if self._run_id is None:
            self._run_id = self._begin(self._note.read())
            self._note.write(self._run_id)
        while self._waiting:
            self._runs.log(self._run_id, *self._waiting[0])
            del self._waiting[0]


@contextmanager
def recorded(run: Run, registry: Registry) -> Iterator[Record]:
    """Record a training's curves in MLflow, going on with the record it had."""
    from limner_registry.publish import code_commit

    recipe, data = run.recipe, run.recipe.data
    facts = {
        "recipe": recipe.fingerprint(),
        "steps": str(recipe.steps),
        "batch": str(recipe.batch),
        "studio_seeds": f"{data.trained.start}-{data.trained.stop - 1}",
        "studio_size": str(data.size),
        "data_sha256": run.data_sha256,
        "code_commit": code_commit() or "unknown",
    }
    record = Record(
        registry,
        lambda before: registry.start_run(recipe.name, facts, before),
        Note(run.folder / FILE, run.binding),
        lambda said: click.echo(said, err=True),
    )
    try:
        yield record
    finally:
        record.close()
