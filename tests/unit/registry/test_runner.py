"""The runner's answers, request by request, with doubles for Triton and the network."""

from __future__ import annotations

import importlib
import sys
import types
from dataclasses import dataclass, field

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument, RuntimeException


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

    def is_cancelled(self):
        return self.cancelled

    def requested_output_names(self):
        return ["sum"]


class Session:
    """Sums its input, or fails as the input says."""

    def __init__(self):
        self.runs = 0

    def run(self, names, inputs):
        self.runs += 1
        total = inputs["image"].sum()
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
    model.session, model.inputs = Session(), ["image"]
    yield model
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


def test_a_request_is_not_kept(runner):
    asked = request(3)
    before = sys.getrefcount(asked)

    runner.execute([asked])

    assert sys.getrefcount(asked) == before
