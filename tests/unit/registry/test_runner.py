"""The runner's answers, request by request, with doubles for Triton and the network."""

from __future__ import annotations

import importlib
import sys
import threading
import time
import types
import uuid
from dataclasses import dataclass, field

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

from limner_server.triton.leftovers import SHM
from limner_server.triton.owned import RUN


class TritonError:
    CANCELLED, INVALID_ARG, INTERNAL = "cancelled", "invalid", "internal"

    def __init__(self, message, code):
        self.message, self.code = message, code


@dataclass
class Tensor:
    name: str
    array: np.ndarray

    def as_numpy(self):
        return self.array


@dataclass
class InferenceResponse:
    tensors: list = field(default_factory=list)
    error: TritonError | None = None


@dataclass
class Request:
    inputs: dict
    cancelled: bool = False
    name: str = ""

    def request_id(self):
        return self.name

    def is_cancelled(self):
        return self.cancelled

    def requested_output_names(self):
        return ["sum"]


class Session:
    """Sums its input, or fails as the input says; runs until it is stopped where that is 99."""

    def __init__(self):
        self.runs = 0

    def run(self, names, inputs, options):
        self.runs += 1
        total = inputs["image"].sum()
        while total == 99:
            if options.terminate:
                raise Fail("Exiting due to terminate flag being set to true.")
            time.sleep(0.001)
        if total < 0:
            raise {-1: InvalidArgument, -2: RuntimeException}[int(total)]("as asked")
        return [total for _ in names]


@pytest.fixture
def runner(monkeypatch):
    double = types.ModuleType("triton_python_backend_utils")
    double.TritonError, double.Tensor = TritonError, Tensor
    double.InferenceResponse = InferenceResponse
    double.get_input_tensor_by_name = lambda request, name: (
        Tensor(name, request.inputs[name]) if name in request.inputs else None
    )
    monkeypatch.setitem(sys.modules, double.__name__, double)
    monkeypatch.delitem(sys.modules, "limner_registry.backends.onnx", raising=False)
    module = importlib.import_module("limner_registry.backends.onnx")
    model = module.TritonPythonModel()
    model.session, model.inputs, model.lookout = Session(), ["image"], module.Lookout()
    yield model
    model.finalize()
    sys.modules.pop("limner_registry.backends.onnx")


def request(value, **changes):
    return Request({"image": np.full(1, value)}, **changes)


def test_each_request_is_answered_on_its_own(runner):
    asked = [request(3), request(-1), request(-2), Request({}), request(4)]

    answers = runner.execute(asked)

    assert [a.error.code if a.error else a.tensors[0].array for a in answers] == [
        3,
        TritonError.INVALID_ARG,
        TritonError.INTERNAL,
        TritonError.INVALID_ARG,
        4,
    ]


def test_a_cancelled_request_is_not_started(runner):
    answers = runner.execute([request(3, cancelled=True), request(4)])

    assert answers[0].error.code == TritonError.CANCELLED
    assert runner.session.runs == 1


def test_a_run_ends_once_its_request_is_cancelled(runner):
    asked = request(99)
    threading.Timer(0.05, lambda: setattr(asked, "cancelled", True)).start()

    answers = runner.execute([asked, request(4)])

    assert answers[0].error.code == TritonError.CANCELLED
    assert answers[1].tensors[0].array == 4


def test_a_run_ends_once_a_file_of_its_name_says_so(runner):
    asked = request(99, name=f"{RUN}{uuid.uuid4().hex}")
    file = SHM / asked.name
    threading.Timer(0.05, file.touch).start()
    try:
        answers = runner.execute([asked])
    finally:
        file.unlink()

    assert answers[0].error.code == TritonError.CANCELLED


@pytest.mark.parametrize("name", ["", ".", "../shm"])
def test_a_file_of_any_other_name_says_nothing(runner, name):
    assert runner.execute([request(3, name=name)])[0].error is None


def test_a_request_is_not_kept(runner):
    asked = request(3)
    before = sys.getrefcount(asked)

    runner.execute([asked])

    assert sys.getrefcount(asked) == before
