"""Ray Serve: a proxy before replicas, over HTTP and over gRPC, bytes as they came."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import grpc
import ray
from google.protobuf.wrappers_pb2 import BytesValue
from negating import Negating
from ray import serve
from starlette.requests import Request
from starlette.responses import Response


@serve.deployment(
    num_replicas=2, max_ongoing_requests=32, logging_config={"enable_access_log": False}
)
class Negative:
    """Answers bytes with bytes."""

    def __init__(self) -> None:
        """Open the network."""
        self._negating = Negating()

    async def __call__(self, request: Request) -> Response:
        """Answer over HTTP."""
        return Response(self._negating.negate(await request.body()))

    async def Negate(self, given: BytesValue) -> BytesValue:
        """Answer over gRPC."""
        return BytesValue(value=bytes(self._negating.negate(given.value)))


def add_negative(_servicer: Any, server: Any) -> None:
    """Put the method on a gRPC server, as generated code would."""
    handler = grpc.unary_unary_rpc_method_handler(
        lambda request, _: request,
        request_deserializer=BytesValue.FromString,
        response_serializer=BytesValue.SerializeToString,
    )
    handlers = grpc.method_handlers_generic_handler("limner.bench.Negative", {"Negate": handler})
    server.add_generic_rpc_handlers((handlers,))


def main() -> None:
    """Serve until asked to stop."""
    signals = {signal.SIGTERM, signal.SIGINT}
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=256 * 2**20,
        _temp_dir=sys.argv[1],
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": os.environ["PYTHONPATH"]}},
    )
    serve.start(
        http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])},
        grpc_options={
            "port": int(os.environ["GRPC_PORT"]),
            "grpc_servicer_functions": ["ray_server.add_negative"],
        },
    )
    serve.run(Negative.bind())
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    signal.sigwait(signals)
    serve.shutdown()
    ray.shutdown()


if __name__ == "__main__":
    main()
