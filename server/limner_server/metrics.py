"""What Prometheus sees. Names of the gRPC ones are the go and python middlewares'."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pynvml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.metrics_core import Metric

CALL_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)
MODEL_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)


class Metrics:
    """Every series of one server process, in a registry of its own."""

    def __init__(self) -> None:
        """Make the series; nothing listens yet."""
        self.registry = CollectorRegistry()
        labels = ("grpc_type", "grpc_service", "grpc_method")
        self.started = Counter(
            "grpc_server_started", "Calls begun.", labels, registry=self.registry
        )
        self.handled = Counter(
            "grpc_server_handled",
            "Calls ended, by status code.",
            (*labels, "grpc_code"),
            registry=self.registry,
        )
        self.handling = Histogram(
            "grpc_server_handling_seconds",
            "Time from a call's begin to its end.",
            labels,
            buckets=CALL_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "limner_calls_in_flight", "Calls being worked on.", registry=self.registry
        )
        self.errors = Counter(
            "limner_errors",
            "Calls that ended in an error, by reason.",
            ("reason",),
            registry=self.registry,
        )
        self.model_calls = Counter(
            "limner_model_calls",
            "Calls of model versions, by outcome.",
            ("model", "version", "outcome"),
            registry=self.registry,
        )
        self.model_seconds = Histogram(
            "limner_model_seconds",
            "Time of one call of a model version, the way to Triton and back included.",
            ("model", "version"),
            buckets=MODEL_BUCKETS,
            registry=self.registry,
        )
        self.stage_seconds = Histogram(
            "limner_stage_seconds",
            "Time of one part of a call.",
            ("stage",),
            buckets=CALL_BUCKETS,
            registry=self.registry,
        )
        self.model_ready = Gauge(
            "limner_model_ready",
            "1 when the version last answered its golden inputs, else 0.",
            ("model", "version"),
            registry=self.registry,
        )
        self.triton_restarts = Counter(
            "limner_triton_restarts",
            "Times Triton ended and was started again.",
            registry=self.registry,
        )
        self.triton = Info(
            "limner_triton",
            "The Triton behind this server, and its own metrics page.",
            registry=self.registry,
        )
        self.registry.register(Gpus())

    def model_call(self, model: str, version: int, outcome: str, seconds: float) -> None:
        """Count one call of a model version."""
        self.model_calls.labels(model, version, outcome).inc()
        self.model_seconds.labels(model, version).observe(seconds)

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
