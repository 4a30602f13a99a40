"""MatteService: check, decode, cut out, encode; one photo or a stream of frames."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import cv2
import numpy as np

from limner.v1 import image_pb2, matte_pb2, matte_pb2_grpc
from limner_registry.contracts import (
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    HAIR_MATTER,
    HAIR_SEGMENTER,
    PERSON_SEGMENTER,
)
from limner_server.call import Budget, Call
from limner_server.imaging.trimap import INSIDE, OUTSIDE, UNKNOWN
from limner_server.pipelines.matte import CutOut, Engine, Matting, engine_for_hair, trimap_of_mask
from limner_server.services import planes, wire
from limner_server.services.checks import Checks
from limner_server.services.frames import Answer, answer_newest, on_image

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import grpc

    from limner_registry.contract import Contract
    from limner_server.imaging.arrays import Photo, Plane
    from limner_server.routing.models import Models


PERSON = matte_pb2.MATTE_SUBJECT_PERSON
NETWORK = matte_pb2.MATTE_ENGINE_NETWORK


class MatteService(matte_pb2_grpc.MatteServiceServicer):
    """Cuts subjects out of photos, hair by hair."""

    name: ClassVar[str] = "limner.v1.MatteService"
    needs: ClassVar[tuple[Contract, ...]] = (
        FACE_DETECTOR,
        FACE_MESH,
        FACE_MESH_ATTENTION,
        PERSON_SEGMENTER,
        HAIR_SEGMENTER,
    )
    uses: ClassVar[tuple[Contract, ...]] = (HAIR_MATTER,)
    budgets: ClassVar[Mapping[str, Budget]] = {
        "Matte": Budget(default=60.0, floor=0.02),
        "MatteStream": Budget(default=3600.0, floor=0.0, frame=60.0),
    }

    def __init__(self, models: Models) -> None:
        """Answer with the help of `models`."""
        self._matting = Matting(models)

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        matte_pb2_grpc.add_MatteServiceServicer_to_server(self, server)

    async def Matte(self, request: matte_pb2.MatteRequest, context: Any) -> matte_pb2.MatteResponse:
        """Return a soft alpha for the subject, and its colors when they are wanted."""
        call = Call.current()
        _check(request)
        if request.options.validate_only:
            size, prior = wire.size_of(request.image), request.WhichOneof("prior")
            if prior is not None:
                planes.check_header(getattr(request, prior), size, prior)
            return matte_pb2.MatteResponse(served_by=call.served_by())
        return await self._answer(request, request.image, call)

    def MatteStream(
        self, request_iterator: AsyncIterator[matte_pb2.MatteStreamRequest], context: Any
    ) -> AsyncIterator[matte_pb2.MatteStreamResponse]:
        """Yield the same for the newest of many frames, as they come."""
        return answer_newest(
            request_iterator, _check_settings, self._prepare, matte_pb2.MatteStreamResponse
        )

    async def _prepare(
        self, settings: matte_pb2.MatteRequest, call: Call
    ) -> Answer[matte_pb2.MatteResponse]:
        return on_image(partial(self._answer, settings))

    async def _answer(
        self, request: matte_pb2.MatteRequest, image: image_pb2.Image, call: Call
    ) -> matte_pb2.MatteResponse:
        """Return what `request` asks of an image."""
        photo = await wire.read_photo(image, call)
        trimap = await self._trimap(request, photo, call)
        cut_out = await self._matting.cut_out(
            photo,
            trimap,
            call,
            want_foreground=request.want_foreground,
            engine=_engine(request, call),
        )
        with call.stage("encode"):
            response = await asyncio.to_thread(_written, cut_out, request.output)
        call.sign(response)
        return response

    async def _trimap(self, request: matte_pb2.MatteRequest, photo: Photo, call: Call) -> Plane:
        """Return the trimap that was sent, or one from the map that was, or from the networks."""
        band = request.band_px or None
        match request.WhichOneof("prior"):
            case "trimap":
                values = await planes.read(request.trimap, photo, "trimap", call)
                return await asyncio.to_thread(_checked, values)
            case "map":
                mask = await planes.read(request.map, photo, "map", call)
                return await trimap_of_mask(mask, band, call)
            case _ if request.subject == PERSON:
                return await self._matting.trimap_of_person(photo, band, call)
            case _:
                selector = wire.selector(request.selector)
                return await self._matting.trimap_of_hair(photo, selector, band, call)


def _engine(request: matte_pb2.MatteRequest, call: Call) -> Engine:
    """Return what solves the alpha; unsaid, the network does for hair that is found here."""
    if request.engine:
        return Engine.NETWORK if request.engine == NETWORK else Engine.CLOSED_FORM
    if request.WhichOneof("prior") is not None or request.subject == PERSON:
        return Engine.CLOSED_FORM
    return engine_for_hair(call)


def _check(request: matte_pb2.MatteRequest) -> None:
    checks = Checks()
    checks.image(request.image, "image")
    prior = request.WhichOneof("prior")
    if prior is not None:
        checks.plane(getattr(request, prior), prior)
    _check_fields(request, checks)


def _check_settings(settings: matte_pb2.MatteRequest) -> None:
    checks = Checks("settings.")
    checks.settings(settings, left_out=("image", "map", "trimap"))
    _check_fields(settings, checks)


def _check_fields(request: matte_pb2.MatteRequest, checks: Checks) -> None:
    checks.output(request.output)
    checks.options(request.options)
    checks.selector(request.selector)
    checks.known(request.subject, matte_pb2.MatteSubject, "subject")
    checks.known(request.engine, matte_pb2.MatteEngine, "engine")
    checks.require(0 <= request.band_px <= 256, "band_px", "in [1, 256], or 0 for a usual one")
    has_band = request.HasField("trimap")
    checks.require(
        not has_band or request.band_px == 0, "band_px", "not with a trimap, which has a band"
    )
    person = request.subject == PERSON and request.WhichOneof("prior") is None
    checks.require(
        not person or request.engine != NETWORK, "engine", "NETWORK knows hair, not a person"
    )
    checks.done()


def _checked(trimap: Plane) -> Plane:
    """Return a trimap that holds no other values than it may.

    Raises:
        ParameterOutOfRange: It does.
    """
    counts = cv2.calcHist([trimap], [0], None, [256], [0, 256])
    strange = np.setdiff1d(np.flatnonzero(counts), (OUTSIDE, UNKNOWN, INSIDE))
    checks = Checks()
    found = ", ".join(str(value) for value in strange[:5])
    checks.require(strange.size == 0, "trimap", f"holds {found}; only 0, 128 and 255 are values")
    checks.done()
    return trimap


def _written(cut_out: CutOut, output: image_pb2.OutputSpec) -> matte_pb2.MatteResponse:
    height, width = cut_out.alpha.shape
    response = matte_pb2.MatteResponse(
        alpha=wire.write_alpha(wire.alpha_to_plane(cut_out.alpha), output),
        trimap=wire.write_mask(cut_out.trimap, output),
        unknown=cut_out.unknown,
        width_px=width,
        height_px=height,
    )
    if cut_out.foreground is not None:
        foreground = wire.write_image(cut_out.foreground, cut_out.alpha, output)
        response.foreground.CopyFrom(foreground)
    return response
