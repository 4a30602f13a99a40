"""The client's public types, pinned; this file is type-checked and never run."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import IO, TYPE_CHECKING, assert_type

import grpc

from limner_client import (
    AnimalizedFace,
    AnimalizeResult,
    AnimalList,
    AsyncLimnerClient,
    Box,
    Caution,
    Color,
    CompositeResult,
    DyeResult,
    ExportedModel,
    Face,
    FoundHair,
    FrameResult,
    Hint,
    Lab,
    LimnerClient,
    LimnerError,
    MatteResult,
    ModelUse,
    NoFace,
    Output,
    PaletteColor,
    Picture,
    Plane,
    Progress,
    Recommendation,
    Reference,
    SegmentResult,
    Shade,
    Stage,
    Sticker,
    StoredReference,
    Style,
    StylizeResult,
    TransferHairResult,
    TransferProgress,
    UsedReference,
    Violation,
)

if TYPE_CHECKING:
    from pathlib import Path


def synchronous(photo: bytes, path: Path, file: IO[bytes], picture: Picture, plane: Plane) -> None:
    with LimnerClient("localhost:50051", timeout=5, metadata={"x-studio": "north"}) as limner:
        assert_type(limner, LimnerClient)
        assert_type(limner.segment(photo), SegmentResult)
        assert_type(limner.segment(path, face=0, classes=["person"]), SegmentResult)
        assert_type(limner.segment("me.jpg", face=(1.5, 2)), SegmentResult)
        assert_type(limner.segment(file, face="largest", without_faces=True), SegmentResult)
        assert_type(limner.matte(picture, map=plane, foreground=True), MatteResult)
        assert_type(limner.matte(photo, subject="hair", engine="network"), MatteResult)
        assert_type(limner.dye(photo, shade="auburn", strength=0.5), DyeResult)
        assert_type(limner.dye(path, color="#7a1f3d", alpha=plane), DyeResult)
        assert_type(limner.dye(path, color=(1, 2, 3), blend="patent"), DyeResult)
        assert_type(limner.dye(path, color=Lab(50, 20, 10), like=None), DyeResult)
        assert_type(limner.dye("me.jpg", like="you.jpg", face=(1, 2)), DyeResult)
        assert_type(limner.list_shades(previews=False), tuple[Shade, ...])
        assert_type(limner.stylize(photo, style="print", colors=8), StylizeResult)
        assert_type(limner.stylize("me.jpg", style="print", on_progress=heard), StylizeResult)
        assert_type(limner.list_styles(previews=False), tuple[Style, ...])
        assert_type(limner.composite(photo, path, return_mask=True), CompositeResult)
        assert_type(limner.composite(photo, path, engine="conventional"), CompositeResult)
        assert_type(limner.animalize(photo, animal="fox", face="all"), AnimalizeResult)
        hat = Sticker(picture="hat.png", anchor="forehead", shift=(0, 1))
        assert_type(limner.animalize(path, animal="fox", stickers=["bow", hat]), AnimalizeResult)
        assert_type(limner.list_animals(previews=False), AnimalList)
        assert_type(limner.transfer_hair(photo, shape="you.jpg"), TransferHairResult)
        bob = Reference("bob-3")
        assert_type(limner.transfer_hair(path, shape=bob, look=picture), TransferHairResult)
        optimized = limner.transfer_hair(path, look=bob, mode="optimize", on_progress=heard)
        assert_type(optimized, TransferHairResult)
        limner.transfer_hair(path, look=Reference(photo=file, face=1), on_progress=stepped)
        (stored,) = limner.list_references(tags=["short"])
        assert_type(stored, StoredReference)
        limner.transfer_hair(photo, shape=stored)
        assert_type(limner.recommend_references(photo, count=3), tuple[Recommendation, ...])
        assert_type(limner.export_model("animalizer", version=2), ExportedModel)
        assert_type(limner.export_model("animalizer").network, bytes)
        assert_type(limner.health("limner.v1.MatteService"), bool)


def refused(limner: LimnerClient, photo: bytes, path: Path) -> None:
    limner.segment(photo, face="smallest")  # type: ignore[arg-type]
    limner.segment(photo, classes=["cat"])  # type: ignore[list-item]
    limner.matte(photo, output=Output(format="gif"))  # type: ignore[arg-type]
    limner.segment(7)  # type: ignore[arg-type]
    limner.matte(photo, subject="dog")  # type: ignore[arg-type]
    limner.dye(photo, color=7)  # type: ignore[arg-type]
    limner.composite(photo)  # type: ignore[call-arg]
    limner.composite(photo, path, engine="magic")  # type: ignore[arg-type]
    limner.animalize(photo)  # type: ignore[call-arg]
    limner.transfer_hair(photo, shape=7)  # type: ignore[arg-type]
    limner.transfer_hair(photo, shape="bob-3", mode="slow")  # type: ignore[arg-type]
    limner.dye(photo, shade="auburn", face="all")  # type: ignore[arg-type]
    Sticker("hat", anchor="tail")  # type: ignore[arg-type]
    limner.dye(photo, shade="auburn", blend="multiply")  # type: ignore[arg-type]


async def asynchronous(photo: bytes) -> None:
    async with AsyncLimnerClient() as limner:
        assert_type(limner, AsyncLimnerClient)
        assert_type(await limner.segment(photo, output=Output(quality=80)), SegmentResult)
        assert_type(await limner.matte(photo, trimap="trimap.png", band_px=8), MatteResult)
        assert_type(await limner.health(), bool)


def synchronous_streams(limner: LimnerClient, frames: Iterable[bytes]) -> None:
    assert_type(limner.segment_stream(frames), Iterator[FrameResult[SegmentResult]])
    assert_type(limner.matte_stream(frames, subject="hair"), Iterator[FrameResult[MatteResult]])
    for frame in limner.dye_stream(frames, shade="auburn"):
        assert_type(frame, FrameResult[DyeResult])
        assert_type(frame.result, DyeResult | None)
        assert_type(frame.error, LimnerError | None)


async def asynchronous_streams(limner: AsyncLimnerClient, frames: AsyncIterable[bytes]) -> None:
    assert_type(limner.segment_stream(frames), AsyncIterator[FrameResult[SegmentResult]])
    assert_type(limner.matte_stream(frames), AsyncIterator[FrameResult[MatteResult]])
    assert_type(limner.dye_stream(frames, color="#abc"), AsyncIterator[FrameResult[DyeResult]])
    live = limner.animalize_stream(frames, animal="cat", frames_per_second=25)
    assert_type(live, AsyncIterator[FrameResult[AnimalizeResult]])
    assert_type(await limner.dye(b"", like=b""), DyeResult)


def pairs_of_frames(limner: LimnerClient, pairs: Iterable[tuple[bytes, Picture]]) -> None:
    assert_type(limner.composite_stream(pairs), Iterator[FrameResult[CompositeResult]])
    alone = limner.composite_stream([b"", "me.jpg"], original=b"")
    assert_type(alone, Iterator[FrameResult[CompositeResult]])


def animalized(result: AnimalizeResult, listed: AnimalList) -> None:
    assert_type(result.image, Picture)
    assert_type(result.mask, Plane | None)
    assert_type(result.faces, tuple[AnimalizedFace, ...])
    assert_type(result.faces[0].face, Face)
    assert_type(result.faces[0].points, dict[str, tuple[float, float]])
    assert_type(listed.animals, dict[str, tuple[str, ...]])
    assert_type(listed.stickers[0].preview, Picture | None)


def laid_in(result: CompositeResult) -> None:
    assert_type(result.image, Picture)
    assert_type(result.mask, Plane | None)
    assert_type(result.original_face, Face)
    assert_type(result.misfit, float)


def dyed(result: DyeResult) -> None:
    assert_type(result.image, Picture)
    assert_type(result.alpha, Plane | None)
    assert_type(result.found, FoundHair)
    assert_type(result.found.color, Color)
    assert_type(result.wanted.hex, str)
    assert_type(result.pair, tuple[str, str] | None)
    result.wanted.hex = "#abcabc"  # type: ignore[misc]


def results(segmented: SegmentResult, matted: MatteResult) -> None:
    assert_type(segmented.masks, dict[str, Plane])
    assert_type(segmented.areas, dict[str, float])
    assert_type(segmented.faces, tuple[Face, ...])
    assert_type(segmented.selected, Face | None)
    assert_type(segmented.faces[0].box, Box)
    assert_type(segmented.faces[0].landmarks, tuple[tuple[float, float, float], ...])
    assert_type(segmented.hints, tuple[Hint, ...])
    assert_type(segmented.served_by, tuple[ModelUse, ...])
    assert_type(segmented.timings.stages, tuple[Stage, ...])
    assert_type(segmented.warnings, tuple[Caution, ...])
    assert_type(matted.alpha, Plane)
    assert_type(matted.foreground, Picture | None)
    segmented.width = 3  # type: ignore[misc]


def heard(progress: Progress) -> None:
    assert_type(progress.fraction, float)
    assert_type(progress.remaining_seconds, float | None)
    assert_type(progress.preview, Picture | None)


def stepped(progress: TransferProgress) -> None:
    assert_type(progress.step, int)
    assert_type(progress.losses, dict[str, float])
    assert_type(progress.preview, Picture | None)


def transferred(result: TransferHairResult, suits: Recommendation) -> None:
    assert_type(result.image, Picture)
    assert_type(result.hair_alpha, Plane | None)
    assert_type(result.references, dict[str, UsedReference])
    assert_type(result.references["look"].name, str | None)
    assert_type(result.losses, dict[str, float])
    assert_type(result.identity_similarity, float | None)
    assert_type(suits.reference, StoredReference)
    assert_type(suits.reasons[0].message, str)


def drawn(result: StylizeResult, style: Style) -> None:
    assert_type(result.image, Picture)
    assert_type(result.palette, tuple[PaletteColor, ...])
    assert_type(result.palette[0].color, Color)
    assert_type(style.preview, Picture | None)


def errors(error: LimnerError) -> None:
    assert_type(error.code, grpc.StatusCode)
    assert_type(error.violations, tuple[Violation, ...])
    assert_type(error.retry_after, float | None)
    assert_type(NoFace.reason, str)
