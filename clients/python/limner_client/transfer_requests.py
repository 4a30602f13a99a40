"""The requests of calls that transfer hair, built from what their methods were given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from limner.v1 import transfer_hair_pb2
from limner_client.photos import PhotoLike, photo_to_image
from limner_client.request_parts import image_of, options_of, output_of, selector_of, value_of
from limner_client.transfer_results import StoredReference
from limner_client.values import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner_client.pictures import Output
    from limner_client.request_parts import FaceChoice

HairLike: TypeAlias = PhotoLike | Reference | StoredReference
"""Whose hair: a photo, of whose faces the largest is meant, or a Reference that says more."""
TransferName = Literal["fast", "optimize"]

PAGE = 200
"""References that one page holds at most."""


def transfer_request(  # noqa: PLR0913 - what a transfer can be told, each by name
    person: PhotoLike,
    *,
    shape: HairLike | None,
    look: HairLike | None,
    mode: TransferName,
    iterations: int | None,
    seed: int,
    face: FaceChoice,
    keep_face: bool,
    return_preview: bool,
    return_alpha: bool,
    return_mask: bool,
    output: Output,
    request_id: str | None,
) -> transfer_hair_pb2.TransferHairRequest:
    """Return the request that asks for a person with other hair.

    Raises:
        ValueError: Neither shape nor look is given, or a reference is not one thing.
    """
    if shape is None and look is None:
        raise ValueError("say whose hair it is to be: its shape, its look, or both")
    return transfer_hair_pb2.TransferHairRequest(
        person=photo_to_image(person),
        person_selector=selector_of(face),
        shape=_reference(shape),
        look=_reference(look),
        mode=value_of(transfer_hair_pb2.TransferHairMode, "TRANSFER_HAIR_MODE", mode, "mode"),
        iterations=iterations or 0,
        seed=seed,
        want_preview=return_preview,
        want_alpha=return_alpha,
        want_mask=return_mask,
        keep_face=keep_face,
        output=output_of(output),
        options=options_of(request_id),
    )


def references_request(
    tags: Iterable[str],
    previews: bool,  # noqa: FBT001 - the field's own type
    output: Output,
    page_token: str,
    request_id: str | None,
) -> transfer_hair_pb2.ListReferencesRequest:
    """Return the request that asks for the references from `page_token` on."""
    return transfer_hair_pb2.ListReferencesRequest(
        tags=tags,
        without_previews=not previews,
        output=output_of(output),
        page_size=PAGE,
        page_token=page_token,
        options=options_of(request_id),
    )


def recommend_request(
    photo: PhotoLike,
    *,
    face: FaceChoice,
    count: int | None,
    tags: Iterable[str],
    previews: bool,
    output: Output,
    request_id: str | None,
) -> transfer_hair_pb2.RecommendReferencesRequest:
    """Return the request that asks which references suit the person of a photo."""
    return transfer_hair_pb2.RecommendReferencesRequest(
        image=photo_to_image(photo),
        selector=selector_of(face),
        count=count or 0,
        tags=tags,
        without_previews=not previews,
        output=output_of(output),
        options=options_of(request_id),
    )


def _reference(hair: HairLike | None) -> transfer_hair_pb2.HairReference | None:
    if hair is None:
        return None
    if isinstance(hair, StoredReference):
        hair = Reference(hair.name)
    elif not isinstance(hair, Reference):
        hair = Reference(photo=hair)
    if (hair.name is None) == (hair.photo is None):
        raise ValueError("a reference wants a name or a photo, and not both")
    return transfer_hair_pb2.HairReference(
        name=hair.name, image=image_of(hair.photo), selector=selector_of(hair.face)
    )
