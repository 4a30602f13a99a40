"""TransferHairService: check, look at heads, bring hair over, encode, and tell how far it is."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Final

from limner.v1 import transfer_hair_pb2 as pb
from limner.v1 import transfer_hair_pb2_grpc
from limner_registry.contracts import (
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    HAIR_MATTER,
    HAIR_OPTIMIZER,
    HAIR_REMOVER,
    HAIR_SEGMENTER,
)
from limner_server.call import Budget, Call, side_by_side
from limner_server.pipelines.course import Course
from limner_server.pipelines.heads import Heads
from limner_server.pipelines.matte import Matting
from limner_server.pipelines.transfer_hair import Order, Transferring, expected
from limner_server.pipelines.wigs import Wigs
from limner_server.services import hair_sources, wire
from limner_server.services.checks import Checks
from limner_server.services.hair_sources import HairSources
from limner_server.services.telling import tell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import grpc

    from limner_registry.contract import Contract
    from limner_server.imaging.pose import HeadPose
    from limner_server.pipelines.dressing import Person, Transferred
    from limner_server.references.reference import Reference as Stored
    from limner_server.routing.models import Models
    from limner_server.services.references import References

SEARCHED_WITH: Final = (HAIR_OPTIMIZER, HAIR_REMOVER)
"""What OPTIMIZE cannot do without: nobody waits for minutes to see old hair beside the new."""
MEASURED: Final = {"cosine_before", "cosine_after", "overlap"}
"""What is told of a search's steps and is no loss."""


class TransferHairService(transfer_hair_pb2_grpc.TransferHairServiceServicer):
    """Gives people the hair of others."""

    name: ClassVar[str] = "limner.v1.TransferHairService"
    needs: ClassVar[tuple[Contract, ...]] = (
        FACE_DETECTOR,
        FACE_MESH,
        FACE_MESH_ATTENTION,
        HAIR_SEGMENTER,
    )
    uses: ClassVar[tuple[Contract, ...]] = (HAIR_MATTER, HAIR_REMOVER, HAIR_OPTIMIZER)
    budgets: ClassVar[Mapping[str, Budget]] = {
        "TransferHair": Budget(default=3600.0, floor=0.05),
        "ListReferences": Budget(default=20.0, floor=0.001),
        "RecommendReferences": Budget(default=60.0, floor=0.02),
    }

    def __init__(self, models: Models, references: References) -> None:
        """Answer with the help of `models`, and of the stored `references`."""
        heads = Heads(models, Matting(models))
        self._references = references
        self._sources = HairSources(references, Wigs(heads))
        self._transferring = Transferring(models, heads)

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        transfer_hair_pb2_grpc.add_TransferHairServiceServicer_to_server(self, server)

    async def TransferHair(
        self, request: pb.TransferHairRequest, context: Any
    ) -> AsyncIterator[pb.TransferHairResponse]:
        """Yield how far the work is, then the person with other hair."""
        call = Call.current()
        _check(request)
        with wire.said_of("the person", "person"):
            size = wire.size_of(request.person)
        found = await self._sources.find(request, call)
        if request.options.validate_only:
            empty = pb.TransferHairResult(served_by=call.served_by())
            yield pb.TransferHairResponse(result=empty)
            return
        searches = _searches(request)
        for contract in (*self.needs, *(SEARCHED_WITH if searches else ())):
            call.use_of(contract.model)  # a call that was told anything is not sent again
        course = Course()
        course.plan(expected(*size, _order(request), searches=searches))
        course.begin("look", 1 + len(hair_sources.told(request)))
        work = self._transfer(request, found, call, course)
        response = pb.TransferHairResponse
        async with aclosing(tell(work, course, call, response)) as messages:
            async for message in messages:
                if message.HasField("progress") and not request.want_preview:
                    message.progress.ClearField("preview")
                if message.progress.stage == "search":
                    message.optimization.CopyFrom(_step(course))
                yield message

    async def ListReferences(
        self, request: pb.ListReferencesRequest, context: Any
    ) -> pb.ListReferencesResponse:
        """Return one page of the references that are stored."""
        return await self._references.page(request, Call.current())

    async def RecommendReferences(
        self, request: pb.RecommendReferencesRequest, context: Any
    ) -> pb.RecommendReferencesResponse:
        """Return the stored references that suit a person best."""
        return await self._references.recommend(request, Call.current())

    async def _transfer(
        self,
        request: pb.TransferHairRequest,
        found: Mapping[str, Stored],
        call: Call,
        course: Course,
    ) -> pb.TransferHairResult:
        """Return the person with the hair that was asked for."""
        posed: asyncio.Future[HeadPose] = asyncio.get_running_loop().create_future()
        person, (shape, look) = await side_by_side(
            self._person(request, posed, call, course),
            self._sources.look_at(request, found, posed, call, course),
        )
        put_on = self._transferring.search if _searches(request) else self._transferring.transfer
        of_shape = shape.reference if shape is not None else None
        done = await put_on(person, of_shape, look.reference, _order(request), call, course)
        if request.want_preview:
            course.preview = done.photo
        course.begin("encode")
        with call.stage("encode"):
            result = await asyncio.to_thread(_written, done, request)
        face, pose = person.head.face, person.head.face.pose
        result.face.CopyFrom(wire.write_face(face))
        if shape is not None:
            result.shape.CopyFrom(hair_sources.describe(shape, pose, gave_shape=True))
        result.look.CopyFrom(hair_sources.describe(look, pose, gave_shape=look is shape))
        call.sign(result)
        return result

    async def _person(
        self,
        request: pb.TransferHairRequest,
        posed: asyncio.Future[HeadPose],
        call: Call,
        course: Course,
    ) -> Person:
        """Return the person's photo with the head that is meant, and set how it is turned."""
        with wire.said_of("the person", "person"):
            photo = await wire.read_photo(request.person, call)
            person = await self._transferring.person(
                photo,
                wire.selector(request.person_selector),
                call,
                keeps_shape=not request.HasField("shape"),
            )
        posed.set_result(person.head.face.pose)
        course.advance()
        return person


def _check(request: pb.TransferHairRequest) -> None:
    """Go on only if a request's fields are well.

    Raises:
        ParameterOutOfRange: Fields are wrong, all told at once.
    """
    checks = Checks()
    checks.image(request.person, "person")
    checks.selector(request.person_selector, "person_selector")
    hair_sources.check(request, checks)
    checks.known(request.mode, pb.TransferHairMode, "mode")
    steps = request.iterations
    checks.require(0 <= steps <= 2000, "iterations", f"{steps} is not in [0, 2000]")
    checks.output(request.output)
    checks.options(request.options)
    checks.done()


def _searches(request: pb.TransferHairRequest) -> bool:
    return request.mode == pb.TRANSFER_HAIR_MODE_OPTIMIZE


def _order(request: pb.TransferHairRequest) -> Order:
    """Return what a request asks for, beside its photos."""
    keep = request.keep_face if request.HasField("keep_face") else True
    return Order(keep_face=keep, seed=request.seed, steps=request.iterations)


def _step(course: Course) -> pb.OptimizationStep:
    """Return how far a search is."""
    step, steps = course.steps
    return pb.OptimizationStep(step=step, steps=steps, losses=_losses(course.measures))


def _losses(measures: Mapping[str, float]) -> list[pb.TransferHairLoss]:
    return [
        pb.TransferHairLoss(name=name.replace("_", "-"), value=value)
        for name, value in measures.items()
        if name not in MEASURED
    ]


def _written(done: Transferred, request: pb.TransferHairRequest) -> pb.TransferHairResult:
    height, width = done.mask.shape
    result = pb.TransferHairResult(
        image=wire.write_image(done.photo, None, request.output),
        width_px=width,
        height_px=height,
        mode=request.mode or pb.TRANSFER_HAIR_MODE_FAST,
    )
    if done.found is not None:
        measures = done.found.measures
        result.optimization.steps = done.found.steps
        result.optimization.shape_iou = measures["overlap"]
        result.optimization.losses.extend(_losses(measures))
    if request.want_alpha:
        result.hair_alpha.CopyFrom(wire.write_alpha(done.alpha, request.output))
    if request.want_mask:
        result.mask.CopyFrom(wire.write_alpha(done.mask, request.output))
    return result
