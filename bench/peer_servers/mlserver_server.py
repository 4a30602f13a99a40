"""MLServer: a runtime of the user's own behind the V2 protocol, tensors as numpy arrays."""

from __future__ import annotations

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from negating import Negating


class Negative(MLModel):
    """Answers a tensor with a tensor."""

    async def load(self) -> bool:
        """Open the network."""
        self._negating = Negating()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Run the network."""
        given = NumpyCodec.decode_input(payload.inputs[0])
        negative = NumpyCodec.encode_output("negative", self._negating.run(given))
        return InferenceResponse(model_name=self.name, outputs=[negative])
