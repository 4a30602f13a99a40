"""What a command says of each photo to people, and as an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from limner.errors import UnknownReason
from limner.v1.reasons import (
    AnimalUnknown,
    NoFace,
    NoHair,
    PoseTooFar,
    ReferenceUnknown,
    ShadeUnknown,
    StickerUnknown,
    StyleUnknown,
)
from limner_client.cli.documents import seconds_of
from limner_client.errors import Unavailable
from limner_client.results import (
    AnimalizeResult,
    CompositeResult,
    DyeResult,
    MatteResult,
    SegmentResult,
    StylizeResult,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from limner.errors import LimnerError
    from limner_client.cli.documents import AnyResult
    from limner_client.transfer_results import TransferHairResult


DONE, FAILED, BAD_INPUT, UNAVAILABLE, LATE = 0, 1, 2, 3, 4

EXIT_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT: BAD_INPUT,
    grpc.StatusCode.FAILED_PRECONDITION: BAD_INPUT,
    grpc.StatusCode.NOT_FOUND: BAD_INPUT,
    grpc.StatusCode.UNAVAILABLE: UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: LATE,
}
"""Any other status is FAILED."""

REMEDIES: dict[type[LimnerError], str] = {
    NoFace: "try another photo, or say which face is meant; --help shows how",
    NoHair: "try another photo or --face, or say where the hair is",
    PoseTooFar: "take photos of heads that face the camera, or choose other faces",
    ReferenceUnknown: "`limner transfer-hair --list-references` shows them all; a file is ./NAME",
    ShadeUnknown: "`limner dye --list-shades` shows them all",
    AnimalUnknown: "`limner animalize --list-animals` shows them all",
    StickerUnknown: "`limner animalize --list-animals` shows them all; a file ends in .png",
    StyleUnknown: "`limner stylize --list-styles` shows what each is",
}
"""What to do next, where the error's class alone says it."""

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

BEST_TO_WORST = (DONE, BAD_INPUT, LATE, UNAVAILABLE, FAILED)


def exit_code(error: LimnerError) -> int:
    """Return the code the command exits with when `error` is the worst that happened.

    What may be tried again was no defect: the server had too much to do.
    """
    return EXIT_CODES.get(error.code, UNAVAILABLE if error.retryable else FAILED)


def unreadable(error: OSError) -> LimnerError:
    """Return what keeps a file from being sent as calls' errors are told."""
    text = f"cannot read {error.filename}: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return UnknownReason(text, grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND")
    return UnknownReason(text, grpc.StatusCode.INVALID_ARGUMENT, "FILE_UNREADABLE")


def unwritable(error: OSError) -> LimnerError:
    """Return what keeps a result from being written, likewise."""
    text = f"cannot write the result: {error}"
    return UnknownReason(text, grpc.StatusCode.UNKNOWN, "FILE_UNWRITABLE")


def worst(codes: Iterable[int]) -> int:
    """Return the worst of several exit codes; a mere bad photo never hides a broken server."""
    return max(codes, key=BEST_TO_WORST.index)


def result_lines(photo: Path, files: Sequence[Path], result: AnyResult) -> list[str]:
    """Return what a person is told of a photo that worked."""
    lines = [f"{photo}: {_finding(result)}"]
    if isinstance(result, SegmentResult):
        lines += [f"  hint    {hint.message}" for hint in result.hints]
    lines += [f"  warning {warning.message}" for warning in result.warnings]
    lines += [f"  wrote   {path}" for path in files]
    seconds = seconds_of(result.timings)
    total = seconds.pop("total")
    longest = sorted(seconds, key=lambda stage: -seconds[stage])[:4]
    slowest = ", ".join(f"{stage} {seconds[stage]:.2f}" for stage in longest)
    lines.append(f"  time    {total:.2f} s ({slowest})")
    models = ", ".join(f"{use.model} v{use.version}" for use in result.served_by)
    return [*lines, f"  models  {models}"] if models else lines


def error_lines(subject: Path | str, error: LimnerError, address: str) -> list[str]:
    """Return what a person is told of a photo that failed, and what to do next."""
    remedy = _remedy(error, address)
    text = f"{subject}: {error}" + (f"; {remedy}" if remedy else "")
    return [text, *(f"  {wrong.field}: {wrong.description}" for wrong in error.violations)]


def _remedy(error: LimnerError, address: str) -> str:
    if isinstance(error, Unavailable):
        here = address.rpartition(":")[0] in LOOPBACK
        return "start one with `limner up`" if here else "is it the right --address?"
    if type(error) in REMEDIES:
        return REMEDIES[type(error)]
    if error.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "give it longer with --timeout"
    if error.retryable:
        wait = f"in {error.retry_after:g} s" if error.retry_after else "in a moment"
        return f"try again {wait}"
    if exit_code(error) == FAILED and error.request_id and error.reason != "UNKNOWN":
        return f"the log of {address} tells more of call {error.request_id}"
    return ""


def _finding(result: AnyResult) -> str:
    if isinstance(result, MatteResult):
        return f"cut out; {result.unknown:.1%} of the pixels lay on the edge and were solved"
    if not isinstance(result, SegmentResult):
        return _edited(result)
    count = len(result.faces)
    parts = ["1 face" if count == 1 else f"{count} faces"]
    areas = result.areas.items()
    parts += [f"{name.replace('_', ' ')} {area:.0%} of the picture" for name, area in areas]
    return ", ".join(parts)


def _edited(
    result: DyeResult | StylizeResult | CompositeResult | AnimalizeResult | TransferHairResult,
) -> str:
    if isinstance(result, DyeResult):
        return _dyed(result)
    if isinstance(result, StylizeResult):
        count = len(result.palette)
        size = f"{result.drawn_width} x {result.drawn_height} pixels"
        return f"{result.style} in {count} colors, drawn at {size} in {result.tiles} tiles"
    if isinstance(result, CompositeResult):
        laid = f"face laid in by the {result.engine}"
        return f"{laid}; the faces are {result.misfit:.0%} of the eyes' distance apart"
    if isinstance(result, AnimalizeResult):
        return "; ".join(f"face {one.index}: {one.animal}, {one.coat} coat" for one in result.faces)
    return _transferred(result)


def _dyed(result: DyeResult) -> str:
    found, maker = result.found, result.generator.replace("_", " ")
    by = f"the pair {' to '.join(result.pair)}" if result.pair else f"the {maker}"
    how = "as it was" if maker == "none" else f"dyed {result.wanted.hex} by {by}"
    return (
        f"{found.name} hair ({found.color.hex}, {found.share:.0%} of the picture) {how}; "
        f"{result.difference_before:.1f} from the color wanted before, "
        f"{result.difference_after:.1f} after"
    )


def _transferred(result: TransferHairResult) -> str:
    parts = []
    for part, used in result.references.items():
        name = used.name or f"photo {used.sha256[:8]}"
        turned = f"{used.pose_gap:.0f} degrees apart{', mirrored' if used.mirrored else ''}"
        parts.append(f"{part} of {name}, {turned}")
    if result.steps:
        parts.append(f"optimized in {result.steps} steps")
    if result.identity_similarity is not None:
        parts.append(f"face alike by {result.identity_similarity:.2f}")
    if result.shape_iou is not None:
        parts.append(f"{result.shape_iou:.0%} of the shape met")
    return "; ".join(parts)
