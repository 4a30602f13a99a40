"""A gRPC server in Python that passes bytes to a Triton and does nothing else.

It says what gRPC in Python takes at both ends; our server asks Triton by HTTP, which takes less.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

import grpc
import uvloop
from askers import OPTIONS, v2_request
from negative import METHOD, NegativeService
from tritonclient.grpc import service_pb2_grpc

from limner.v1 import image_pb2


async def serve(triton: str) -> None:
    """Say where it listens, and serve until it is told to stop."""
    stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.aio.insecure_channel(triton, OPTIONS))

    async def negate(request: image_pb2.Image, _: Any) -> image_pb2.Image:
        answer = await stub.ModelInfer(v2_request(request.data))
        return image_pb2.Image(data=answer.raw_output_contents[0])

    handler = grpc.unary_unary_rpc_method_handler(
        negate,
        request_deserializer=image_pb2.Image.FromString,
        response_serializer=image_pb2.Image.SerializeToString,
    )
    server = grpc.aio.server(options=OPTIONS)
    handlers = grpc.method_handlers_generic_handler(NegativeService.name, {METHOD: handler})
    server.add_generic_rpc_handlers((handlers,))
    print(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", flush=True)
    await server.start()
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
    await told_to_stop.wait()
    await server.stop(None)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
