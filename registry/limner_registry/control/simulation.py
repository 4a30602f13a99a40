"""SimulateRollout: simulations in bounded time, in nobody's way."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from google.protobuf.json_format import MessageToDict, ParseDict

from limner.v1 import rollouts_pb2
from limner_registry.errors import InputRefused
from limner_registry.rollout.document import read_spec
from limner_registry.rollout.forecast import forecast, read_question
from limner_registry.rollout.spec import DEFAULT

MOST_RUNS: Final = 2000
MOST_SECONDS: Final = 15.0
"""That one simulation may take."""


class SimulationTooLong(InputRefused):
    """It is more than a controller has time for."""


class Simulator:
    """Plays for one caller after the other, in a thread that nothing else waits for."""

    def __init__(self) -> None:
        """Begin without the thread; the first question starts it."""
        self._thread = ThreadPoolExecutor(1, "simulation")

    async def answer(self, request: Any) -> Any:
        """Return what a SimulateRolloutRequest asks for.

        Raises:
            SpecRefused: Its spec cannot be followed.
            QuestionRefused: Anything else in it is wrong.
            SimulationTooLong: It takes longer than a controller has time for.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _simulated, request)


def _simulated(request: Any) -> Any:
    document = MessageToDict(request, preserving_proto_field_name=True)
    given = document.pop("spec", None)
    spec = DEFAULT if given is None else read_spec(given)
    question = read_question(spec, document, MOST_RUNS)
    until = time.monotonic() + MOST_SECONDS

    def look_at_the_clock(_: float) -> None:
        if time.monotonic() > until:
            raise SimulationTooLong(
                f"runs: {question.runs} take more than {MOST_SECONDS:.0f} s; ask for fewer, "
                "or let `limner rollout simulate` take its time"
            )

    found = forecast(question, look_at_the_clock)
    return ParseDict(found.to_json(), rollouts_pb2.SimulateRolloutResponse())
