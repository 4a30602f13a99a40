"""CompositeService: check, decode, look, lay in, encode; two photos or a stream of frames."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from limner.v1 import composite_pb2, composite_pb2_grpc, image_pb2
from limner_registry.contracts import (
    BACKGROUND_BLENDER,
    COLOR_CORRECTOR,
    COMPOSER,
    FACE_DETECTOR,
    FACE_EXTRACTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
)
from limner_server.call import Budget, Call, side_by_side
from limner_server.pipelines.composite import Composited, Compositing, Engine, Portrait
from limner_server.services import wire
from limner_server.services.checks import Checks
from limner_server.services.frames import Answer, answer_newest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import grpc

    from limner_registry.contract import Contract
    from limner_server.routing.models import Models

NETWORK, CONVENTIONAL = (
    composite_pb2.COMPOSITE_ENGINE_NETWORK,
    composite_pb2.COMPOSITE_ENGINE_CONVENTIONAL,
)


class CompositeService(composite_pb2_grpc.CompositeServiceServicer):
    """Lays converted faces into original photos."""

    name: ClassVar[str] = "limner.v1.CompositeService"
    needs: ClassVar[tuple[Contract, ...]] = (
        FACE_DETECTOR,
        FACE_MESH,
        FACE_MESH_ATTENTION,
        COMPOSER,
    )
    uses: ClassVar[tuple[Contract, ...]] = (
        FACE_EXTRACTOR,
        COLOR_CORRECTOR,
        BACKGROUND_BLENDER,
    )
    budgets: ClassVar[Mapping[str, Budget]] = {
        "Composite": Budget(default=60.0, floor=0.02),
        "CompositeStream": Budget(default=3600.0, floor=0.0, frame=60.0),
    }

    def __init__(self, models: Models) -> None:
        """Answer with the help of `models`."""
        self._compositing = Compositing(models)

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        composite_pb2_grpc.add_CompositeServiceServicer_to_server(self, server)

    async def Composite(
        self, request: composite_pb2.CompositeRequest, context: Any
    ) -> composite_pb2.CompositeResponse:
        """Return the original with the converted photo's face."""
        call = Call.current()
        _check(request)
        if request.options.validate_only:
            for which in ("original", "converted"):
                with wire.said_of(f"the {which}", which):
                    wire.check_header(getattr(request, which))
            return composite_pb2.CompositeResponse(served_by=call.served_by())
        original, converted = await side_by_side(
            self._portrait(request, "original", request.original, call),
            self._portrait(request, "converted", request.converted, call),
        )
        return await self._response(request, original, converted, call)

    def CompositeStream(
        self,
        request_iterator: AsyncIterator[composite_pb2.CompositeStreamRequest],
        context: Any,
    ) -> AsyncIterator[composite_pb2.CompositeStreamResponse]:
        """Yield the same as Composite for the newest of many frames, as they come."""
        return answer_newest(
            request_iterator,
            _check_settings,
            self._prepare,
            composite_pb2.CompositeStreamResponse,
        )

    async def _prepare(
        self, settings: composite_pb2.CompositeRequest, call: Call
    ) -> Answer[composite_pb2.CompositeResponse]:
        """Return what answers frames as `settings` say, their original looked at."""
        if not settings.HasField("original"):
            return Answer(partial(self._answer, settings, None))
        original = await self._portrait(settings, "original", settings.original, call)
        height, width, _ = original.photo.shape
        return Answer(
            partial(self._answer, settings, original), original.photo.nbytes, height * width
        )

    async def _answer(
        self,
        settings: composite_pb2.CompositeRequest,
        known: Portrait | None,
        frame: composite_pb2.CompositeFrame,
        call: Call,
    ) -> composite_pb2.CompositeResponse:
        """Return a frame's face in its own original, or in the one of the settings."""
        _check_frame(frame, settings)
        converted = self._portrait(settings, "converted", frame.converted, call)
        if known is not None and not frame.HasField("original"):
            return await self._response(settings, known, await converted, call)
        original, above = await side_by_side(
            self._portrait(settings, "original", frame.original, call), converted
        )
        return await self._response(settings, original, above, call)

    async def _portrait(
        self,
        request: composite_pb2.CompositeRequest,
        which: str,
        image: image_pb2.Image,
        call: Call,
    ) -> Portrait:
        """Return one of the two photos with the face that is meant in it."""
        with wire.said_of(f"the {which}", which):
            photo = await wire.read_photo(image, call)
        selector = wire.selector(getattr(request, f"{which}_selector"))
        return await self._compositing.look(photo, selector, which, call)

    async def _response(
        self,
        request: composite_pb2.CompositeRequest,
        original: Portrait,
        converted: Portrait,
        call: Call,
    ) -> composite_pb2.CompositeResponse:
        """Return the converted face in the original as `request` says."""
        engine = Engine.CONVENTIONAL if request.engine == CONVENTIONAL else Engine.NETWORK
        done = await self._compositing.composite(original, converted, engine, call)
        with call.stage("encode"):
            response = await asyncio.to_thread(_written, done, request)
        response.original_face.CopyFrom(wire.write_face(original.face))
        response.converted_face.CopyFrom(wire.write_face(converted.face))
        call.sign(response)
        return response


def _check(request: composite_pb2.CompositeRequest) -> None:
    checks = Checks()
    checks.image(request.original, "original")
    checks.image(request.converted, "converted")
    _check_fields(request, checks)


def _check_settings(settings: composite_pb2.CompositeRequest) -> None:
    checks = Checks("settings.")
    checks.settings(settings, left_out=("converted",))
    if settings.HasField("original"):
        checks.image(settings.original, "original")
    _check_fields(settings, checks)


def _check_frame(
    frame: composite_pb2.CompositeFrame, settings: composite_pb2.CompositeRequest
) -> None:
    checks = Checks()
    checks.image(frame.converted, "converted")
    if frame.HasField("original") or not settings.HasField("original"):
        checks.image(frame.original, "original")
    checks.done()


def _check_fields(request: composite_pb2.CompositeRequest, checks: Checks) -> None:
    checks.output(request.output)
    checks.options(request.options)
    for field in ("original_selector", "converted_selector"):
        checks.selector(getattr(request, field), field)
    checks.known(request.engine, composite_pb2.CompositeEngine, "engine")
    checks.done()


def _written(
    done: Composited, request: composite_pb2.CompositeRequest
) -> composite_pb2.CompositeResponse:
    height, width = done.mask.shape
    response = composite_pb2.CompositeResponse(
        image=wire.write_image(done.photo, None, request.output),
        misfit=done.misfit,
        scale=done.scale,
        visible=done.visible,
        engine=request.engine or NETWORK,
        width_px=width,
        height_px=height,
    )
    if request.want_mask:
        response.mask.CopyFrom(wire.write_alpha(done.mask, request.output))
    return response
