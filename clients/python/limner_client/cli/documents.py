"""What `--json` prints: an array with one object for each photo, in order.

Keys are only ever added:

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
    animals                    animalize only: [{index, animal, coat, visible, points {name: [x,
                               y]}, box, pose, score}], the last three the person's own
    mode, face, references     transfer-hair only: `fast` or `optimize`; the person's {box, pose,
                               score}; {shape, look}, each with name, sha256, mirrored, pose_gap
                               in degrees, box, pose and score; no shape if it is the person's
    steps, losses              transfer-hair only: of an optimization, else 0 and {}
    identity_similarity        transfer-hair only: cosine of the faces' embeddings, or null
    shape_iou                  transfer-hair only: of the hair and what was wanted, or null
    models, timings, warnings  [{model, version}], {stage: seconds, total}, [{code, message, field}]
    request_id

    photo, error               a photo that failed; the error has reason, message, code,
                               violations [{field, description}], retry_after and request_id
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

from limner_client.results import (
    AnimalizeResult,
    CompositeResult,
    DyeResult,
    SegmentResult,
    StylizeResult,
)
from limner_client.transfer_results import TransferHairResult

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from limner.errors import LimnerError
    from limner_client.results import MatteResult
    from limner_client.values import Color, Face, Timings

AnyResult: TypeAlias = (
    "SegmentResult | MatteResult | DyeResult | StylizeResult | CompositeResult | AnimalizeResult"
    " | TransferHairResult"
)


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
    elif isinstance(result, AnimalizeResult):
        about["animals"] = _animal_documents(result)
    elif isinstance(result, TransferHairResult):
        about |= _transfer_document(result)
    else:
        about["unknown"] = round(result.unknown, 4)
    return about | {
        "models": [{"model": use.model, "version": use.version} for use in result.served_by],
        "timings": seconds_of(result.timings),
        "warnings": [asdict(warning) for warning in result.warnings],
        "request_id": result.request_id,
    }


def error_document(photo: Path, error: LimnerError) -> dict[str, Any]:
    """Return what `--json` prints of a photo that failed; the keys are stable."""
    return {"photo": str(photo), **failure_document(error)}


def failure_document(error: LimnerError) -> dict[str, Any]:
    """Return what `--json` prints of anything else that failed."""
    about = {
        "reason": error.reason,
        "message": str(error),
        "code": error.code.name,
        "violations": [asdict(violation) for violation in error.violations],
        "retry_after": error.retry_after,
        "request_id": error.request_id,
    }
    return {"error": about}


def palette_document(result: StylizeResult) -> list[dict[str, Any]]:
    """Return the colors of a drawing, from dark to light, for JSON."""
    return [{**_color(one.color), "share": round(one.share, 6)} for one in result.palette]


def seconds_of(timings: Timings) -> dict[str, float]:
    """Return the seconds of each stage, one that ran several times summed, and of the whole."""
    seconds: dict[str, float] = {}
    for stage in timings.stages:
        seconds[stage.name] = round(seconds.get(stage.name, 0) + stage.seconds, 6)
    return seconds | {"total": round(timings.total_seconds, 6)}


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


def _animal_documents(result: AnimalizeResult) -> list[dict[str, Any]]:
    return [
        {
            "index": one.index,
            "animal": one.animal,
            "coat": one.coat,
            "visible": round(one.visible, 4),
            "points": {name: [round(v, 2) for v in place] for name, place in one.points.items()},
            **_face_document(one.face),
        }
        for one in result.faces
    ]


def _transfer_document(result: TransferHairResult) -> dict[str, Any]:
    return {
        "mode": result.mode,
        "face": _face_document(result.face),
        "references": {
            part: {
                "name": used.name,
                "sha256": used.sha256,
                "mirrored": used.mirrored,
                "pose_gap": round(used.pose_gap, 2),
                **_face_document(used.face),
            }
            for part, used in result.references.items()
        },
        "steps": result.steps,
        "losses": {name: round(value, 6) for name, value in result.losses.items()},
        "identity_similarity": result.identity_similarity,
        "shape_iou": result.shape_iou,
    }


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
