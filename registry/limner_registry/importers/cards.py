"""Model cards of the imported networks, written from what is published and what was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """What a card says of one network beyond what all of them share."""

    title: str
    what: str
    trained_on: str
    limits: tuple[str, ...]
    parity: str
    """How far the converted network is from the original, on what, measured how."""


DETECTOR = Facts(
    title="Face detector: MediaPipe BlazeFace, full range, sparse",
    what="Finds faces within about 5 m of the camera: a box and six key points for each.",
    trained_on="Not published for this network. Its authors report evaluation on smartphone photos "
    "from 17 regions of the world.",
    limits=(
        "Of eight heads rolled by 60 degrees it found all, of eight rolled by 90 it found three.",
        "It finds faces; it says nothing about who they are.",
        "At a score of 0.5, 43 of 45 faces in group photos were found without a false one.",
    ),
    parity="LiteRT 2.3.0 on one photo: boxes within 0.0001 px of 192, logits within 0.00011.",
)

MESH = Facts(
    title="Face mesh: MediaPipe Face Mesh, 468 points",
    what="Lays 468 points of a face surface over one face that stands upright in the middle.",
    trained_on="About 30,000 photos from phone cameras around the world, not published "
    "(Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs, "
    "2019).",
    limits=(
        "Depth is relative and guessed from one picture.",
        "Covered parts of a face are made up, not left out.",
        "Points move by about 2 % of the distance between the eyes when the crop changes a little.",
        "The upper outline ends at the hairline or below it.",
    ),
    parity="LiteRT 2.3.0 on one photo: points within 0.0002 px of 192, logit within 0.00003.",
)

ATTENTION = Facts(
    title="Face mesh with attention: MediaPipe Attention Mesh, 478 points",
    what="The face mesh with finer lips and eyes, and five points for each iris.",
    trained_on="About 30,000 photos from phone cameras, not published (Grishchenko et al., "
    "Attention Mesh, 2020).",
    limits=(
        "It wants a crop made from the plain mesh's points.",
        "On crops made from a detection its presence missed 6 of 26 faces that were there.",
        "Lips and eyes have the plain mesh's depth; an iris has its eye's.",
        "Covered parts of a face are made up, not left out.",
    ),
    parity="mediapipe 0.10.21 itself on one photo: points within 0.00011 px of 192.",
)

SEGMENTER = Facts(
    title="Person segmenter: MediaPipe Selfie Segmentation, general",
    what="Says for each pixel how likely it shows a person, for people within 2 m of the camera.",
    trained_on="Photos by front and back cameras of many smartphones, not published. Its authors "
    "report a mean IoU of 95.99 % over 17 regions of the world, at worst 94.71 %.",
    limits=(
        "The whole photo is squeezed to 256x256: thin hair and fingers are lost.",
        "Edges are off by a few pixels.",
        "Of true hair it covers 94.8 % on average and 60 % at worst; it is a prior, not a matte.",
        "People are not told apart.",
    ),
    parity="LiteRT 2.3.0 on one photo: probabilities within 0.0001.",
)


def model_card(facts: Facts, path: str, sha256: str, package: str) -> str:
    """Return the card as Markdown.

    Args:
        facts: What is said of this network alone.
        path: Where the original lies in its package.
        sha256: Digest of the original.
        package: The package and its version.
    """
    limits = "\n".join(f"- {limit}" for limit in facts.limits)
    return f"""# {facts.title}

{facts.what}

## Whose

The MediaPipe Authors (Google) trained and published it. Limner changed the file's format, put the
scaling of bytes inside and named the outputs; the weights are theirs, value for value.

- From: {package}, `{path}`
- sha256: `{sha256}`
- License: Apache-2.0

NOTICE: Copyright The MediaPipe Authors. Licensed under the Apache License, Version 2.0. This file
was converted from TensorFlow Lite to ONNX.

## Trained on

{facts.trained_on}

## How close to the original

{facts.parity}

## What it cannot do

{limits}

It is no means to identify, rate or judge a person.
"""
