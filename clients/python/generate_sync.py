"""Writes the synchronous client from the asynchronous one; with --check, only compares.

Run by `make protos`; `make check` runs it with --check.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent / "limner_client"
TWINS = {
    "connection.py": "sync_connection.py",
    "streams.py": "sync_streams.py",
    "finding.py": "sync_finding.py",
    "drawing.py": "sync_drawing.py",
    "transferring.py": "sync_transferring.py",
    "client.py": "sync_client.py",
}

HEADER = '"""The synchronous {part}; generated from {part}.py by generate_sync.py, not by hand."""'

RULES = (
    (r"^.*  # asynchronous only\n", ""),
    (r"^import asyncio\n", ""),
    (r"^import grpc\.aio\n", ""),
    (r"\bgrpc\.aio\.", "grpc."),
    (r"\bawait asyncio\.to_thread\(\s*(\w+), ", r"\1("),
    (r"\bawait asyncio\.to_thread\(\s*(\w+),\n", r"\1(\n"),
    (r"\bawait ", ""),
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (
        r"\bAsync(LimnerClient|Connection|Streams|Finding|Drawing|Transferring|Iterable|Iterator)\b",
        r"\1",
    ),
    (
        r"\blimner_client\.(connection|streams|finding|drawing|transferring)\b",
        r"limner_client.sync_\1",
    ),
)


def synchronous(source: str, name: str) -> str:
    """Return the module `source`, of file `name`, with every await and its kin out, formatted.

    Raises:
        ValueError: Something asynchronous is left that no rule covers.
    """
    header = HEADER.format(part=name.removesuffix(".py"))
    text = re.sub(r'^"""The asynchronous [^"]*"""', header, source)
    text = re.sub(r"from collections\.abc import (.*)", _imports, text)
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    left = re.search(r"[Aa]sync|await|\baio\b", text)
    if left:
        raise ValueError(f"no rule covers {text[left.start() - 40 : left.end() + 40]!r}")
    for step in (["check", "--quiet", "--select", "I", "--fix"], ["format"]):
        command = [sys.executable, "-m", "ruff", *step, "--stdin-filename", name, "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
        text = done.stdout
    return text


def main() -> None:
    """Write the twins, or exit with a sentence if one is not what it should be."""
    for name, twin in TWINS.items():
        text, path = synchronous((PACKAGE / name).read_text(), name), PACKAGE / twin
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{twin} is not what {name} makes: run {Path(__file__).name}")


def _imports(line: re.Match[str]) -> str:
    """Return an import of abstract collections with each name once and in order."""
    names = {name.removeprefix("Async") for name in line[1].split(", ")}
    return f"from collections.abc import {', '.join(sorted(names))}"


if __name__ == "__main__":
    main()
