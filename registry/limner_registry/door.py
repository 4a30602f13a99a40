"""MLflow as everything here meets it: quiet, and away where it raises what it will.

MLflow's other errors, its log lines and its warnings end here.
"""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from limner_registry.errors import RegistryUnavailable, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Metric", "MlflowClient", "MlflowException", "download_artifacts", "translated"]

QUIET = {
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""MLflow is configured by its environment alone; what a person has set there stays."""
for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mlflow.artifacts import download_artifacts
    from mlflow.entities import Metric
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient
    from sqlalchemy.exc import SQLAlchemyError


@contextmanager
def translated(uri: str) -> Iterator[None]:
    """Turn what MLflow raises into RegistryUnavailable, and keep its warnings to itself.

    What the registry knows not to exist is found out by asking, so that every error of MLflow
    left means that it cannot answer.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        said = first_line(error)
        raise RegistryUnavailable(f"the registry at {uri} does not answer: {said}") from error
