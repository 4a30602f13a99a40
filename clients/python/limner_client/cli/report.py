"""What a command says of each photo: as JSON, as a few lines for people, and as an exit code.

`--json` prints an array with one object for each photo, in order. Keys are only ever added:

    photo, files               as given, and what was written
    width, height              pixels of the upright photo, the frame of every coordinate
    areas, faces, hints        segment only; a face has index, selected, score, box, pose in
                               degrees, scheme, oval [[x, y]] and landmarks [[x, y, z]]
    unknown                    matte only: the share of the pixels that was solved
    found, wanted              dye only: {class, lab, hex, margin, share} and {lab, hex}
    generator, pair            dye only: what made the color, and [from, to] if it was a pair's
    difference                 dye only: {before, after}, mean CIEDE2000 to the color wanted
    style, palette             stylize only: its name, and [{lab, hex, share}] from dark to light
    drawn, tiles               stylize only: [width, height] at which lines were drawn, and how
                               many tiles the network drew
    misfit, scale, visible     composite only: how far the faces stay apart, as a share of the
                               distance of the eyes; pixels of the converted photo for each of
                               the original; share of the converted face that its photo shows
    engine, faces              composite only: `network` or `conventional`; {original, converted},
                               each with box, pose and score
    models, timings, warnings  [{model, version}], {stage: seconds, total}, [{code, message, field}]
    request_id

    photo, error               a photo that failed; the error has reason, message, code,
                               violations [{field, description}], retry_after and request_id
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc

from limner.v1.reasons import NoFace, NoHair, PoseTooFar, ShadeUnknown, StyleUnknown
from limner_client.errors import Unavailable
from limner_client.results import CompositeResult, DyeResult, SegmentResult, StylizeResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from limner.errors import LimnerError
    from limner_client.results import MatteResult
    from limner_client.values import Color, Face, Timings

AnyResult: TypeAlias = "SegmentResult | MatteResult | DyeResult | StylizeResult | CompositeResult"

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
    Unavailable: "start one with `limner up`",
    NoFace: "try another photo, or say which face is meant; --help shows how",
    NoHair: "try another photo or --face, or say where the hair is",
    PoseTooFar: "take photos of one head in about one pose, or choose other faces",
    ShadeUnknown: "`limner dye --list-shades` shows them all",
    StyleUnknown: "`limner stylize --list-styles` shows what each is",
}
"""What to do next, where the error's class alone says it."""

BEST_TO_WORST = (DONE, BAD_INPUT, LATE, UNAVAILABLE, FAILED)


def exit_code(error: LimnerError) -> int:
    """Return the code the command exits with when `error` is the worst that happened."""
    return EXIT_CODES.get(error.code, FAILED)


def worst(codes: Iterable[int]) -> int:
    """Return the worst of several exit codes; a mere bad photo never hides a broken server."""
    return max(codes, key=BEST_TO_WORST.index)


def result_document(photo: Path, files: Sequence[Path], result: AnyResult) -> dict[str, Any]:
    """Return what `--json` prints of a photo that worked; the keys are stable."""
    about = {
        "photo": str(photo),
        "files": [str(path) for path in files],
        "width": result.width,
        "height": result.height,
    }
    if isinstance(result, SegmentResult):
        about["areas"] = {name: round(area, 4) for name, area in result.areas.items()}
        about["faces"] = _face_documents(result)
        about["hints"] = [asdict(hint) for hint in result.hints]
    elif isinstance(result, DyeResult):
        about |= _dye_document(result)
    elif isinstance(result, StylizeResult):
        about |= _stylize_document(result)
    elif isinstance(result, CompositeResult):
        about |= _composite_document(result)
    else:
        about["unknown"] = round(result.unknown, 4)
    return about | {
        "models": [{"model": use.model, "version": use.version} for use in result.served_by],
        "timings": _seconds(result.timings),
        "warnings": [asdict(warning) for warning in result.warnings],
        "request_id": result.request_id,
    }


def error_document(photo: Path, error: LimnerError) -> dict[str, Any]:
    """Return what `--json` prints of a photo that failed; the keys are stable."""
    about = {
        "reason": error.reason,
        "message": str(error),
        "code": error.code.name,
        "violations": [asdict(violation) for violation in error.violations],
        "retry_after": error.retry_after,
        "request_id": error.request_id,
    }
    return {"photo": str(photo), "error": about}


def result_lines(photo: Path, files: Sequence[Path], result: AnyResult) -> list[str]:
    """Return what a person is told of a photo that worked."""
    lines = [f"{photo}: {_finding(result)}"]
    if isinstance(result, SegmentResult):
        lines += [f"  hint    {hint.message}" for hint in result.hints]
    lines += [f"  warning {warning.message}" for warning in result.warnings]
    lines += [f"  wrote   {path}" for path in files]
    seconds = _seconds(result.timings)
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
    if type(error) in REMEDIES:
        return REMEDIES[type(error)]
    if error.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "give it longer with --timeout"
    if error.retryable:
        wait = f"in {error.retry_after:g} s" if error.retry_after else "in a moment"
        return f"try again {wait}"
    if exit_code(error) == FAILED and error.request_id:
        return f"the log of {address} tells more of call {error.request_id}"
    return ""


def _finding(result: AnyResult) -> str:
    if isinstance(result, DyeResult):
        return _dyed(result)
    if isinstance(result, StylizeResult):
        count = len(result.palette)
        size = f"{result.drawn_width} x {result.drawn_height} pixels"
        return f"{result.style} in {count} colors, drawn at {size} in {result.tiles} tiles"
    if isinstance(result, CompositeResult):
        laid = f"face laid in by the {result.engine}"
        return f"{laid}; the faces are {result.misfit:.0%} of the eyes' distance apart"
    if not isinstance(result, SegmentResult):
        return f"cut out; {result.unknown:.1%} of the pixels lay on the edge and were solved"
    count = len(result.faces)
    parts = ["1 face" if count == 1 else f"{count} faces"]
    areas = result.areas.items()
    parts += [f"{name.replace('_', ' ')} {area:.0%} of the picture" for name, area in areas]
    return ", ".join(parts)


def _dyed(result: DyeResult) -> str:
    found, maker = result.found, result.generator.replace("_", " ")
    by = f"the pair {' to '.join(result.pair)}" if result.pair else f"the {maker}"
    how = "as it was" if maker == "none" else f"dyed {result.wanted.hex} by {by}"
    return (
        f"{found.name} hair ({found.color.hex}, {found.share:.0%} of the picture) {how}; "
        f"{result.difference_before:.1f} from the color wanted before, "
        f"{result.difference_after:.1f} after"
    )


def _dye_document(result: DyeResult) -> dict[str, Any]:
    found = result.found
    return {
        "found": {
            "class": found.name,
            **_color(found.color),
            "margin": round(found.margin, 2),
            "share": round(found.share, 4),
        },
        "wanted": _color(result.wanted),
        "generator": result.generator,
        "pair": list(result.pair) if result.pair else None,
        "difference": {
            "before": round(result.difference_before, 2),
            "after": round(result.difference_after, 2),
        },
    }


def _stylize_document(result: StylizeResult) -> dict[str, Any]:
    return {
        "style": result.style,
        "palette": palette_document(result),
        "drawn": [result.drawn_width, result.drawn_height],
        "tiles": result.tiles,
    }


def _composite_document(result: CompositeResult) -> dict[str, Any]:
    faces = {"original": result.original_face, "converted": result.converted_face}
    return {
        "misfit": round(result.misfit, 4),
        "scale": round(result.scale, 4),
        "visible": round(result.visible, 4),
        "engine": result.engine,
        "faces": {name: _face_document(face) for name, face in faces.items()},
    }


def palette_document(result: StylizeResult) -> list[dict[str, Any]]:
    """Return the colors of a drawing, from dark to light, for JSON."""
    return [{**_color(one.color), "share": round(one.share, 6)} for one in result.palette]


def _color(color: Color) -> dict[str, Any]:
    return {"lab": [round(value, 2) for value in color.lab], "hex": color.hex}


def _face_documents(result: SegmentResult) -> list[dict[str, Any]]:
    return [
        {
            "index": index,
            "selected": face is result.selected,
            **_face_document(face),
            "scheme": face.scheme,
            "oval": [[round(value, 2) for value in point] for point in face.oval],
            "landmarks": [[round(value, 2) for value in point] for point in face.landmarks],
        }
        for index, face in enumerate(result.faces)
    ]


def _face_document(face: Face) -> dict[str, Any]:
    return {
        "score": round(face.score, 4),
        "box": _rounded(asdict(face.box)),
        "pose": _rounded(asdict(face.pose)),
    }


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}


def _seconds(timings: Timings) -> dict[str, float]:
    """Return the seconds of each stage, one that ran several times summed, and of the whole."""
    seconds: dict[str, float] = {}
    for stage in timings.stages:
        seconds[stage.name] = round(seconds.get(stage.name, 0) + stage.seconds, 6)
    return seconds | {"total": round(timings.total_seconds, 6)}
