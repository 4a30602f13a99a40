"""A real registry on SQLite with its tables made once, and releases of a tiny real network."""

from __future__ import annotations

import shutil
import sqlite3

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from limner_registry.contracts import PERSON_SEGMENTER
from limner_registry.golden import Golden
from limner_registry.release import Release
from limner_registry.rollout.store import Store
from limner_registry.store import Registry

PHOTOS = np.random.default_rng(7).integers(0, 256, (2, 256, 256, 3), np.uint8)


def brightness_network(scale=1.0, batch="batch", output="person"):
    """Return an ONNX file that calls bright pixels a person: `scale` times the mean channel."""
    taken = helper.make_tensor_value_info("image", TensorProto.UINT8, [batch, 256, 256, 3])
    given = helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, 256, 256])
    factor = helper.make_tensor("factor", TensorProto.FLOAT, [], [scale / 255])
    nodes = [
        helper.make_node("Cast", ["image"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real"], ["mean"], axes=[3], keepdims=0),
        helper.make_node("Mul", ["mean", "factor"], [output]),
    ]
    graph = helper.make_graph(nodes, "brightness", [taken], [given], [factor])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def golden_of(network):
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {"image": PHOTOS})
    return Golden({"image": PHOTOS}, {"person": answer}, 1e-5)


@pytest.fixture(scope="session")
def network():
    return brightness_network


@pytest.fixture(scope="session")
def make_release():
    """Return a function that makes a whole release, any field replaced."""

    def make(scale=1.0, **changes):
        network = brightness_network(scale)
        facts = {
            "contract": PERSON_SEGMENTER,
            "network": network,
            "golden": golden_of(network),
            "scores": {"iou": 0.875},
            "card": "# Brightness\n\nCalls bright pixels a person.\n",
            "license": "Apache-2.0",
            "data_sha256": "0" * 64,
            "origin": "a test",
        }
        return Release(**(facts | changes))

    return make


@pytest.fixture(scope="session")
def tables(tmp_path_factory):
    """Return a state folder whose registry has its tables and nothing in them."""
    state = tmp_path_factory.mktemp("tables")
    Registry.open(state)
    return state


@pytest.fixture
def state(tables, tmp_path):
    """Return a state folder of the test's own, with an empty registry."""
    state = tmp_path / "state"
    shutil.copytree(tables, state)
    with sqlite3.connect(state / "registry/mlflow.db") as database:
        artifacts = str(state / "registry/artifacts")
        database.execute(
            "UPDATE experiments SET artifact_location = ? WHERE name = 'limner'", [artifacts]
        )
    database.close()
    return state


@pytest.fixture
def registry(state):
    return Registry.open(state)


@pytest.fixture
def models(state):
    return state / "models"


@pytest.fixture
def store(state):
    store = Store.open(state)
    yield store
    store.close()
