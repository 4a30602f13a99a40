"""A Limner server that answers by the book."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections import deque
from types import SimpleNamespace

import grpc
import numpy as np
from grpc_health.v1 import health
from PIL import Image

from limner import errors
from limner.v1 import (
    animalize_pb2,
    animalize_pb2_grpc,
    composite_pb2,
    composite_pb2_grpc,
    dye_pb2,
    dye_pb2_grpc,
    image_pb2,
    matte_pb2,
    matte_pb2_grpc,
    model_pb2,
    model_pb2_grpc,
    segment_pb2,
    segment_pb2_grpc,
    stylize_pb2,
    stylize_pb2_grpc,
    transfer_hair_pb2,
    transfer_hair_pb2_grpc,
)

WIDTH, HEIGHT = 60, 80
AUBURN = {
    "lab": {"l": 32, "a": 22, "b": 20},
    "srgb": {"red": 118, "green": 58, "blue": 46},
}


def png(pixels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "png")
    return data.getvalue()


def ellipse() -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.where(((x - 30) / 18) ** 2 + ((y - 50) / 40) ** 2 < 1, 255, 0).astype(np.uint8)


class Health(health.HealthServicer):
    """Health that nobody watches: synchronous servers may hang with watchers when they stop."""

    def Watch(self, request, context):
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "ask instead")


class Double(
    segment_pb2_grpc.SegmentServiceServicer,
    matte_pb2_grpc.MatteServiceServicer,
    dye_pb2_grpc.DyeServiceServicer,
    stylize_pb2_grpc.StylizeServiceServicer,
    composite_pb2_grpc.CompositeServiceServicer,
    animalize_pb2_grpc.AnimalizeServiceServicer,
    transfer_hair_pb2_grpc.TransferHairServiceServicer,
    model_pb2_grpc.ModelServiceServicer,
):
    """Keeps every request; fails as often as it was told to, then answers one face."""

    def __init__(self) -> None:
        self.address = ""
        self.requests = []
        self.metadata = []
        self.remaining = []
        self.failures = deque()
        self.frames = []
        self.lost_pieces = 0
        self.frame_failures = {}
        self.hangs = False
        self.in_flight = self.most_in_flight = 0
        self.together = None
        self.health = Health(experimental_non_blocking=False)
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
                    **{"class": wanted},
                )
                for wanted in request.classes or [segment_pb2.SEGMENT_CLASS_PERSON]
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

    def Dye(self, request, context):
        self._receive(request, context)
        return _dyed(request)

    def ListShades(self, request, context):
        self._receive(request, context)
        shades = [
            dye_pb2.Shade(name="auburn", color="HAIR_COLOR_RED", **AUBURN),
            dye_pb2.Shade(name="green", lab={"l": 43, "a": -30, "b": 22}, srgb={"green": 115}),
        ]
        if not request.without_previews:
            for shade in shades:
                shade.preview.data = png(np.full((8, 8, 3), 90, np.uint8))
                shade.preview.format = image_pb2.IMAGE_FORMAT_PNG
        return dye_pb2.ListShadesResponse(shades=shades)

    def DyeStream(self, request_iterator, context):
        """Answer each frame but those whose number was told to fail; keep the settings."""
        settings = next(request_iterator).settings
        self._receive(settings, context)
        for request in request_iterator:
            frame = request.frame
            self.frames.append(frame)
            reply = dye_pb2.DyeStreamResponse(number=frame.number, skipped=frame.number % 2)
            if frame.number in self.frame_failures:
                reply.failure.CopyFrom(self.frame_failures[frame.number])
            else:
                reply.response.CopyFrom(_dyed(settings))
            yield reply

    def Stylize(self, request, context):
        """Tell half the way, then answer a picture in pieces of 100 bytes."""
        self._receive(request, context)
        data = png(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        about = {"width_px": WIDTH, "height_px": HEIGHT}
        image = {"format": request.output.format, **about}
        preview = {"data": data, "format": "IMAGE_FORMAT_PNG", **about}
        for progress in (
            {"stage": "decode"},
            {"stage": "draw", "fraction": 0.5, "remaining_seconds": 2.5, "preview": preview},
        ):
            yield stylize_pb2.StylizeResponse(progress=progress)
        yield stylize_pb2.StylizeResponse(
            result={
                "image": image,
                "following_bytes": len(data),
                "style": request.style,
                "palette": [{**AUBURN, "share": 0.25}],
                "drawn_width_px": WIDTH // 2,
                "drawn_height_px": HEIGHT // 2,
                "tiles": 3,
                **_about(request),
            }
        )
        for start in range(0, len(data) - self.lost_pieces * 100, 100):
            piece = {"data": data[start : start + 100]}
            yield stylize_pb2.StylizeResponse(piece=piece)

    def ListStyles(self, request, context):
        self._receive(request, context)
        styles = [
            stylize_pb2.Style(name="illustration", title="Flat colors", colors=24),
            stylize_pb2.Style(name="print", title="A few strong ones", colors=8),
        ]
        if not request.without_previews:
            styles[0].preview.data = png(np.full((8, 8, 3), 90, np.uint8))
            styles[0].preview.format = image_pb2.IMAGE_FORMAT_PNG
        return stylize_pb2.ListStylesResponse(styles=styles)

    def Composite(self, request, context):
        self._receive(request, context)
        return _composited(request)

    def CompositeStream(self, request_iterator, context):
        """Answer each frame; keep the settings and the frames."""
        settings = next(request_iterator).settings
        self._receive(settings, context)
        for request in request_iterator:
            self.frames.append(request.frame)
            yield composite_pb2.CompositeStreamResponse(
                number=request.frame.number, response=_composited(settings)
            )

    def Animalize(self, request, context):
        self._receive(request, context)
        return _animalized(request)

    def AnimalizeStream(self, request_iterator, context):
        """Answer each frame; keep the settings and the frames."""
        settings = next(request_iterator).settings
        self._receive(settings, context)
        for request in request_iterator:
            self.frames.append(request.frame)
            yield animalize_pb2.AnimalizeStreamResponse(
                number=request.frame.number, response=_animalized(settings)
            )

    def ListAnimals(self, request, context):
        self._receive(request, context)
        hat = animalize_pb2.PackagedSticker(name="hat", anchor="ANIMAL_ANCHOR_FOREHEAD")
        if not request.without_previews:
            hat.preview.data = png(np.full((8, 8, 4), 90, np.uint8))
            hat.preview.format = image_pb2.IMAGE_FORMAT_PNG
        return animalize_pb2.ListAnimalsResponse(
            animals=[{"name": "cat", "coats": ["ginger", "black"]}, {"name": "fox"}],
            stickers=[hat],
            anchors=["ANIMAL_ANCHOR_FOREHEAD", "ANIMAL_ANCHOR_EYES"],
        )

    def TransferHair(self, request, context):
        """Tell half the way, or two steps of an optimization, then answer in pieces."""
        self._receive(request, context)
        data = png(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        preview = {"data": data, "format": "IMAGE_FORMAT_PNG"} if request.want_preview else None
        optimizes = request.mode == transfer_hair_pb2.TRANSFER_HAIR_MODE_OPTIMIZE
        told = [{"progress": {"stage": "decode"}}]
        for step in (60, 120) if optimizes else (None,):
            at = {"step": step, "steps": 180, "losses": [{"name": "identity", "value": 0.5}]}
            half = {"stage": "transfer", "fraction": 0.5, "preview": preview}
            told.append({"progress": half, "optimization": at if step else None})
        for message in told:
            yield transfer_hair_pb2.TransferHairResponse(**message)
        result = _transferred(request)
        result.image.ClearField("data")
        result.following_bytes = len(data)
        yield transfer_hair_pb2.TransferHairResponse(result=result)
        for start in range(0, len(data) - self.lost_pieces * 100, 100):
            piece = {"data": data[start : start + 100]}
            yield transfer_hair_pb2.TransferHairResponse(piece=piece)

    def ListReferences(self, request, context):
        """Return two references, each on a page of its own."""
        self._receive(request, context)
        page = int(request.page_token or 0)
        return transfer_hair_pb2.ListReferencesResponse(
            references=[_references(request)[page]], next_page_token="" if page else "1"
        )

    def RecommendReferences(self, request, context):
        self._receive(request, context)
        bob, waves = _references(request)
        reason = {"code": "POSE_NEAR", "message": "the head is turned alike"}
        return transfer_hair_pb2.RecommendReferencesResponse(
            recommendations=[
                {"reference": waves, "score": 0.75, "reasons": [reason], "pose_gap_deg": 4.5},
                {"reference": bob, "score": 0.5, "pose_gap_deg": 20, "mirrored": True},
            ],
            face=_face(),
        )

    def ExportModel(self, request, context):
        """Send a network of 250 bytes in pieces of 100, or fewer of them."""
        self._receive(request, context)
        network = bytes(range(250))
        manifest = {
            "model": request.model,
            "version": request.version or 4,
            "contract": f"{request.model}/1",
            "license": "Apache-2.0",
            "network_sha256": hashlib.sha256(network).hexdigest(),
            "network_bytes": len(network),
            "document": json.dumps({"model": request.model}),
        }
        yield model_pb2.ExportModelResponse(manifest=manifest)
        for start in range(0, len(network) - self.lost_pieces * 100, 100):
            piece = {"data": network[start : start + 100]}
            yield model_pb2.ExportModelResponse(piece=piece)

    def _receive(self, request, context):
        with self._lock:
            self.requests.append(request)
            self.metadata.append(dict(context.invocation_metadata()))
            self.remaining.append(context.time_remaining())
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


def _dyed(request):
    reply = dye_pb2.DyeResponse(
        image={
            "data": png(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)),
            "format": request.output.format,
            "width_px": WIDTH,
            "height_px": HEIGHT,
        },
        found={
            "lab": {"l": 38, "a": 9, "b": 18},
            "srgb": {"red": 113, "green": 83, "blue": 61},
            "color": "HAIR_COLOR_BROWN",
            "margin": 6.5,
            "share": 0.2,
        },
        wanted=AUBURN["lab"],
        wanted_srgb=AUBURN["srgb"],
        dyed_by={"generator": "DYE_GENERATOR_PAIR", "found": 2, "wanted": 4},
        difference_before=16.25,
        difference_after=4.5,
        **_about(request),
    )
    if request.want_alpha:
        reply.alpha.data, reply.alpha.format = png(ellipse()), image_pb2.PLANE_FORMAT_PNG8
        reply.alpha.width_px, reply.alpha.height_px = WIDTH, HEIGHT
    return reply


def _composited(request):
    reply = composite_pb2.CompositeResponse(
        image={
            "data": png(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)),
            "format": request.output.format,
            "width_px": WIDTH,
            "height_px": HEIGHT,
        },
        original_face=_face(),
        converted_face=_face(),
        misfit=0.0625,
        scale=1.5,
        visible=0.75,
        engine=request.engine,
        **_about(request),
    )
    if request.want_mask:
        reply.mask.data, reply.mask.format = png(ellipse()), image_pb2.PLANE_FORMAT_PNG8
        reply.mask.width_px, reply.mask.height_px = WIDTH, HEIGHT
    return reply


def _animalized(request):
    reply = animalize_pb2.AnimalizeResponse(
        image={
            "data": png(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)),
            "format": request.output.format,
            "width_px": WIDTH,
            "height_px": HEIGHT,
        },
        **_about(request),
    )
    nose = {"anchor": "ANIMAL_ANCHOR_NOSE", "place": {"x_px": 30.5, "y_px": 31.25}}
    reply.faces.add(
        face=_face(),
        index=1,
        animal=request.animal,
        coat=request.coat or "ginger",
        points=[nose],
        visible=0.75,
    )
    if request.want_mask:
        reply.mask.data, reply.mask.format = png(ellipse()), image_pb2.PLANE_FORMAT_PNG8
        reply.mask.width_px, reply.mask.height_px = WIDTH, HEIGHT
    return reply


def _transferred(request):
    result = transfer_hair_pb2.TransferHairResult(
        image={"format": request.output.format, "width_px": WIDTH, "height_px": HEIGHT},
        mode=request.mode,
        face=_face(),
        **_about(request),
    )
    for part in ("shape", "look"):
        sent = getattr(request, part)
        if request.HasField(part):
            digest = hashlib.sha256(sent.image.data).hexdigest()
            used = {"name": sent.name, "sha256": digest, "mirrored": part == "look"}
            getattr(result, part).MergeFrom(
                transfer_hair_pb2.UsedReference(**used, pose_gap_deg=12.5, face=_face())
            )
    for wanted, plane in ((request.want_alpha, "hair_alpha"), (request.want_mask, "mask")):
        if wanted:
            getattr(result, plane).MergeFrom(
                image_pb2.Alpha(data=png(ellipse()), format="PLANE_FORMAT_PNG8")
            )
    if request.mode == transfer_hair_pb2.TRANSFER_HAIR_MODE_OPTIMIZE:
        result.optimization.MergeFrom(
            transfer_hair_pb2.OptimizationOutcome(
                steps=180, losses=[{"name": "identity", "value": 0.25}], shape_iou=0.9375
            )
        )
    return result


def _references(request):
    bob = transfer_hair_pb2.Reference(
        name="bob-3", title="A bob [v2]", source="REFERENCE_SOURCE_STUDIO", license="CC0-1.0"
    )
    waves = transfer_hair_pb2.Reference(
        name="long-waves",
        title="Long waves",
        tags=["long", "wavy"],
        length="long",
        texture="wavy",
        color="auburn",
        yaw_deg=-12.5,
        source="REFERENCE_SOURCE_OPERATOR",
        products=[{"title": "Curling iron", "url": "https://example.com/iron"}],
    )
    if not request.without_previews:
        bob.preview.data = png(np.full((8, 8, 3), 90, np.uint8))
        bob.preview.format = image_pb2.IMAGE_FORMAT_PNG
    return bob, waves


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
