"""Stubs on the shared stack, and pictures of every bad kind, made where they are needed."""

from __future__ import annotations

import io
from dataclasses import dataclass

import grpc
import numpy as np
import pytest
from PIL import Image

from limner.errors import LimnerError, from_rpc_error
from limner.v1 import (
    animalize_pb2_grpc,
    composite_pb2_grpc,
    dye_pb2_grpc,
    matte_pb2_grpc,
    model_pb2_grpc,
    segment_pb2_grpc,
    stylize_pb2_grpc,
    transfer_hair_pb2_grpc,
)


@dataclass(frozen=True)
class Stubs:
    """The services of the shared stack."""

    segment: segment_pb2_grpc.SegmentServiceStub
    matte: matte_pb2_grpc.MatteServiceStub
    dye: dye_pb2_grpc.DyeServiceStub
    stylize: stylize_pb2_grpc.StylizeServiceStub
    composite: composite_pb2_grpc.CompositeServiceStub
    animalize: animalize_pb2_grpc.AnimalizeServiceStub
    transfer_hair: transfer_hair_pb2_grpc.TransferHairServiceStub
    model: model_pb2_grpc.ModelServiceStub


@pytest.fixture(scope="session")
def stubs(stack):
    """Stubs with room for the largest message."""
    size = 72 * 1024 * 1024
    options = (
        ("grpc.max_send_message_length", size),
        ("grpc.max_receive_message_length", 4 * size),
    )
    with grpc.insecure_channel(stack.address, options) as channel:
        yield Stubs(
            segment_pb2_grpc.SegmentServiceStub(channel),
            matte_pb2_grpc.MatteServiceStub(channel),
            dye_pb2_grpc.DyeServiceStub(channel),
            stylize_pb2_grpc.StylizeServiceStub(channel),
            composite_pb2_grpc.CompositeServiceStub(channel),
            animalize_pb2_grpc.AnimalizeServiceStub(channel),
            transfer_hair_pb2_grpc.TransferHairServiceStub(channel),
            model_pb2_grpc.ModelServiceStub(channel),
        )


@pytest.fixture(scope="session")
def portrait(astronaut) -> Image.Image:
    """The astronaut, decoded."""
    return Image.open(io.BytesIO(astronaut)).convert("RGB")


def failure(method, request, **options) -> LimnerError:
    """Return the typed error that a call ends in."""
    with pytest.raises(grpc.RpcError) as caught:
        method(request, **options)
    return from_rpc_error(caught.value)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    """Return an image as a file of one kind."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def plane(data: bytes) -> np.ndarray:
    """Return the values of a gray PNG."""
    return np.asarray(Image.open(io.BytesIO(data)))
