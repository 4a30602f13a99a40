"""A new version earns its traffic on real Triton, and bad ones lose theirs, under load."""

from __future__ import annotations

import io
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from limner_client import LimnerClient, OverloadedWork
from limner_registry.contracts import PERSON_SEGMENTER
from limner_registry.golden import FILE, Golden
from tests.conftest import limner

MODEL = PERSON_SEGMENTER.model
QUICK = {
    "judging": {
        "min_units": 5,
        "metrics": [
            {"kind": "error", "share": 0.4, "budget": 0.3},
            {"kind": "slow", "share": 0.25, "budget": 0.5},
            {"kind": "fallback", "share": 0.1},
            {"kind": "quality", "share": 0.25, "budget": 0.3},
        ],
    },
    "steps": [
        {"shadow": {"bps": 10_000, "min_pairs": 30, "min_seconds": 1}},
        *(
            {"weight": {"bps": bps, "min_seconds": 1, "ratio": 3.0}}
            for bps in (100, 500, 2500, 5000, 10_000)
        ),
    ],
}
"""All steps there are by default, each content with what seconds of load can show."""


@dataclass
class Load:
    """Callers that never pause; what they were answered."""

    address: str
    photo: bytes
    answers: Counter = field(default_factory=Counter)
    """By version."""
    failures: list = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self):
        self._threads = [threading.Thread(target=self._call) for _ in range(3)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        for thread in self._threads:
            thread.join()

    def stream_until(self, version):
        """Stream frames until one is answered by a version; return those that answered."""
        versions = []

        def frames():
            while version not in versions:
                yield self.photo
                time.sleep(0.05)

        with LimnerClient(self.address) as client:
            stream = client.segment_stream(frames(), without_faces=True)
            for frame in stream:
                if frame.result is None:  # two cores that everybody asks may be busy for a frame
                    assert isinstance(frame.error, OverloadedWork)
                else:
                    versions.append(frame.result.served_by[0].version)
        return versions

    def _call(self):
        with LimnerClient(self.address) as client:
            while not self._done.is_set():
                try:
                    use = client.segment(self.photo, without_faces=True).served_by[0]
                except Exception as error:  # noqa: BLE001 - told by the test
                    self.failures.append(error)
                    time.sleep(0.1)
                else:
                    self.answers[use.version] += 1


@pytest.fixture
def load(stack, astronaut):
    file = io.BytesIO()
    Image.open(io.BytesIO(astronaut)).convert("RGB").resize((256, 256)).save(file, "JPEG")
    with Load(stack.address, file.getvalue()) as calling:
        yield calling


@pytest.fixture
def network(stack):
    placed = stack.state / f"models/{MODEL}.v1/1/model.onnx"
    return onnx.load(placed)


def publish(stack, folder: Path, network: onnx.ModelProto) -> int:
    """Publish a network with what it answers to noise as its golden answers."""
    inputs = {"image": np.random.default_rng(0).integers(0, 32, (1, 256, 256, 3), np.uint8)}
    folder.mkdir(exist_ok=True)
    onnx.save(network, folder / "model.onnx")
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, inputs), strict=True))
    Golden(inputs, outputs, tolerance=0.05).write(folder)
    (folder / "card.md").write_text("# A version that was made to be tried\n")
    files = ["--network", folder / "model.onnx", "--golden", folder / FILE]
    facts = ["--card", folder / "card.md", "--data-sha256", "0" * 64, "--parent", 1]
    origin = ["--license", "Apache-2.0", "--origin", "a test", "--state", stack.state]
    done = limner("models", "publish", MODEL, *files, *facts, *origin, "--json")
    return json.loads(done.stdout)["versions"][0]["version"]


class Operator:
    """Somebody at a terminal."""

    def __init__(self, stack, folder):
        self._controller = stack.status()["controller"]
        self._folder = folder

    def say(self, *words):
        done = limner("rollout", *words, "--controller", self._controller, "--json")
        return json.loads(done.stdout)

    def create(self, version, spec):
        file = self._folder / "spec.json"
        file.write_text(json.dumps(spec))
        return self.say("create", MODEL, version, "--spec", file)["id"]

    def watch(self, rollout, seconds):
        """Return how a rollout ended, once it has; None when it did not in time."""
        watch = ("rollout", "watch", rollout, "--controller", self._controller, "--json")
        done = limner(*watch, timeout=seconds, check=False)
        return json.loads(done.stdout.splitlines()[-1])["rollout"]


@pytest.fixture
def operator(stack, tmp_path):
    return Operator(stack, tmp_path)


def spoiled(network: onnx.ModelProto, nodes, constants) -> onnx.ModelProto:
    """Return a network whose person goes through nodes more, from `right` to its old name.

    They know the photo's mean brightness as `mean`; that of the golden inputs is 16.
    """
    graph = network.graph
    (name,) = (output.name for output in graph.output)
    for node in graph.node:
        node.output[:] = ["right" if output == name else output for output in node.output]
    graph.node.extend(
        [
            helper.make_node("Cast", ["image"], ["real"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["real"], ["mean"], keepdims=0),
            *(helper.make_node(kind, taken, [made]) for kind, taken, made in nodes(name)),
        ]
    )
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()
    )
    onnx.checker.check_model(network)
    return network


def erring(network):
    """Return a network that fails on every photo that is not dark."""

    def nodes(name):
        return (
            ("Greater", ["mean", "dark"], "is_bright"),
            ("Where", ["is_bright", "far", "near"], "index"),
            ("Gather", ["ones", "index"], "one"),
            ("Mul", ["right", "one"], name),
        )

    constants = {"dark": np.float32(40), "far": np.int64(9), "near": np.int64(0)}
    return spoiled(network, nodes, constants | {"ones": np.ones(2, np.float32)})


def blind(network):
    """Return a network that sees nobody in any photo that is not dark."""

    def nodes(name):
        return (
            ("Less", ["mean", "dark"], "is_dark"),
            ("Where", ["is_dark", "one", "none"], "factor"),
            ("Mul", ["right", "factor"], name),
        )

    constants = {"dark": np.float32(40), "one": np.float32(1), "none": np.float32(0)}
    return spoiled(network, nodes, constants)


def slow(network):
    """Return a network that multiplies large matrices for nothing."""

    def nodes(name):
        yield "Mul", ["large", "mean"], "product0"
        for turn in range(3):
            yield "MatMul", [f"product{turn}", "large"], f"product{turn + 1}"
        yield "ReduceMin", ["product3"], "least"
        yield "Mul", ["least", "nought"], "nothing"
        yield "Add", ["right", "nothing"], name

    large = np.full((1000, 1000), 1e-3, np.float32)
    return spoiled(network, nodes, {"large": large, "nought": np.zeros((1, 1, 1), np.float32)})


def test_a_good_version_goes_all_the_way_and_back_again(stack, load, network, operator, tmp_path):
    network.doc_string = "the same, published again"
    version = publish(stack, tmp_path / "version", network)
    rollout = operator.create(version, QUICK)

    assert operator.watch(rollout, 180)["state"] == "ROLLOUT_STATE_SUCCEEDED"
    assert stack.status()["models"][MODEL] == version
    types = [event["type"] for event in operator.say("show", rollout)["events"]]
    assert types[:3] == ["Create", "Begin", "Verified"]
    assert types[3:] == ["Routed", "StepDone"] * 6 + ["AllAcked", "Soaked"]

    with ThreadPoolExecutor(1) as pool:
        frames = pool.submit(load.stream_until, 1)
        time.sleep(1)
        operator.say("rollback", MODEL)
        assert list(dict.fromkeys(frames.result(10))) == [version, 1]
    assert stack.status()["models"][MODEL] == 1
    assert load.answers.keys() == {1, version}
    assert not load.failures


@pytest.mark.parametrize(
    ("spoil", "reasons", "is_seen"),
    [
        (erring, {"BREAKER", "EVIDENCE"}, False),
        (blind, {"BREAKER", "EVIDENCE"}, False),
        (slow, {"EVIDENCE"}, True),
    ],
)
def test_a_bad_version_is_taken_out_and_stable_serves_on(
    stack, load, network, operator, tmp_path, spoil, reasons, is_seen
):
    version = publish(stack, tmp_path / "version", spoil(network))
    half = {"steps": [{"weight": {"bps": 5000}}, {"weight": {"bps": 10_000}}]}
    ended = operator.watch(operator.create(version, half), 60)

    assert ended["state"] == "ROLLOUT_STATE_ABORTED"
    assert ended["reason"] in reasons
    assert stack.status()["models"][MODEL] == 1
    assert not load.failures
    assert load.answers[1] > 10
    assert load.answers.keys() == ({1, version} if is_seen else {1})


def test_nobody_goes_behind_the_back_of_the_controller(stack):
    place = ["models", "place", MODEL, 1, "--stable", "--state", stack.state]
    done = limner(*place, check=False)
    assert done.returncode == 2
    assert f"limner rollout create {MODEL} 1" in done.stderr
