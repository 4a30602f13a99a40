"""A Limner server that answers by the book, and both clients of it behind one set of methods."""

from __future__ import annotations

import asyncio
import io
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from PIL import Image

from limner import errors
from limner.v1 import image_pb2, matte_pb2, matte_pb2_grpc, segment_pb2, segment_pb2_grpc
from limner_client import AsyncLimnerClient, LimnerClient
from limner_client.channel import CHANNEL_OPTIONS

WIDTH, HEIGHT = 60, 80


def png(pixels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "png")
    return data.getvalue()


def ellipse() -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.where(((x - 30) / 18) ** 2 + ((y - 50) / 40) ** 2 < 1, 255, 0).astype(np.uint8)


class Double(segment_pb2_grpc.SegmentServiceServicer, matte_pb2_grpc.MatteServiceServicer):
    """Keeps every request; fails as often as it was told to, then answers one face."""

    def __init__(self) -> None:
        self.address = ""
        self.requests = []
        self.metadata = []
        self.failures = deque()
        self.hangs = False
        self.in_flight = self.most_in_flight = 0
        self.together = None
        self.health = health.HealthServicer()
        self._lock = threading.Lock()

    def Segment(self, request, context):
        self._receive(request, context)
        spec, mask = request.output, ellipse()
        raw = spec.plane_format == image_pb2.PLANE_FORMAT_RAW_U8
        reply = segment_pb2.SegmentResponse(
            masks=[
                segment_pb2.ClassMask(
                    mask=image_pb2.Mask(
                        data=mask.tobytes() if raw else png(mask),
                        format=spec.plane_format,
                        width_px=WIDTH,
                        height_px=HEIGHT,
                    ),
                    area=0.25,
                    **{"class": "SEGMENT_CLASS_PERSON"},
                )
            ],
            **_about(request),
        )
        if not request.without_faces:
            reply.faces.append(_face())
            reply.selected_face = 0
            reply.hints.add(advice="CAPTURE_ADVICE_COME_NEARER", message="come nearer: 12 %")
        return reply

    def Matte(self, request, context):
        self._receive(request, context)
        alpha = image_pb2.Alpha(
            data=png(ellipse()), format="PLANE_FORMAT_PNG8", width_px=WIDTH, height_px=HEIGHT
        )
        trimap = image_pb2.Mask(
            data=alpha.data, format=alpha.format, width_px=WIDTH, height_px=HEIGHT
        )
        reply = matte_pb2.MatteResponse(
            alpha=alpha, trimap=trimap, unknown=0.125, **_about(request)
        )
        if request.want_foreground:
            cutout = np.dstack([np.full((HEIGHT, WIDTH, 3), 90, np.uint8), ellipse()])
            raw = request.output.format == image_pb2.IMAGE_FORMAT_RAW_RGBA8
            reply.foreground.data = cutout.tobytes() if raw else png(cutout)
            reply.foreground.format = request.output.format
            reply.foreground.width_px, reply.foreground.height_px = WIDTH, HEIGHT
        return reply

    def _receive(self, request, context):
        with self._lock:
            self.requests.append(request)
            self.metadata.append(dict(context.invocation_metadata()))
            failure = self.failures.popleft() if self.failures else None
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        if self.together:
            self.together.wait(timeout=5)
        with self._lock:
            self.in_flight -= 1
        if failure is not None:
            context.abort_with_status(_as_grpc(errors.to_status(failure)))
        if self.hangs:
            ended = threading.Event()
            if context.add_callback(ended.set):
                ended.wait()


def _as_grpc(status):
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    metadata = ((errors.STATUS_DETAILS, status.SerializeToString()),)
    return SimpleNamespace(code=code, details=status.message, trailing_metadata=metadata)


def _about(request):
    models = [
        image_pb2.ModelUse(model="face_detector", version=3, arm="ARM_STABLE"),
        image_pb2.ModelUse(model="person_mask", version=1, arm="ARM_STABLE"),
    ]
    stages = [("decode", 0.01), ("mesh", 0.02), ("mesh", 0.03)]
    return {
        "width_px": WIDTH,
        "height_px": HEIGHT,
        "served_by": image_pb2.ServedBy(models=models, request_id=request.options.request_id),
        "timings": image_pb2.Timings(
            stages=[image_pb2.Stage(name=name, seconds=seconds) for name, seconds in stages],
            total_seconds=0.07,
        ),
        "warnings": [image_pb2.Warning(code="SMALL", message="the photo is small", field="image")],
    }


def _face():
    turns = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    oval = image_pb2.Polygon(x_px=30 + 9 * np.sin(turns), y_px=30 - 12 * np.cos(turns))
    spread = np.linspace(22, 38, 478)
    mesh = image_pb2.Landmarks(
        scheme="LANDMARK_SCHEME_MEDIAPIPE_478", x_px=spread, y_px=spread, z_px=spread * 0
    )
    return image_pb2.Face(
        box=image_pb2.Box(left_px=20, top_px=18, right_px=40, bottom_px=44),
        score=0.75,
        pose=image_pb2.HeadPose(yaw_deg=12.5, pitch_deg=-3, roll_deg=1),
        landmarks=mesh,
        oval=oval,
    )


@pytest.fixture
def double():
    servicer = Double()
    with ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool, options=CHANNEL_OPTIONS[:2])
        segment_pb2_grpc.add_SegmentServiceServicer_to_server(servicer, server)
        matte_pb2_grpc.add_MatteServiceServicer_to_server(servicer, server)
        health_pb2_grpc.add_HealthServicer_to_server(servicer.health, server)
        servicer.health.set("down", health_pb2.HealthCheckResponse.NOT_SERVING)
        servicer.address = f"localhost:{server.add_insecure_port('localhost:0')}"
        server.start()
        yield servicer
        server.stop(None).wait()


class Awaited:
    """A synchronous client whose methods can be awaited, so that one test serves both."""

    def __init__(self, client) -> None:
        self._client = client

    async def __aenter__(self):
        self._client.__enter__()
        return self

    async def __aexit__(self, *error):
        self._client.__exit__(*error)

    def __getattr__(self, name):
        method = getattr(self._client, name)
        return lambda *args, **options: asyncio.to_thread(method, *args, **options)


@pytest.fixture(params=["async", "sync"])
def make_client(request):
    def make(*args, **options):
        if request.param == "async":
            return AsyncLimnerClient(*args, **options)
        return Awaited(LimnerClient(*args, **options))

    return make


@pytest.fixture
async def limner(make_client, double):
    async with make_client(double.address, timeout=20) as client:
        yield client


@pytest.fixture
def photo(tmp_path):
    """A file of the double's size."""
    path = tmp_path / "me.png"
    path.write_bytes(png(np.full((HEIGHT, WIDTH, 3), 128, np.uint8)))
    return path


@pytest.fixture
def closed_address():
    """Where nothing listens."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"
