"""Writes the generated code of limner.v1 beside its protos: messages, stubs, types, error classes.

Run by `make protos`; `make check` runs it again and fails on any difference.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2

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


def main() -> None:
    """Run protoc over every proto, then write the error classes."""
    binaries = Path(sys.executable).parent
    _protoc(
        "--python_out=.",
        "--pyi_out=.",
        "--grpc_python_out=.",
        f"--plugin=protoc-gen-mypy_grpc={binaries / 'protoc-gen-mypy_grpc'}",
        "--mypy_grpc_out=quiet:.",
        *PROTOS,
    )
    for path in ROOT.glob("limner/v1/*_pb2_grpc.py*"):
        proto = path.with_name(path.name.split("_pb2")[0] + ".proto")
        if not re.search("^service ", proto.read_text(), re.MULTILINE):
            path.unlink()
    (ROOT / "limner/v1/reasons.py").write_text(error_classes())


def error_classes() -> str:
    """Return the Python module of error classes that errors.proto's table describes."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "errors.binpb")
        _protoc("--include_source_info", f"--descriptor_set_out={image}", "limner/v1/errors.proto")
        file = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes()).file[0]
    sys.path.insert(0, str(ROOT))
    from limner.v1 import errors_pb2  # noqa: PLC0415 - written by the run of protoc just before

    comments = {
        tuple(place.path): " ".join(place.leading_comments.split())
        for place in file.source_code_info.location
    }
    prefix = "ERROR_REASON_"
    classes = {}
    for index, value in enumerate(errors_pb2.ErrorReason.DESCRIPTOR.values):
        if value.number == 0:
            continue
        reason = value.name.removeprefix(prefix)
        options = value.GetOptions().Extensions
        name = reason.title().replace("_", "")
        classes[name] = CLASS.format(
            name=name,
            doc=comments[(*ENUM_VALUE_PATH, index)],
            reason=reason,
            status=options[errors_pb2.status],
            retryable=options[errors_pb2.retryable],
        )
    names = "\n".join(f'    "{name}",' for name in sorted(classes))
    return HEADER.format(names=names) + "".join(classes.values())


def _protoc(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", "-I.", *arguments], cwd=ROOT, check=True
    )


if __name__ == "__main__":
    main()
