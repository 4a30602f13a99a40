"""Ways to give a person another's hair, to be compared: the server's modes and a naive paste."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from transfer_trials import Photo, Trial

from limner_client import LimnerClient, Output, TransferHairResult
from limner_client.transfer_requests import TransferName
from limner_registry.face_template import similarity

RAW = Output("raw_rgb8", plane_format="raw_u8")
LONGEST = 3600.0
"""Seconds that an optimization may take."""


@dataclass(frozen=True)
class Made:
    """A picture of the person with other hair."""

    photo: Photo
    hair: Photo
    """The new hair's share, as 255ths."""


Way = Callable[[LimnerClient, Trial], Made]


def as_it_is(client: LimnerClient, trial: Trial) -> Made:
    """Return the person with the hair there was."""
    alpha = np.asarray(client.matte(trial.person, subject="hair", output=RAW).alpha)
    return Made(trial.person, alpha)


def pasted(client: LimnerClient, trial: Trial) -> Made:
    """Return the shape's hair cut out and laid on by the faces alone; of no other color."""
    cut = client.matte(trial.shape, subject="hair", foreground=True, output=RAW)
    places = [_points(client, photo) for photo in (trial.shape, trial.person)]
    matrix = similarity(*places)
    size = trial.person.shape[1::-1]
    colors, alpha = (
        cv2.warpAffine(np.asarray(plane), matrix, size, flags=cv2.INTER_LINEAR)
        for plane in (cut.foreground, cut.alpha)
    )
    share = alpha[..., None] / np.float32(255)
    laid = trial.person + share * (colors.astype(np.float32) - trial.person)
    return Made(np.asarray(laid + 0.5, np.uint8), np.asarray(alpha, np.uint8))


def fast(client: LimnerClient, trial: Trial) -> Made:
    """Return what mode FAST makes."""
    return _made(transferred(client, trial))


def optimized(client: LimnerClient, trial: Trial) -> Made:
    """Return what mode OPTIMIZE makes, in the server's own number of steps."""
    return _made(transferred(client, trial, mode="optimize", timeout=LONGEST))


def transferred(
    client: LimnerClient, trial: Trial, mode: TransferName = "fast", **told: Any
) -> TransferHairResult:
    """Return what the server makes of a trial, to the last bit."""
    return client.transfer_hair(
        trial.person,
        shape=trial.shape,
        look=trial.look,
        mode=mode,
        return_alpha=True,
        output=RAW,
        **told,
    )


def _made(result: TransferHairResult) -> Made:
    return Made(np.asarray(result.image), np.asarray(result.hair_alpha))


def _points(client: LimnerClient, photo: Photo) -> np.ndarray[Any, np.dtype[np.float64]]:
    face = client.segment(photo, output=RAW).selected
    if face is None:
        raise ValueError("the segmentation looked for no face")
    return np.array(face.landmarks)[:, :2]
