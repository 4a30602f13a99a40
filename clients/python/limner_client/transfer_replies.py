"""The messages of calls that transfer hair turned into results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner.v1 import transfer_hair_pb2
from limner_client.reply_parts import about, face_of, how_far, name_of, picture_of, plane_of
from limner_client.transfer_results import (
    ProductLink,
    Recommendation,
    RecommendationReason,
    StoredReference,
    TransferHairResult,
    TransferProgress,
    UsedReference,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def transfer_result(reply: transfer_hair_pb2.TransferHairResponse) -> TransferHairResult:
    """Return the person with other hair that `reply` holds, and how it came about."""
    done = reply.result
    outcome = done.optimization
    alike = outcome.identity_similarity if outcome.HasField("identity_similarity") else None
    used = [part for part in ("shape", "look") if done.HasField(part)]
    return TransferHairResult(
        width=done.width_px,
        height=done.height_px,
        image=picture_of(done.image),
        hair_alpha=plane_of(done.hair_alpha) if done.HasField("hair_alpha") else None,
        mask=plane_of(done.mask) if done.HasField("mask") else None,
        mode=name_of(transfer_hair_pb2.TransferHairMode, done.mode),
        face=face_of(done.face),
        references={part: _used(getattr(done, part)) for part in used},
        steps=outcome.steps,
        losses=_losses(outcome.losses),
        identity_similarity=alike,
        shape_iou=outcome.shape_iou if outcome.HasField("shape_iou") else None,
        **about(done),
    )


def transfer_progress(reply: transfer_hair_pb2.TransferHairResponse) -> TransferProgress:
    """Return how far a transfer is, as `reply` says."""
    at = reply.optimization
    told = how_far(reply.progress)
    return TransferProgress(**told, step=at.step, steps=at.steps, losses=_losses(at.losses))


def reference_list(
    stored: Iterable[transfer_hair_pb2.Reference],
) -> tuple[StoredReference, ...]:
    """Return stored references, in their order."""
    return tuple(_stored(one) for one in stored)


def recommendation_list(
    reply: transfer_hair_pb2.RecommendReferencesResponse,
) -> tuple[Recommendation, ...]:
    """Return what `reply` recommends, the best first."""
    return tuple(
        Recommendation(
            reference=_stored(one.reference),
            score=one.score,
            reasons=tuple(RecommendationReason(why.code, why.message) for why in one.reasons),
            pose_gap=one.pose_gap_deg,
            mirrored=one.mirrored,
        )
        for one in reply.recommendations
    )


def _used(reference: transfer_hair_pb2.UsedReference) -> UsedReference:
    return UsedReference(
        name=reference.name or None,
        sha256=reference.sha256,
        mirrored=reference.mirrored,
        pose_gap=reference.pose_gap_deg,
        face=face_of(reference.face),
    )


def _losses(terms: Iterable[transfer_hair_pb2.TransferHairLoss]) -> dict[str, float]:
    return {term.name: term.value for term in terms}


def _stored(reference: transfer_hair_pb2.Reference) -> StoredReference:
    return StoredReference(
        name=reference.name,
        title=reference.title,
        tags=tuple(reference.tags),
        length=reference.length or None,
        texture=reference.texture or None,
        color=reference.color or None,
        yaw=reference.yaw_deg,
        source=name_of(transfer_hair_pb2.ReferenceSource, reference.source),
        license=reference.license or None,
        products=tuple(ProductLink(link.title, link.url) for link in reference.products),
        preview=picture_of(reference.preview) if reference.HasField("preview") else None,
    )
