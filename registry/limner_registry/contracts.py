"""The contract of every model: one truth for export, config.pbtxt, the server and the tests."""

from __future__ import annotations

from limner_registry.contract import Contract
from limner_registry.tensors import FREE, Tensor

FACE_DETECTOR = Contract(
    model="face_detector",
    revision=1,
    inputs=(Tensor("image", "uint8", (192, 192, 3), "sRGB, letterboxed to a square with black"),),
    outputs=(
        Tensor("boxes", "float32", (2304, 16), "pixels of the input: center, size, six key points"),
        Tensor("scores", "float32", (2304, 1), "logits, one for each anchor"),
    ),
    max_batch=8,
)

FACE_MESH = Contract(
    model="face_mesh",
    revision=1,
    inputs=(Tensor("image", "uint8", (192, 192, 3), "sRGB, a face upright in the middle"),),
    outputs=(
        Tensor("landmarks", "float32", (468, 3), "pixels of the input; z on the scale of x"),
        Tensor("presence", "float32", (1,), "logit that a face is there"),
    ),
    max_batch=16,
)

FACE_MESH_ATTENTION = Contract(
    model="face_mesh_attention",
    revision=1,
    inputs=(Tensor("image", "uint8", (192, 192, 3), "sRGB, a face upright in the middle"),),
    outputs=(
        Tensor(
            "landmarks",
            "float32",
            (478, 3),
            "pixels of the input; lips, eyes refined; irises at 468-472 (image left) and 473-477",
        ),
        Tensor("presence", "float32", (1,), "logit that a face is there"),
    ),
    max_batch=16,
)

PERSON_SEGMENTER = Contract(
    model="person_segmenter",
    revision=1,
    inputs=(Tensor("image", "uint8", (256, 256, 3), "sRGB, the whole photo squeezed to a square"),),
    outputs=(Tensor("person", "float32", (256, 256), "probability of a person, in [0, 1]"),),
    max_batch=8,
)

HAIR_SEGMENTER = Contract(
    model="hair_segmenter",
    revision=1,
    inputs=(Tensor("image", "uint8", (256, 256, 3), "sRGB, a head upright in the middle"),),
    outputs=(
        Tensor(
            "classes",
            "float32",
            (4, 256, 256),
            "probabilities of background, hair, face skin, body and clothes; they sum to 1",
        ),
    ),
    max_batch=8,
)

HAIR_MATTER = Contract(
    model="hair_matter",
    revision=1,
    inputs=(
        Tensor("image", "uint8", (512, 512, 3), "sRGB"),
        Tensor("trimap", "uint8", (512, 512), "0 not hair, 128 unknown, 255 hair"),
    ),
    outputs=(Tensor("alpha", "float32", (512, 512), "share of hair, in [0, 1]"),),
    max_batch=4,
)

DYE_GENERATOR = Contract(
    model="dye_generator",
    revision=1,
    inputs=(
        Tensor("image", "uint8", (256, 256, 3), "sRGB, hair and what surrounds it"),
        Tensor("found", "float32", (3,), "CIELAB of the hair as it is"),
        Tensor("wanted", "float32", (3,), "CIELAB of the hair as it shall be"),
    ),
    outputs=(Tensor("dyed", "float32", (256, 256, 3), "sRGB in [0, 1]"),),
    max_batch=8,
)

DYE_BANK = Contract(
    model="dye_bank",
    revision=1,
    inputs=(
        Tensor("image", "uint8", (256, 256, 3), "sRGB, hair and what surrounds it"),
        Tensor("pair", "uint8", (1,), "index into DYE_PAIRS"),
    ),
    outputs=(Tensor("dyed", "float32", (256, 256, 3), "sRGB in [0, 1]"),),
    max_batch=1,
)

STYLIZER = Contract(
    model="stylizer",
    revision=1,
    inputs=(
        Tensor("tile", "uint8", (FREE, FREE, 3), "sRGB; sides are multiples of 4, at least 16"),
        Tensor(
            "thumbnail",
            "uint8",
            (FREE, FREE, 3),
            "sRGB, the whole photo, made small; sides are multiples of 4, at least 16",
        ),
        Tensor("style", "uint8", (1,), "index into STYLES"),
    ),
    outputs=(
        Tensor(
            "fields",
            "int16",
            (FREE, FREE, 4),
            "32767 times a value in [0, 1]: smoothed sRGB, then how much of a pixel is line",
        ),
    ),
    max_batch=1,
    runners=2,  # a photo is many tiles
)

COMPOSER = Contract(
    model="composer",
    revision=1,
    inputs=(
        Tensor("original", "uint8", (FREE, FREE, 3), "sRGB, a face aligned to `face_template`"),
        Tensor("converted", "uint8", (FREE, FREE, 3), "sRGB, aligned so; sides multiples of 8"),
        Tensor("valid", "uint8", (FREE, FREE), "255 where `converted` shows its photo, else 0"),
    ),
    outputs=(
        Tensor("masks", "float32", (FREE, FREE, 3), "shares of face, scene, transition; sum is 1"),
        Tensor(
            "colors", "float32", (16, 16, 12), "3x4 maps of sRGB in [0, 1], over all of the crop"
        ),
        Tensor("ring", "float32", (FREE, FREE, 3), "sRGB in [0, 1], what a transition shows"),
    ),
    max_batch=8,
)

FACE_EXTRACTOR = Contract(
    model="face_extractor",
    revision=1,
    inputs=(Tensor("image", "uint8", (FREE, FREE, 3), "sRGB, a face aligned to `face_template`"),),
    outputs=(
        Tensor("face", "float32", (FREE, FREE), "share of face, no hair, no ears, in [0, 1]"),
    ),
    max_batch=8,
)

_FACE = Tensor("face", "uint8", (FREE, FREE), "share of face in what is laid in, of 255")
_ORIGINAL = Tensor("original", "uint8", (FREE, FREE, 3), "sRGB, aligned; sides multiples of 16")
_ORIGINAL_FACE = Tensor("original_face", "uint8", (FREE, FREE), "share of face, of 255")

COLOR_CORRECTOR = Contract(
    model="color_corrector",
    revision=1,
    inputs=(
        Tensor("converted", "uint8", (FREE, FREE, 3), "sRGB, aligned to `face_template`"),
        *(_FACE, _ORIGINAL, _ORIGINAL_FACE),
    ),
    outputs=(
        Tensor("corrected", "float32", (FREE, FREE, 3), "sRGB in [0, 1], of use on the face"),
    ),
    max_batch=8,
)

BACKGROUND_BLENDER = Contract(
    model="background_blender",
    revision=1,
    inputs=(
        Tensor("corrected", "uint8", (FREE, FREE, 3), "sRGB, aligned to `face_template`"),
        *(_FACE, _ORIGINAL, _ORIGINAL_FACE),
    ),
    outputs=(Tensor("picture", "float32", (FREE, FREE, 3), "sRGB in [0, 1]"),),
    max_batch=8,
)

ANIMALIZER = Contract(
    model="animalizer",
    revision=1,
    inputs=(
        Tensor("image", "uint8", (256, 256, 3), "sRGB, a face brought `onto` an animal's template"),
        Tensor("points", "float32", (23, 2), "shares of the side, in the order of `animals.TOLD`"),
        Tensor("animal", "uint8", (1,), "index into ANIMALS"),
        Tensor("coat", "uint8", (1,), "index into the animal's coats"),
    ),
    outputs=(
        Tensor("drawn", "uint8", (512, 512, 4), "sRGB, not premultiplied, then alpha of 255"),
        Tensor("anchors", "float32", (9, 2), "shares of the side, in the order of ANCHORS"),
    ),
    max_batch=4,
)

HAIR_REMOVER = Contract(
    model="hair_remover",
    revision=2,
    inputs=(
        Tensor("image", "uint8", (256, 256, 3), "sRGB, a head upright in the middle"),
        Tensor("hole", "uint8", (256, 256), "255 where the old hair was, to be painted"),
        Tensor("skull", "uint8", (256, 256), "of 255: skull and face, no ears, no neck"),
    ),
    outputs=(
        Tensor(
            "beneath",
            "uint8",
            (256, 256, 3),
            "sRGB, the same without the hair: head and background",
        ),
    ),
    max_batch=4,
)

SEARCH_MEASURES = (
    *("identity", "structure", "mask", "noise", "appearance", "style"),
    *("shape_appearance", "shape_style", "total", "cosine_before", "cosine_after", "overlap"),
)
"""What each answer of HAIR_OPTIMIZER tells of a step: losses, not weighted; the sum of what is
minimized, weighted; the largest cosine between what is sought of the shape and what shall be left
alone, before and after; intersection over union of the wished hair and that in the picture."""

HAIR_OPTIMIZER = Contract(
    model="hair_optimizer",
    revision=1,
    inputs=(
        Tensor(
            "photos",
            "uint8",
            (3, FREE, FREE, 3),
            "sRGB, heads aligned to `face_template`: the person, the hair's shape, the hair's look",
        ),
        Tensor("maps", "uint8", (3, FREE, FREE, 2), "shares of hair and face in them, of 255"),
        Tensor("steps", "int16", (2,), "of either stage, in [0, 5000]; none draws the beginning"),
        Tensor("seed", "uint8", (4,), "of the search, the lowest byte first"),
    ),
    outputs=(
        Tensor("steps", "int16", (2,), "done, and to be done at most"),
        Tensor("measures", "float32", (len(SEARCH_MEASURES),), "in the order of SEARCH_MEASURES"),
        Tensor("side", "int16", (1,), "pixels at which pictures are compared"),
        Tensor("picture", "uint8", (FREE, FREE, 3), "sRGB, a preview; the last is what was found"),
        Tensor(
            "maps", "uint8", (FREE, FREE, 2), "shares of hair and face in the last picture, of 255"
        ),
    ),
    max_batch=1,
    backend="loho",
)

CONTRACTS = (
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    PERSON_SEGMENTER,
    HAIR_SEGMENTER,
    HAIR_MATTER,
    DYE_GENERATOR,
    DYE_BANK,
    STYLIZER,
    COMPOSER,
    FACE_EXTRACTOR,
    COLOR_CORRECTOR,
    BACKGROUND_BLENDER,
    ANIMALIZER,
    HAIR_REMOVER,
    HAIR_OPTIMIZER,
)
"""Every contract there is."""

MODELS = frozenset(contract.model for contract in CONTRACTS)
"""Registered models of other names are somebody else's."""


def contract_of(model: str) -> Contract:
    """Return the contract of the model with this name.

    Raises:
        KeyError: No contract has that name; the message lists those there are.
    """
    for contract in CONTRACTS:
        if contract.model == model:
            return contract
    known = ", ".join(contract.model for contract in CONTRACTS)
    raise KeyError(f"no model is named {model!r}; there are {known}")
