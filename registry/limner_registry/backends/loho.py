"""The runner of searches; Triton's Python backend loads it as `model.py`.

A search has many answers and takes minutes, so each has a thread of its own: meanwhile the version
can be asked whether it is well. What a search does is of the release of Limner that is installed,
other than with networks that only run.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import triton_python_backend_utils as triton

from limner_models.loho.answering import Answering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

LOOK_SECONDS = 0.005
"""Between two looks at whether somebody still waits for a search."""


class Left(Exception):
    """Whoever asked for a search is gone, or the version is."""


class TritonPythonModel:
    """Searches with the networks of one file, and tells every step."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read the networks beside this file; a raised error fails the load."""
        if int(np.__version__.split(".")[0]) > 1:
            raise RuntimeError(f"numpy {np.__version__} gives Triton empty outputs; use numpy 1")
        device = "cpu"
        if args["model_instance_kind"] != "CPU":
            device = f"cuda:{args['model_instance_device_id']}"
        folder = Path(args["model_repository"], args["model_version"])
        self.answering = Answering(
            folder / "model.safetensors", device, max(1, (os.cpu_count() or 1) // 2)
        )
        config = json.loads(args["model_config"])
        self.inputs = [tensor["name"] for tensor in config["input"]]
        self.ending = threading.Event()
        self.searches: set[threading.Thread] = set()

    def execute(self, requests: Sequence[Any]) -> None:
        """Begin a search for each request; they answer by themselves."""
        self.searches = {search for search in self.searches if search.is_alive()}
        for request in requests:
            sender = request.get_response_sender()
            tensors = {name: triton.get_input_tensor_by_name(request, name) for name in self.inputs}
            missing = [name for name, tensor in tensors.items() if tensor is None]
            if missing:
                said = f"input {missing[0]} is missing"
                finish(sender, failure(said, triton.TritonError.INVALID_ARG))
                continue
            inputs = {name: tensor.as_numpy().copy() for name, tensor in tensors.items()}
            search = threading.Thread(target=self._search, args=(inputs, sender))
            self.searches.add(search)
            search.start()

    def finalize(self) -> None:
        """End what is under way, and let go of the networks."""
        self.ending.set()
        for search in self.searches:
            search.join()
        del self.answering

    def _search(self, inputs: Mapping[str, NDArray[Any]], sender: Any) -> None:
        """Answer one request, to its end or until nobody waits for that."""
        last = None
        try:
            for answers in self.answering.answers(inputs, self._watch(sender)):
                tensors = [triton.Tensor(name, array) for name, array in answers.items()]
                sender.send(triton.InferenceResponse(tensors))
        except Left:
            pass
        except ValueError as error:
            last = failure(str(error), triton.TritonError.INVALID_ARG)
        except Exception as error:  # noqa: BLE001 - a thread that ends silently is waited for
            last = failure(f"{type(error).__name__}: {error}", triton.TritonError.INTERNAL)
        finish(sender, last)

    def _watch(self, sender: Any) -> Callable[[], None]:
        """Return what raises Left once nobody waits for a request's answers."""
        looked = time.monotonic()

        def look() -> None:
            nonlocal looked
            now = time.monotonic()
            if now - looked < LOOK_SECONDS:
                return
            looked = now
            if self.ending.is_set() or sender.is_cancelled():
                raise Left

        return look


def finish(sender: Any, last: Any = None) -> None:
    """Send the end of a request's answers, with one last where there is one."""
    end = triton.TRITONSERVER_RESPONSE_COMPLETE_FINAL
    if last is None:
        sender.send(flags=end)
    else:
        sender.send(last, flags=end)


def failure(message: str, code: int) -> Any:
    """Return a response that fails one request and leaves the others alone."""
    return triton.InferenceResponse(error=triton.TritonError(message, code))
