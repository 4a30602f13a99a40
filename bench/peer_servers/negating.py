"""The network that every peer serves, opened as Limner's runners open theirs."""

from __future__ import annotations

import os

import numpy as np
import onnxruntime as ort


class Negating:
    """One network, on one thread."""

    def __init__(self) -> None:
        """Open the network that the environment names."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        self._session = ort.InferenceSession(os.environ["NETWORK"], options, providers=providers)

    def run(self, given: np.ndarray) -> np.ndarray:
        """Return the negative of a tensor of bytes."""
        return self._session.run(["negative"], {"given": given})[0]

    def negate(self, data: bytes) -> bytes:
        """Return the negative of bytes."""
        return self.run(np.frombuffer(data, np.uint8)).tobytes()
