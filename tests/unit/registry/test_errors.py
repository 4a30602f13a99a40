"""Errors: each ends a command with the code that says whose fault it is, and says something."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from limner_models.commands.options import ModelCommand
from limner_models.errors import (
    CheckpointDamaged,
    MaterialMissing,
    ParityMissed,
    PretrainedMissing,
    WeightsRefused,
)
from limner_registry.door import translated
from limner_registry.errors import (
    InputRefused,
    RegistryUnavailable,
    VersionDamaged,
    VersionUnknown,
    first_line,
)
from limner_registry.importers.errors import DownloadFailed, UnexpectedFile


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputRefused, 2),
        (VersionUnknown, 2),
        (MaterialMissing, 2),
        (WeightsRefused, 2),
        (RegistryUnavailable, 3),
        (DownloadFailed, 3),
        (PretrainedMissing, 3),
        (VersionDamaged, 1),
        (UnexpectedFile, 1),
        (CheckpointDamaged, 1),
        (ParityMissed, 1),
    ],
)
def test_an_error_ends_a_command_with_its_code_and_one_line(error, code):
    @click.command(cls=ModelCommand)
    def fail():
        raise error("it went wrong")

    answer = CliRunner().invoke(fail)

    assert answer.exit_code == code
    assert answer.output == "Error: it went wrong\n"


def test_of_an_error_its_first_line_is_said_or_its_kind():
    assert first_line(OSError("no room\nat all")) == "no room"
    assert first_line(OSError()) == "OSError"
    assert len(first_line(ValueError("x" * 300))) == 200


def test_a_registry_that_fails_without_a_word_is_said_to_be_away():
    said = pytest.raises(RegistryUnavailable, match="does not answer: TimeoutError")
    with said, translated("sqlite:///here"):
        raise TimeoutError
