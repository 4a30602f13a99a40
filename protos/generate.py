"""Writes the generated code of limner.v1 beside its protos: messages, stubs, types, error classes.

Run by `make protos`; `make check` runs it again and fails on any difference.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = Path(__file__).parent
PROTOS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("limner/v1/*.proto"))
ENUM_VALUE_PATH = (5, 0, 2)
"""FileDescriptorProto.enum_type[0].value, as source locations spell it."""

HEADER = '''"""The error classes of limner.v1, one for each ErrorReason; generated."""

from __future__ import annotations

import grpc

from limner.errors import LimnerError

__all__ = [
{names}
]
'''

CLASS = '''

class {name}(LimnerError):
    """{doc}"""

    reason = "{reason}"
    code = grpc.StatusCode.{status}
    retryable = {retryable}
'''


def main() -> int:
    """Write the generated code, or with --check say which of it is out of date."""
    if "--check" not in sys.argv[1:]:
        generate(ROOT)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = {path.relative_to(folder): path.read_bytes() for path in written(Path(folder))}
    kept = {path.relative_to(ROOT): path.read_bytes() for path in written(ROOT)}
    stale = sorted(str(name) for name in fresh | kept if fresh.get(name) != kept.get(name))
    if stale:
        print(f"out of date, run `make protos`: {', '.join(stale)}")
    return 1 if stale else 0


def generate(out: Path) -> None:
    """Write messages, types, stubs of every proto and the error classes below `out`."""
    plugin = Path(sys.executable).parent / "protoc-gen-mypy_grpc"
    with_services = [
        proto
        for proto in PROTOS
        if re.search("^service ", (ROOT / proto).read_text(), re.MULTILINE)
    ]
    _protoc(f"--python_out={out}", f"--pyi_out={out}", *PROTOS)
    _protoc(
        f"--grpc_python_out={out}",
        f"--plugin=protoc-gen-mypy_grpc={plugin}",
        f"--mypy_grpc_out=quiet:{out}",
        *with_services,
    )
    (out / "limner/v1/reasons.py").write_text(error_classes())


def written(folder: Path) -> list[Path]:
    """Return every generated file below `folder`."""
    return [*folder.glob("limner/v1/*_pb2*.py*"), folder / "limner/v1/reasons.py"]


def error_classes() -> str:
    """Return the Python module of error classes that errors.proto's table describes."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "errors.binpb")
        _protoc(
            "--include_source_info",
            "--include_imports",
            f"--descriptor_set_out={image}",
            "limner/v1/errors.proto",
        )
        files = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    table = files[-1]
    comments = {
        tuple(place.path): " ".join(place.leading_comments.split())
        for place in table.source_code_info.location
    }
    classes = {}
    for index, value in enumerate(table.enum_type[0].value):
        if value.number == 0:
            continue
        reason = value.name.removeprefix("ERROR_REASON_")
        name = reason.title().replace("_", "")
        status, retryable = (_option(value, option, pool) for option in ("status", "retryable"))
        classes[name] = CLASS.format(
            name=name,
            doc=comments[(*ENUM_VALUE_PATH, index)],
            reason=reason,
            status=status,
            retryable=retryable,
        )
    names = "\n".join(f'    "{name}",' for name in sorted(classes))
    return HEADER.format(names=names) + "".join(classes.values())


def _option(
    value: descriptor_pb2.EnumValueDescriptorProto, name: str, pool: descriptor_pool.DescriptorPool
) -> object:
    kind = pool.FindMessageTypeByName("google.protobuf.EnumValueOptions")
    options = message_factory.GetMessageClass(kind).FromString(value.options.SerializeToString())
    return options.Extensions[pool.FindExtensionByName(f"limner.v1.{name}")]


def _protoc(*arguments: str) -> None:
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
