"""Writes the synchronous client from the asynchronous one; with --check, only compares.

Run by `make protos`; `make check` runs it with --check.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent / "limner_client"
SOURCE = PACKAGE / "client.py"
TWIN = PACKAGE / "sync_client.py"

HEADER = '"""The synchronous client; generated from client.py by generate_sync.py, not by hand."""'

RULES = (
    (r'^"""The asynchronous client\."""', HEADER),
    (r"^import asyncio\n", ""),
    (r"^import grpc\.aio\n", ""),
    (r"\bgrpc\.aio\.", "grpc."),
    (r"\bawait asyncio\.to_thread\(\s*(\w+), ", r"\1("),
    (r"\bawait ", ""),
    (r"\basync (def|with)\b", r"\1"),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (r"\bAsyncLimnerClient\b", "LimnerClient"),
)


def synchronous(source: str) -> str:
    """Return the module `source` with every await and its kin taken out, formatted.

    Raises:
        ValueError: Something asynchronous is left that no rule covers.
    """
    for pattern, replacement in RULES:
        source = re.sub(pattern, replacement, source, flags=re.MULTILINE)
    left = re.search(r"async|await|\baio\b", source)
    if left:
        raise ValueError(f"no rule covers {source[left.start() - 40 : left.end() + 40]!r}")
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TWIN), "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    return done.stdout


def main() -> None:
    """Write the twin, or exit with a sentence if it is not what it should be."""
    twin = synchronous(SOURCE.read_text())
    if "--check" not in sys.argv[1:]:
        TWIN.write_text(twin)
    elif not TWIN.exists() or TWIN.read_text() != twin:
        sys.exit(f"{TWIN.name} is not what {SOURCE.name} makes: run {Path(__file__).name}")


if __name__ == "__main__":
    main()
