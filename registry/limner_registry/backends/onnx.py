"""The runner of every feed-forward model; Triton's Python backend loads it as `model.py`.

It is copied into each placed version and imports nothing of Limner, so a version keeps running
the code it was placed with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as triton
from onnxruntime.capi.onnxruntime_pybind11_state import (
    EPFail,
    Fail,
    InvalidArgument,
    NotImplemented,  # noqa: A004 - onnxruntime names it so
    RuntimeException,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class TritonPythonModel:
    """Runs one exported network on one thread, request by request."""

    def initialize(self, args: dict[str, str]) -> None:
        """Open the network beside this file; a raised error fails the load."""
        if int(np.__version__.split(".")[0]) > 1:
            raise RuntimeError(f"numpy {np.__version__} gives Triton empty outputs; use numpy 1")
        folder = Path(args["model_repository"], args["model_version"])
        device = int(args["model_instance_device_id"])
        self.session = open_session(folder / "model.onnx", args["model_instance_kind"], device)
        config = json.loads(args["model_config"])
        self.inputs = [tensor["name"] for tensor in config["input"]]

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answer each request on its own; a cancelled one is not started."""
        return [self._answer(request) for request in requests]

    def finalize(self) -> None:
        """Let go of the network and its memory."""
        del self.session

    def _answer(self, request: Any) -> Any:
        if request.is_cancelled():
            return failure("the request was cancelled", triton.TritonError.CANCELLED)
        inputs = {}
        for name in self.inputs:
            tensor = triton.get_input_tensor_by_name(request, name)
            if tensor is None:
                return failure(f"input {name} is missing", triton.TritonError.INVALID_ARG)
            inputs[name] = tensor.as_numpy()
        names = list(request.requested_output_names())
        try:
            outputs = self.session.run(names, inputs)
        except (InvalidArgument, ValueError) as error:
            return failure(str(error), triton.TritonError.INVALID_ARG)
        except (EPFail, Fail, NotImplemented, RuntimeException) as error:
            return failure(str(error), triton.TritonError.INTERNAL)
        pairs = zip(names, outputs, strict=True)
        return triton.InferenceResponse([triton.Tensor(name, output) for name, output in pairs])


def open_session(network: Path, kind: str, device: int) -> ort.InferenceSession:
    """Return the network ready to run where Triton wants it; never quietly somewhere else."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # Triton runs versions side by side; threads would fight
    options.inter_op_num_threads = 1
    if kind == "CPU":
        return ort.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        raise RuntimeError("this onnxruntime has no CUDA; install onnxruntime-gpu")
    cuda = ("CUDAExecutionProvider", {"device_id": device})
    return ort.InferenceSession(str(network), options, providers=[cuda, "CPUExecutionProvider"])


def failure(message: str, code: int) -> Any:
    """Return a response that fails one request and leaves the others alone."""
    return triton.InferenceResponse(error=triton.TritonError(message, code))
