"""Environments of other people's packages, each beside nothing of ours."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".limner/bench"


def python_with(name: str, *arguments: str) -> Path:
    """Return the interpreter of the environment `name`, making it where it is not as asked.

    Args:
        name: Of its folder; what was installed there for other arguments is thrown away.
        arguments: Of `pip install`: packages with their versions, constraints.

    Raises:
        OSError: Something could not be installed; the message says why.
    """
    folder = STATE / name
    python, installed = folder / "bin/python", folder / ".installed"
    asked = "\n".join(arguments)
    if installed.exists() and installed.read_text() == asked:
        return python
    print(f"installing {' '.join(arguments)} into {folder}", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["pip said nothing"]
        raise OSError(f"{name} could not be installed: {last[0]}")
    installed.write_text(asked)
    return python
