"""Large tensors to Triton and back by shared memory, for as long as Triton knows our slab.

It writes to a part of the slab until it has answered, whatever becomes of the caller. So a part is
leased until the answer is there, and where none can come the whole slab is given up for another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import grpc
import numpy as np
from tritonclient.grpc import service_pb2

from limner_server.triton.owned import is_orphan, sweep_orphans
from limner_server.triton.slab import Slab

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from limner_registry.contract import Contract
    from limner_server.triton.slab import Lease

    Inputs = Mapping[str, NDArray[np.generic]]

log = logging.getLogger(__name__)

LEAST: Final = 256 * 1024
"""Bytes from which on a tensor takes a lane; smaller ones are as fast within a message."""
ANSWER_SECONDS: Final = 5.0
"""How long Triton may take to register a slab, or to forget one."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries to have a slab."""
ALIGNED: Final = 64
"""Every tensor begins at a multiple of this."""
MOST_KINDS: Final = 1000
"""Kinds of inputs whose answers' sizes are kept in mind."""

Kind = tuple[str, int, tuple[tuple[int, ...], ...]]
"""A model, a version, and the shapes of its inputs: what decides how large its answers are."""


@dataclass
class Passage:
    """One run's part of a slab, and where in it each tensor is."""

    lease: Lease
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Offset in the slab and bytes, by tensor name."""

    def put(self, array: NDArray[np.generic], name: str) -> None:
        """Write an input to its place."""
        offset, size = self.places[name]
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self.lease.view(offset - self.lease.offset, size)[:] = flat

    def take(self, name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return a copy of an output, read-only."""
        offset, _ = self.places[name]
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        copy = self.lease.view(offset - self.lease.offset, size).copy()
        copy.flags.writeable = False
        return copy.view(dtype).reshape(shape)

    def told(self, name: str) -> dict[str, str | int] | None:
        """Return where a tensor is, as Triton is told; None where it is not here."""
        if name not in self.places:
            return None
        offset, size = self.places[name]
        return {
            "shared_memory_region": self.lease.slab.name,
            "shared_memory_offset": offset,
            "shared_memory_byte_size": size,
        }


class Lanes:
    """The slab that Triton knows just now, if any."""

    def __init__(self, stub: Any, size: int) -> None:
        """Register slabs of `size` bytes by a stub of Triton's; 0 never does."""
        self._stub = stub
        self._size = size
        self._slab: Slab | None = None
        self._lost = asyncio.Event()
        self._forgotten: set[str] = set()
        """Slabs that are given up, and that Triton may know still."""
        self._sizes: dict[Kind, dict[str, int]] = {}

    @property
    def leased(self) -> int:
        """Bytes that runs have of the slab."""
        return self._slab.leased if self._slab else 0

    @property
    def open(self) -> bool:
        """Whether large tensors take them."""
        return self._slab is not None

    @property
    def name(self) -> str:
        """What Triton knows the slab by; empty where there is none."""
        return self._slab.name if self._slab else ""

    async def keep(self) -> None:
        """Have a slab that Triton knows, and another once that is lost, until cancelled."""
        await asyncio.to_thread(sweep_orphans)
        if not self._size:
            return
        pause = FIRST_PAUSE
        while True:
            self._lost.clear()
            try:
                await self._renew()
            except (OSError, grpc.aio.AioRpcError) as error:
                if pause == FIRST_PAUSE:  # the same again and again tells nobody more
                    log.warning("no lanes to triton", extra={"detail": str(error)[:300]})
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                await self._lost.wait()
                pause = FIRST_PAUSE
                await asyncio.sleep(pause)  # or a Triton that is unwell would have one a call

    def passage(self, contract: Contract, version: int, inputs: Inputs) -> Passage | None:
        """Return a part of the slab with the large inputs in it, and room for the large outputs.

        None where there are no large tensors, no slab, or no room in it. How large outputs are is
        known once the version has answered inputs of these shapes.
        """
        if self._slab is None:
            return None
        sizes = {tensor.name: inputs[tensor.name].nbytes for tensor in contract.inputs}
        outputs = self._sizes.get(_kind(contract, version, inputs), {})
        places, whole = _placed(_large(sizes) | _large(outputs))
        lease = self._slab.lease(whole) if places else None
        if lease is None:
            return None
        moved = {name: (lease.offset + at, size) for name, (at, size) in places.items()}
        passage = Passage(lease, moved)
        for tensor in contract.inputs:
            if tensor.name in places:
                passage.put(inputs[tensor.name], tensor.name)
        return passage

    def learn(
        self, contract: Contract, version: int, inputs: Inputs, answers: Mapping[str, NDArray[Any]]
    ) -> None:
        """Keep in mind how large the answers to such inputs are."""
        if len(self._sizes) >= MOST_KINDS:
            self._sizes.clear()
        kind = _kind(contract, version, inputs)
        self._sizes[kind] = {name: array.nbytes for name, array in answers.items()}

    def lose(self, slab: Slab) -> None:
        """Give a slab up: Triton does not know it, or may write to it when nobody knows."""
        self._forgotten.add(slab.name)
        if slab is self._slab:
            self._slab = None
            self._sizes.clear()  # an answer that did not fit is asked for without a lane
            self._lost.set()

    async def close(self) -> None:
        """Have Triton forget every slab of ours; whatever it does not hear ends with it."""
        if self._slab is not None:
            self.lose(self._slab)
        with contextlib.suppress(grpc.aio.AioRpcError):
            await self._forget()

    async def _renew(self) -> None:
        """Register a new slab, and have Triton forget those that were given up.

        Raises:
            OSError: /dev/shm has no room for it.
            grpc.aio.AioRpcError: Triton does not take it.
        """
        known = await self._stub.SystemSharedMemoryStatus(
            service_pb2.SystemSharedMemoryStatusRequest(), wait_for_ready=True
        )
        self._forgotten |= {name for name in known.regions if is_orphan(name)}
        await self._forget()
        slab = await asyncio.to_thread(Slab, self._size)
        try:
            self._forgotten.add(slab.name)  # whether it gets to know it is not known until it says
            await self._stub.SystemSharedMemoryRegister(
                service_pb2.SystemSharedMemoryRegisterRequest(
                    name=slab.name, key=f"/{slab.name}", offset=0, byte_size=slab.size
                ),
                timeout=ANSWER_SECONDS,
            )
        finally:
            slab.hide()
        self._forgotten.remove(slab.name)
        self._slab = slab
        log.info("lanes to triton are open", extra={"bytes": slab.size})

    async def _forget(self) -> None:
        """Have Triton let go of what was given up; it does so once nothing there uses it."""
        for name in sorted(self._forgotten):
            request = service_pb2.SystemSharedMemoryUnregisterRequest(name=name)
            await self._stub.SystemSharedMemoryUnregister(request, timeout=ANSWER_SECONDS)
            self._forgotten.remove(name)


def _kind(contract: Contract, version: int, inputs: Inputs) -> Kind:
    shapes = tuple(inputs[tensor.name].shape for tensor in contract.inputs)
    return contract.model, version, shapes


def _large(sizes: Mapping[str, int]) -> dict[str, int]:
    return {name: size for name, size in sizes.items() if size >= LEAST}


def _placed(sizes: Mapping[str, int]) -> tuple[dict[str, tuple[int, int]], int]:
    """Return where each tensor begins and how large it is, and the bytes of all together."""
    places, start = {}, 0
    for name, size in sizes.items():
        places[name] = start, size
        start += -(-size // ALIGNED) * ALIGNED
    return places, start
