"""The runner of every feed-forward model; Triton's Python backend loads it as `model.py`.

It is copied into each placed version and imports nothing of Limner, so a version keeps running
the code it was placed with.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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
    from collections.abc import Iterator, Sequence

LOOK_SECONDS: Final = 0.005
"""Between two looks whether somebody still waits for the run at hand."""
STOPS: Final = Path("/dev/shm")  # noqa: S108 - shared with the server, if that is here
RUN: Final = "limner_run_"
"""What the ids of requests begin with whose caller says there, by a file of that name, that nobody
waits any more: it cannot cancel them in Triton, from which it would then hear no more of them."""


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
        self.lookout = Lookout()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answer each request on its own; a cancelled one is not started."""
        return [self._answer(request) for request in requests]

    def finalize(self) -> None:
        """Let go of the network and its memory."""
        self.lookout.end()
        del self.session

    def _answer(self, request: Any) -> Any:
        if is_left(request):
            return failure("the request was cancelled", triton.TritonError.CANCELLED)
        inputs = {}
        for name in self.inputs:
            tensor = triton.get_input_tensor_by_name(request, name)
            if tensor is None:
                return failure(f"input {name} is missing", triton.TritonError.INVALID_ARG)
            inputs[name] = tensor.as_numpy()
        names = list(request.requested_output_names())
        options = ort.RunOptions()
        options.log_severity_level = 4  # a failure is told by what it raises
        try:
            with self.lookout.over(request, options):
                outputs = self.session.run(names, inputs, options)
        except (InvalidArgument, ValueError) as error:
            return failure(str(error), triton.TritonError.INVALID_ARG)
        except (EPFail, Fail, NotImplemented, RuntimeException) as error:
            if options.terminate:
                return failure("the request was cancelled", triton.TritonError.CANCELLED)
            return failure(str(error), triton.TritonError.INTERNAL)
        pairs = zip(names, outputs, strict=True)
        return triton.InferenceResponse([triton.Tensor(name, output) for name, output in pairs])


class Lookout:
    """A thread that stops a run, between two nodes, once nobody waits for its answer."""

    def __init__(self) -> None:
        """Begin to wait for the first run."""
        self._changed = threading.Condition()
        self._run: tuple[Any, ort.RunOptions] | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._look, name="lookout", daemon=True)
        self._thread.start()

    @contextmanager
    def over(self, request: Any, options: ort.RunOptions) -> Iterator[None]:
        """Watch over one run, which goes by `options`, for as long as the block lasts."""
        with self._changed:
            self._run = request, options
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._run = None

    def end(self) -> None:
        """Stop looking, for good."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _look(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._run)
                if self._ended:
                    return
            time.sleep(LOOK_SECONDS)
            with self._changed:  # a request is let go of only after this look at it
                if self._run is not None and is_left(self._run[0]):
                    self._run[1].terminate = True


def is_left(request: Any) -> bool:
    """Return whether nobody waits for the answer any more."""
    name = request.request_id()
    return bool(request.is_cancelled()) or (name.startswith(RUN) and (STOPS / name).exists())


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
