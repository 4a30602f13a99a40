"""The tritonserver that travels in a wheel: where it is, what it needs, what of that is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path


class TritonMissing(Exception):
    """The tritonserver binary, or something it needs, is not installed; the message says what."""


@dataclass(frozen=True)
class Installation:
    """The tritonserver that travels in the nvidia-pytriton wheel."""

    root: Path
    """Folder with bin, backends and python_backend_stubs."""
    libraries: Path
    """Folder of the shared libraries the wheel brings along."""

    @classmethod
    def find(cls) -> Installation:
        """Return where this interpreter's packages keep Triton.

        Raises:
            TritonMissing: The wheel is not installed.
        """
        spec = importlib.util.find_spec("pytriton")
        if spec is None or not spec.submodule_search_locations:
            raise TritonMissing(
                "nvidia-pytriton, which carries tritonserver, is not installed: "
                "pip install 'limner[server]'"
            )
        package = Path(spec.submodule_search_locations[0])
        return cls(package / "tritonserver", package.parent / "nvidia_pytriton.libs")

    @property
    def binary(self) -> Path:
        """The tritonserver executable."""
        return self.root / "bin/tritonserver"

    @property
    def stub(self) -> Path:
        """The runner process for this interpreter's version."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return self.root / "python_backend_stubs" / version / "triton_python_backend_stub"

    def environment(self) -> dict[str, str]:
        """Return the environment both tritonserver and its runners need.

        A runner takes its packages from the `python3` found first on PATH, and its interpreter
        from libpython: PYTHONPATH does not reach it.
        """
        folders = [str(self.libraries), str(sysconfig.get_config_var("LIBDIR"))]
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in {"HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "CUDA_VISIBLE_DEVICES"}
        }
        return inherited | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "LD_LIBRARY_PATH": ":".join(folders),
        }

    def missing_libraries(self, program: Path) -> list[str]:
        """Return the shared libraries that `program`, of this installation, would not find."""
        found = subprocess.run(
            ["ldd", str(program)],  # noqa: S607 - the system's own
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return [line.split()[0] for line in found.stdout.splitlines() if "not found" in line]

    def check(self) -> None:
        """Look for what both programs need: a runner that cannot start makes a load hang for ever.

        Raises:
            TritonMissing: Something is not there; the message says what to do.
        """
        if not self.stub.exists():
            raise TritonMissing(f"nvidia-pytriton has no runner for Python {self.stub.parent.name}")
        if missing := self.missing_libraries(self.binary):
            raise TritonMissing(f"without {', '.join(missing)}: reinstall nvidia-pytriton")
        if missing := self.missing_libraries(self.stub):
            advice = f"apt-get install libpython{self.stub.parent.name}"
            raise TritonMissing(f"its runner is without {', '.join(missing)}: {advice}")

    def lay_out_backends(self, folder: Path) -> None:
        """Write the backend folder Triton wants: the Python backend with its runner inside."""
        python = folder / "python"
        shutil.rmtree(python, ignore_errors=True)
        shutil.copytree(self.root / "backends/python", python)
        shutil.copy2(self.stub, python / self.stub.name)
        (python / self.stub.name).chmod(0o755)
