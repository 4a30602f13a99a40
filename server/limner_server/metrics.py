"""What Prometheus sees. Names of the gRPC ones are the go and python middlewares'."""

from __future__ import annotations

import contextlib
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar

import pynvml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.metrics_core import Metric

Labeled = TypeVar("Labeled", Counter, Histogram)

CALL_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)
DIFFERENCES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.8, 0.9, 0.95, 0.99, 1, 3, 10, 30)
LAG_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
MODEL_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)


class Metrics:
    """Every series of one server process, in a registry of its own."""

    def __init__(self) -> None:
        """Make the series; nothing listens yet."""
        self.registry = CollectorRegistry()
        count = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        time = partial(Histogram, registry=self.registry)
        method = ("grpc_type", "grpc_service", "grpc_method")

        self.started = _series(count("grpc_server_started", "Calls begun.", method))
        self.handled = _series(count("grpc_server_handled", "Calls ended.", (*method, "grpc_code")))
        self.handling = _series(
            time("grpc_server_handling_seconds", "Time of a call.", method, buckets=CALL_BUCKETS)
        )
        self.in_flight = gauge("limner_calls_in_flight", "Calls being worked on.")
        self.frames = count("limner_frames", "Frames of streams.", (*method, "outcome"))
        self.frame_seconds = time(
            "limner_frame_seconds", "Time of an answered frame.", method, buckets=CALL_BUCKETS
        )
        self.errors = count("limner_errors", "Calls that ended in an error.", ("reason",))
        self.stage_seconds = _series(
            time(
                "limner_stage_seconds",
                "Time of one part of a call.",
                ("stage",),
                buckets=CALL_BUCKETS,
            )
        )
        self.loop_lag = time(
            "limner_loop_lag_seconds",
            "How late the event loop was, looked at twenty times a second.",
            buckets=LAG_BUCKETS,
        )
        self.triton_restarts = count("limner_triton_restarts", "Starts after Triton had ended.")
        self.controller_restarts = count(
            "limner_controller_restarts", "Starts after the controller had ended."
        )
        self.lanes_open = gauge("limner_lanes_open", "1 while large tensors take shared memory.")
        self.lanes_leased = gauge("limner_lanes_leased_bytes", "Bytes of it that runs have.")
        self.triton = Info(
            "limner_triton",
            "The Triton behind this server, and its own metrics page.",
            registry=self.registry,
        )
        self.registry.register(Gpus())
        self._versions()
        self._admission()
        self._rollouts()

    def _versions(self) -> None:
        """Make the series of versions: how they run, and whether they are up."""
        count = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        time = partial(Histogram, registry=self.registry)
        version = ("model", "version")
        self.model_calls = _series(
            count("limner_model_calls", "Runs of a version.", (*version, "outcome"))
        )
        self.model_seconds = _series(
            time(
                "limner_model_seconds",
                "Time of one run, the way to Triton and back included.",
                version,
                buckets=MODEL_BUCKETS,
            )
        )
        self.model_ready = gauge(
            "limner_model_ready", "1 when the version last answered its golden inputs.", version
        )
        self.mended = gauge("limner_mended", "Versions that were lost and have come back.")

    def _admission(self) -> None:
        """Make the series of who works, who waits and who is turned away."""
        gauge = partial(Gauge, registry=self.registry)
        self.working_calls = gauge("limner_working_calls", "Calls that have their turn.")
        self.waiting_calls = gauge(
            "limner_waiting_calls", "Calls that wait for their turn.", ("priority",)
        )
        self.expected_wait = gauge(
            "limner_expected_wait_seconds",
            "What a call that came now would wait for its turn, by the measured rate.",
            ("priority",),
        )
        self.held_bytes = gauge("limner_held_bytes", "Bytes of the requests that are in the house.")
        self.held_pixels = gauge("limner_held_pixels", "Pixels of the pictures in them.")
        self.refused_calls = Counter(
            "limner_refused_calls",
            "Calls turned away for want of bytes, pixels, a turn (work) or a runner (model).",
            ("want",),
            registry=self.registry,
        )
        version = ("model", "version")
        self.model_working = gauge("limner_model_working", "Runs handed to a version.", version)
        self.model_waiting = gauge("limner_model_waiting", "Runs that wait for a runner.", version)

    def _rollouts(self) -> None:
        """Make the series of rollouts."""
        count = partial(Counter, registry=self.registry)
        self.routing_generation = Gauge(
            "limner_routing_generation",
            "Generation of the routing table in force.",
            registry=self.registry,
        )
        self.controller_linked = Gauge(
            "limner_controller_linked",
            "1 while the controller that this server goes by is heard.",
            ("controller",),
            registry=self.registry,
        )
        self.canary_requests = _series(
            count(
                "limner_canary_requests",
                "Calls of models that are being rolled out.",
                ("model", "arm", "outcome"),
            )
        )
        self.canary_fallback = count(
            "limner_canary_fallback", "Calls that stable answered for a canary.", ("model",)
        )
        self.canary_ejections = count(
            "limner_canary_ejections", "Canaries that this server left out by itself.", ("model",)
        )
        self.shadow_dropped = count(
            "limner_shadow_dropped",
            "Inputs no canary was shown, for want of room.",
            ("reason",),
        )
        self.shadow_difference = Histogram(
            "limner_shadow_difference",
            "Difference of the two versions' answers to one input.",
            ("model", "measure"),
            buckets=DIFFERENCES,
            registry=self.registry,
        )

    def model_call(self, model: str, version: int, outcome: str, seconds: float) -> None:
        """Count one call of a model version."""
        self.model_calls(model, version, outcome).inc()
        self.model_seconds(model, version).observe(seconds)

    @contextlib.contextmanager
    def page(self, host: str, port: int) -> Iterator[int]:
        """Serve /metrics on `host` and `port` (0 takes a free one); yields the port."""
        server, thread = start_http_server(port, host, self.registry)
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _series(metric: Labeled) -> Callable[..., Labeled]:
    """Return what gives the series of a metric by its labels, each looked up once.

    Looking one up takes as long as deciding which version answers.
    """
    return cache(metric.labels)


class Gpus(Collector):
    """Memory and use of each NVIDIA GPU, read when scraped; nothing where there is none."""

    def __init__(self) -> None:
        """Look for the driver once."""
        self._count = 0
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlInit()
            self._count = pynvml.nvmlDeviceGetCount()

    def collect(self) -> Iterable[Metric]:
        """Yield one family for each figure."""
        used = GaugeMetricFamily("limner_gpu_memory_used_bytes", "Memory in use.", labels=["gpu"])
        total = GaugeMetricFamily("limner_gpu_memory_bytes", "Memory there is.", labels=["gpu"])
        busy = GaugeMetricFamily(
            "limner_gpu_utilization_ratio", "Share of time a kernel ran, in [0, 1].", labels=["gpu"]
        )
        for index in range(self._count):
            with contextlib.suppress(pynvml.NVMLError):
                device = pynvml.nvmlDeviceGetHandleByIndex(index)
                memory = pynvml.nvmlDeviceGetMemoryInfo(device)
                used.add_metric([str(index)], memory.used)
                total.add_metric([str(index)], memory.total)
                rates = pynvml.nvmlDeviceGetUtilizationRates(device)
                busy.add_metric([str(index)], rates.gpu / 100)
        return (used, total, busy) if self._count else ()
