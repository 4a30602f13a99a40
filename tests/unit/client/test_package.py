from __future__ import annotations

import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import grpc

import limner_client
from limner.v1 import errors_pb2, reasons
from limner_client.cli import group

ROOT = Path(__file__).parents[3]


def test_all_is_sorted_and_holds_every_public_name():
    public = {
        name
        for name, value in vars(limner_client).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert limner_client.__all__ == sorted(public)


def test_every_reason_of_the_table_has_its_class_and_every_class_its_reason():
    values = errors_pb2.ErrorReason.DESCRIPTOR.values[1:]
    table = {value.name.removeprefix("ERROR_REASON_"): value.GetOptions() for value in values}
    classes = {getattr(reasons, name).reason: name for name in reasons.__all__}

    assert set(classes) == set(table)
    for reason, options in table.items():
        kind = getattr(limner_client, classes[reason])
        assert kind.code is grpc.StatusCode[options.Extensions[errors_pb2.status]]
        assert kind.retryable == options.Extensions[errors_pb2.retryable]


def test_importing_takes_little_time_and_nothing_but_the_base_dependencies():
    program = (
        "import sys, time; began = time.perf_counter(); import limner_client;"
        "print(time.perf_counter() - began);"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    seconds, names = done.stdout.splitlines()
    assert float(seconds) < 1.0  # about 0.12 on a quiet machine
    assert not {"numpy", "click", "PIL", "rich"} & set(names.split())


def test_help_has_a_line_for_every_command_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    commands = project["entry-points"]["limner.commands"]
    assert set(group.SHORT_HELP) == set(commands)
    assert {value.partition(".")[0] for value in commands.values()} == set(group.EXTRAS)
    assert set(group.EXTRAS.values()) < set(project["optional-dependencies"])
