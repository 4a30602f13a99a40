"""One story: a stack goes up, edits, loses its Triton, comes back, is asked, and goes down."""

from __future__ import annotations

import io
import json
import os
import signal
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from PIL import Image

from limner_client import LimnerClient
from limner_registry.contracts import CONTRACTS
from limner_server.triton.leftovers import SHM, TEMPORARY, shm_prefix
from tests.conftest import limner

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def photo(tmp_path, astronaut) -> Path:
    file = tmp_path / "astronaut.png"
    file.write_bytes(astronaut)
    return file


@pytest.fixture
def portrait_of_four_megapixels(astronaut) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(astronaut)).convert("RGB").resize((2048, 2048)).save(file, "JPEG")
    return file.getvalue()


def told(done) -> dict:
    return json.loads(done.stdout)


def fetched(url: str) -> str:
    return urllib.request.urlopen(url).read().decode()


def until(condition, seconds: float) -> float:
    """Wait until `condition` holds; return how long that took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it never came"
        time.sleep(0.05)
    return time.monotonic() - started


def words(process: psutil.Process) -> str:
    """Return a command line; of a process that has ended, or ends just now, nothing."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # zombies are told of so, too
        return ""


def test_up_is_idempotent(stack):
    again = told(limner("up", "--detach", "--state", stack.state, "--json"))
    assert (again["pid"], again["address"]) == (stack.pid, stack.address)


def test_status_names_what_serves(stack):
    status = stack.status()
    assert status["serving"]
    assert status["models"] == {contract.model: 1 for contract in CONTRACTS}
    assert set(status["services"]) == {
        f"limner.v1.{name}Service"
        for name in (
            *("Segment", "Matte", "Dye", "TransferHair", "Stylize", "Composite", "Animalize"),
            "Model",
        )
    }
    assert psutil.Process(status["triton_pid"]).name() == "tritonserver"


def test_everything_listens_on_loopback_only(stack):
    processes = [psutil.Process(stack.pid), *psutil.Process(stack.pid).children(recursive=True)]
    listening = [
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 4  # services, metrics, Triton's two
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


def test_the_metrics_count_what_was_done(stack, photo, tmp_path):
    limner("segment", photo, "-o", tmp_path / "mask.png", "--address", stack.address)
    page = fetched(stack.metrics)
    assert "grpc_server_handled_total{" in page
    assert 'limner_model_ready{model="face_mesh",version="1"} 1.0' in page
    triton_page = page.split('metrics="')[1].split('"')[0]
    assert "nv_inference_request_success" in fetched(triton_page)


def test_a_killed_triton_is_started_again_and_serves(stack, photo, tmp_path):
    before = stack.status()["triton_pid"]
    os.kill(before, signal.SIGKILL)
    until(lambda: not stack.status()["serving"] or stack.status()["triton_pid"] != before, 10)
    until(lambda: stack.status()["serving"], 30)
    after = stack.status()
    assert after["pid"] == stack.pid
    assert after["triton_pid"] != before
    out = tmp_path / "cutout.png"
    assert limner("matte", photo, "-o", out, "--address", stack.address).returncode == 0


def test_a_killed_controller_is_started_again_and_nothing_stops_serving(stack, photo, tmp_path):
    def controllers() -> set[int]:
        children = psutil.Process(stack.pid).children()
        return {child.pid for child in children if "limner_registry.control" in words(child)}

    (killed,) = controllers()
    os.kill(killed, signal.SIGKILL)
    out = tmp_path / "cutout.png"
    assert limner("matte", photo, "-o", out, "--address", stack.address).returncode == 0
    assert stack.status()["serving"]
    until(lambda: controllers() - {killed}, 15)
    until(lambda: stack.status()["controller_serving"], 30)
    assert "limner_controller_restarts_total 1.0" in fetched(stack.metrics)


def runners(stack, model: str) -> set[int]:
    triton = psutil.Process(stack.status()["triton_pid"])
    return {child.pid for child in triton.children() if f"{model}.v1/" in words(child)}


def test_a_killed_runner_is_replaced(stack, photo, tmp_path):
    (killed,) = runners(stack, "person_segmenter")
    os.kill(killed, signal.SIGKILL)
    until(lambda: runners(stack, "person_segmenter") - {killed}, 15)
    until(lambda: stack.status()["serving"], 15)
    out = tmp_path / "cutout.png"
    assert limner("matte", photo, "-o", out, "--address", stack.address).returncode == 0


def test_a_dead_runner_cannot_hide_behind_a_living_one(stack, photo, tmp_path):
    killed, _ = runners(stack, "stylizer")
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(runners(stack, "stylizer") - {killed}) == 2, 20)
    until(lambda: stack.status()["serving"], 15)
    out = tmp_path / "drawn.png"
    for _ in range(3):  # each asks both
        done = limner("stylize", photo, "-o", out, "--address", stack.address)
        assert done.returncode == 0


@pytest.fixture
def second_state(stack, tmp_path) -> Path:
    """A state folder of its own, over the models and the registry of the shared stack."""
    state = tmp_path / "state"
    state.mkdir()
    for folder in ("models", "registry"):
        (state / folder).symlink_to(stack.state / folder)
    return state


@pytest.fixture
def second(second_state):
    """A second stack over the same models: its state, what `up` said, and its processes."""
    said = told(limner("up", "--detach", "--state", second_state, "--port", 0, "--json"))
    server = psutil.Process(said["pid"])
    family = [server, *server.children(recursive=True)]
    assert any(process.name() == "tritonserver" for process in family)
    assert list(SHM.glob(f"{shm_prefix(second_state)}*"))
    yield second_state, said, family
    limner("down", "--state", second_state)


def test_down_leaves_nothing_behind(second):
    state, said, family = second
    down = told(limner("down", "--state", state, "--json"))
    assert down == {"stopped": True, "pid": said["pid"]}
    assert not psutil.wait_procs(family, timeout=10)[1]
    assert not list(SHM.glob(f"{shm_prefix(state)}*"))
    folders = [folder.stat().st_mtime for folder in TEMPORARY.glob("python_env_*")]
    assert max(folders, default=0.0) < family[0].create_time()
    assert not (state / "server.json").exists()
    assert told(limner("down", "--state", state, "--json"))["stopped"] is False


def test_a_killed_server_takes_its_triton_along_and_up_starts_afresh(second):
    state, said, family = second
    os.kill(said["pid"], signal.SIGKILL)
    assert not psutil.wait_procs(family, timeout=15)[1]
    assert limner("status", "--state", state, "--json", check=False).returncode == 3
    again = told(limner("up", "--detach", "--state", state, "--port", 0, "--json"))
    assert again["pid"] != said["pid"]


def test_a_call_in_flight_is_finished_before_the_server_ends(second, portrait_of_four_megapixels):
    state, said, _ = second
    with ThreadPoolExecutor(1) as pool, LimnerClient(said["address"]) as client:
        answer = pool.submit(client.matte, portrait_of_four_megapixels)
        until(lambda: "limner_calls_in_flight 1.0" in fetched(said["metrics"]), 10)
        limner("down", "--state", state)
        assert answer.result(10).alpha.width == 2048


def test_a_busy_port_is_refused_and_said(stack, second_state):
    port = stack.address.rsplit(":", 1)[1]
    done = limner("up", "--detach", "--state", second_state, "--port", port, check=False)
    assert done.returncode == 3
    assert "in use" in done.stderr
    assert stack.status()["serving"]


def test_the_doctor_finds_nothing_wrong(stack):
    port = int(stack.address.rsplit(":", 1)[1])
    done = limner("doctor", "--state", stack.state, "--port", port, "--json", check=False)
    report = told(done)
    wrong = [finding for finding in report["findings"] if not finding["fine"]]
    assert report["fine"], wrong
