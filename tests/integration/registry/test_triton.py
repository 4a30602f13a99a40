"""Placed versions in a real Triton: they answer, and nothing touches them afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from limner_registry.golden import Golden
from limner_registry.place import place, place_stable
from limner_registry.publish import publish

MODEL = "person_segmenter"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def command(home, backends, models, ports):
    grpc, http, metrics = ports
    return [
        str(home / "bin/tritonserver"),
        f"--model-repository={models}",
        f"--backend-directory={backends}",
        "--model-control-mode=explicit",
        "--disable-auto-complete-config",
        "--grpc-address=127.0.0.1",
        f"--grpc-port={grpc}",
        "--http-address=127.0.0.1",
        f"--http-port={http}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={metrics}",
        "--pinned-memory-pool-byte-size=0",
        "--exit-timeout-secs=5",
        "--strict-readiness=false",
    ]


@pytest.fixture
def server(models, tmp_path):
    """Return a client of a Triton that looks at the model folder, and its process."""
    models.mkdir()
    site = Path(sysconfig.get_path("purelib"))
    home = site / "pytriton/tritonserver"
    shutil.copytree(home / "backends/python", tmp_path / "backends/python")
    stub = "triton_python_backend_stub"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copy(home / "python_backend_stubs" / version / stub, tmp_path / "backends/python" / stub)
    (tmp_path / "backends/python" / stub).chmod(0o755)
    libraries = f"{sysconfig.get_config_var('LIBDIR')}:{site / 'nvidia_pytriton.libs'}"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ports = [free_port() for _ in range(3)]
    with (tmp_path / "triton.log").open("wb") as log:
        process = subprocess.Popen(
            command(home, tmp_path / "backends", models, ports),
            env=os.environ | {"PATH": path, "LD_LIBRARY_PATH": libraries},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        with triton.InferenceServerClient(f"127.0.0.1:{ports[0]}") as client:
            wait_live(client, process, tmp_path / "triton.log")
            yield client, process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_live(client, process, log):
    for _ in range(200):
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            if client.is_server_live():
                return
        except InferenceServerException:
            time.sleep(0.1)
    raise AssertionError(log.read_text()[-2000:])


def stubs(process):
    return {child.pid for child in psutil.Process(process.pid).children(recursive=True)}


def tree(folder):
    paths = [folder, *folder.rglob("*")]
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


def ask(client, name, photos):
    wanted = triton.InferInput("image", photos.shape, "UINT8")
    wanted.set_data_from_numpy(photos)
    return client.infer(name, [wanted], client_timeout=30).as_numpy("person")


def test_placed_versions_answer_their_golden_inputs_side_by_side(
    registry, make_release, models, server
):
    client, process = server
    publish(registry, make_release(1.0))
    place_stable(registry, models)
    client.load_model(f"{MODEL}.v1", client_timeout=60)
    placed, running = tree(models / f"{MODEL}.v1"), stubs(process)

    publish(registry, make_release(2.0))
    place(registry, MODEL, 2, models)
    client.load_model(f"{MODEL}.v2", client_timeout=60)
    client.load_model(f"{MODEL}.v1", client_timeout=60)

    for number in (1, 2):
        name = f"{MODEL}.v{number}"
        golden = Golden.read(models / name / str(number))
        answer = ask(client, name, golden.inputs["image"])
        assert golden.difference({"person": answer}) is None
        parameters = client.get_model_config(name, as_json=True)["config"]["parameters"]
        digest = registry.version(MODEL, number).manifest_sha256
        assert parameters["limner.manifest_sha256"]["string_value"] == digest
    assert running < stubs(process)
    assert tree(models / f"{MODEL}.v1") == placed
    names = {entry["name"] for entry in client.get_model_repository_index(as_json=True)["models"]}
    assert names == {f"{MODEL}.v1", f"{MODEL}.v2", ".staging"}  # a name nobody loads


def test_a_full_batch_is_answered_and_a_larger_one_refused(registry, make_release, models, server):
    client, _ = server
    release = make_release()
    publish(registry, release)
    place_stable(registry, models)
    client.load_model(f"{MODEL}.v1", client_timeout=60)

    photos = np.repeat(release.golden.inputs["image"], 4, axis=0)
    assert ask(client, f"{MODEL}.v1", photos).shape == (8, 256, 256)
    with pytest.raises(InferenceServerException, match="batch-size must be <= 8"):
        ask(client, f"{MODEL}.v1", np.repeat(photos, 2, axis=0))


def test_a_network_that_cannot_be_opened_fails_its_load_alone(
    registry, make_release, models, server
):
    client, _ = server
    release = make_release()
    publish(registry, release)
    place_stable(registry, models)
    shutil.copytree(models / f"{MODEL}.v1", models / f"{MODEL}.v9")
    config = (models / f"{MODEL}.v1/config.pbtxt").read_text()
    config = config.replace(f"{MODEL}.v1", f"{MODEL}.v9").replace("[ 1 ] }", "[ 9 ] }", 1)
    (models / f"{MODEL}.v9/config.pbtxt").write_text(config)
    (models / f"{MODEL}.v9/1").rename(models / f"{MODEL}.v9/9")
    (models / f"{MODEL}.v9/9/model.onnx").write_bytes(b"junk")
    client.load_model(f"{MODEL}.v1", client_timeout=60)

    with pytest.raises(InferenceServerException, match="INVALID_PROTOBUF"):
        client.load_model(f"{MODEL}.v9", client_timeout=60)
    answer = ask(client, f"{MODEL}.v1", release.golden.inputs["image"])
    assert release.golden.difference({"person": answer}) is None
