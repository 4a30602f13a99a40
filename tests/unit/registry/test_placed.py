"""What placing adds to a version."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from importlib.resources import files

from limner_registry.placed import bytecode, numbers_of

RUNNER = files("limner_registry.backends").joinpath("onnx.py").read_bytes()


def test_the_runner_imports_nothing_a_placed_folder_lacks():
    modules = set()
    for node in ast.walk(ast.parse(RUNNER)):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module.split(".")[0])

    standard = modules & sys.stdlib_module_names
    assert modules == standard | {"numpy", "onnxruntime", "triton_python_backend_utils"}


def test_bytecode_is_the_same_in_every_process():
    code = (
        "import sys; from limner_registry.placed import bytecode;"
        "sys.stdout.buffer.write(bytecode(open(sys.argv[1], 'rb').read()))"
    )
    path = str(files("limner_registry.backends").joinpath("onnx.py"))
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code, path]
        done = subprocess.run(
            command, capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        )
        assert done.stdout == bytecode(RUNNER)


def test_python_takes_the_bytecode_and_never_rewrites_it(tmp_path):
    source = tmp_path / "model.py"
    source.write_bytes(b"answer = 41\n")
    cached = tmp_path / "__pycache__" / importlib.util.cache_from_source("model.py").split("/")[-1]
    cached.parent.mkdir()
    cached.write_bytes(bytecode(b"answer = 42\n"))
    before = cached.read_bytes(), cached.stat().st_mtime_ns, cached.parent.stat().st_mtime_ns

    done = subprocess.run(
        [sys.executable, "-c", "import model; print(model.answer)"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        env={},
    )

    assert done.stdout == b"42\n"
    assert before == (
        cached.read_bytes(),
        cached.stat().st_mtime_ns,
        cached.parent.stat().st_mtime_ns,
    )


def test_only_folders_of_the_model_count_as_placed(tmp_path):
    for name in ("mesh.v10", "mesh.v2", "mesh.v", "mesh.vx", "mesh_two.v7", "mesh", ".staging"):
        (tmp_path / name).mkdir()

    assert numbers_of(tmp_path, "mesh") == [2, 10]
    assert numbers_of(tmp_path / "absent", "mesh") == []
