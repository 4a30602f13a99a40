"""The store of references as replies carry it: page by page, or by who they suit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from limner.v1 import transfer_hair_pb2
from limner.v1.reasons import ImageUnreadable, ReferenceUnknown
from limner_server.imaging import codec
from limner_server.imaging.hair_color import classified
from limner_server.imaging.shades import SHADES
from limner_server.pipelines.acquaintance import Acquaintance
from limner_server.pipelines.features import find_features
from limner_server.references.ranking import Candidate, nearest, rank
from limner_server.references.reference import MOST_TAGS, NAME, TAG, Source
from limner_server.services import wire
from limner_server.services.checks import Checks
from limner_server.services.previews import Previews

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from limner.v1 import image_pb2
    from limner_server.call import Call
    from limner_server.imaging.arrays import Photo
    from limner_server.imaging.hairstyle import Texture
    from limner_server.imaging.pose import HeadPose
    from limner_server.references.features import Features
    from limner_server.references.known import Known
    from limner_server.references.ranking import Ranked
    from limner_server.references.reference import Reference
    from limner_server.references.store import ReferenceStore
    from limner_server.routing.models import Models

PAGE: Final = 50
MOST_IN_PAGE: Final = 200
RECOMMENDED: Final = 5
MOST_RECOMMENDED: Final = 20
MOST_REASONS: Final = 8

TEXTURES: Final[tuple[Texture, ...]] = ("straight", "wavy", "curly", "coily")
"""As tags say them; a tag is believed before what was measured."""

SOURCES: Final = {
    Source.STUDIO: transfer_hair_pb2.REFERENCE_SOURCE_STUDIO,
    Source.OPERATOR: transfer_hair_pb2.REFERENCE_SOURCE_OPERATOR,
}


class References:
    """Answers what is asked about the store of references."""

    def __init__(self, store: ReferenceStore, known: Known, models: Models) -> None:
        """Answer from a store, with what is known of its photos; `models` measure the others."""
        self._store = store
        self._acquaintance = Acquaintance(store, known, models)
        self._models = models
        self._previews = Previews(store)

    async def page(
        self, request: transfer_hair_pb2.ListReferencesRequest, call: Call
    ) -> transfer_hair_pb2.ListReferencesResponse:
        """Return one page of the references that have some tags.

        Raises:
            ParameterOutOfRange: Fields are wrong, all told at once.
        """
        _check_list(request)
        response = transfer_hair_pb2.ListReferencesResponse()
        if not request.options.validate_only:
            found = await asyncio.to_thread(self._store.references, request.tags)
            rest = [one for one in found if one.name > request.page_token]
            page = rest[: request.page_size or PAGE]
            output = None if request.without_previews else request.output
            response.references.extend(await self._written(page, output, call))
            if len(rest) > len(page):
                response.next_page_token = page[-1].name
        call.sign(response)
        return response

    async def recommend(
        self, request: transfer_hair_pb2.RecommendReferencesRequest, call: Call
    ) -> transfer_hair_pb2.RecommendReferencesResponse:
        """Return the references that suit a person best.

        Raises:
            ParameterOutOfRange: Fields are wrong, all told at once.
            NoFace: The photo has no such face.
            LimnerError: As `wire.read_photo`.
        """
        _check_recommend(request)
        response = transfer_hair_pb2.RecommendReferencesResponse()
        if request.options.validate_only:
            wire.check_header(request.image)
            call.sign(response)
            return response
        photo = await wire.read_photo(request.image, call)
        selector = wire.selector(request.selector)
        face, person = await find_features(photo, selector, self._models, call)
        response.face.CopyFrom(wire.write_face(face))
        found = await asyncio.to_thread(self._store.references, request.tags)
        await self._get_to_know(found, call)
        views = [self._nearest(reference, person.pose) for reference in found]
        ranked = rank(person, self._candidates(views))[: request.count or RECOMMENDED]
        named = {view.name: view for view in views}
        output = None if request.without_previews else request.output
        written = await self._written([named[one.name] for one in ranked], output, call)
        response.recommendations.extend(map(_recommendation, ranked, written))
        call.sign(response)
        return response

    async def find(self, name: str, call: Call) -> Reference:
        """Return the reference of that name.

        Raises:
            ReferenceUnknown: None has it.
        """
        with call.stage("find_reference"):
            return await asyncio.to_thread(self._store.find, name)

    async def view(
        self, reference: Reference, person: Awaitable[HeadPose], call: Call
    ) -> Reference:
        """Return a reference by that of its photos whose head is turned most like a person's.

        Whoever has one photo is not kept waiting for the person.

        Raises:
            ModelNotReady, ModelFailed: As `Acquaintance.make`.
        """
        if not reference.others:
            return reference
        await self._acquaintance.make([reference], call)
        return self._nearest(reference, await person)

    async def read(self, reference: Reference, call: Call) -> Photo:
        """Return a reference's photo, HxWx3 uint8 sRGB.

        Raises:
            ReferenceUnknown: It has just gone.
            ImageUnreadable: Its photo is broken.
        """
        with call.stage("decode"):
            data = await asyncio.to_thread(self._store.photo, reference)
            with wire.our_words():
                return await asyncio.to_thread(codec.decode, data)

    async def _get_to_know(self, references: Sequence[Reference], call: Call) -> None:
        left = await self._acquaintance.make(references, call)
        if left:
            said = f"{left} new references are not known yet and were left out; ask again"
            call.warn("REFERENCES_NOT_KNOWN", said)

    def _nearest(self, reference: Reference, person: HeadPose) -> Reference:
        """Return the view that is turned most like a person; the first where none is known."""
        known = [(view, self._acquaintance.of(view)) for view in reference.views]
        posed = [(view, features.pose) for view, features in known if features]
        if not posed:
            return reference
        return posed[nearest(person, [pose for _, pose in posed])][0]

    def _candidates(self, references: Sequence[Reference]) -> list[Candidate]:
        known = [(one, self._acquaintance.of(one)) for one in references]
        return [
            Candidate(one.name, features, _texture(one, features))
            for one, features in known
            if features
        ]

    async def _written(
        self, references: Sequence[Reference], output: image_pb2.OutputSpec | None, call: Call
    ) -> list[transfer_hair_pb2.Reference]:
        """Return references as a reply carries them, with previews if `output` says how."""
        known = [self._acquaintance.of(one) for one in references]
        written = [_described(*pair) for pair in zip(references, known, strict=True)]
        if output is None:
            return written
        with call.stage("previews"):
            for reference, features, message in zip(references, known, written, strict=True):
                call.check()
                preview = await asyncio.to_thread(self._preview, reference, features, output)
                if preview is None:
                    call.warn("PREVIEW_MISSING", f"the photo of {reference.name} cannot be read")
                else:
                    message.preview.CopyFrom(preview)
        return written

    def _preview(
        self, reference: Reference, features: Features | None, output: image_pb2.OutputSpec
    ) -> image_pb2.Image | None:
        try:
            picture = self._previews.preview(reference, features)
        except (ReferenceUnknown, ImageUnreadable):
            return None
        return wire.write_image(picture, None, output)


def _check_list(request: transfer_hair_pb2.ListReferencesRequest) -> None:
    checks = Checks()
    _check_tags(checks, request.tags)
    checks.output(request.output)
    size, token = request.page_size, request.page_token
    fine = 0 <= size <= MOST_IN_PAGE
    checks.require(fine, "page_size", f"{size} is not in [1, {MOST_IN_PAGE}], nor 0 for {PAGE}")
    ours = not token or NAME.fullmatch(token) is not None
    checks.require(ours, "page_token", "not one that a reply had")
    checks.options(request.options)
    checks.done()


def _check_recommend(request: transfer_hair_pb2.RecommendReferencesRequest) -> None:
    checks = Checks()
    checks.image(request.image, "image")
    checks.selector(request.selector)
    count, most = request.count, MOST_RECOMMENDED
    few = 0 <= count <= most
    checks.require(few, "count", f"{count} is not in [1, {most}], nor 0 for {RECOMMENDED}")
    _check_tags(checks, request.tags)
    checks.output(request.output)
    checks.options(request.options)
    checks.done()


def _check_tags(checks: Checks, tags: Sequence[str]) -> None:
    checks.require(len(tags) <= MOST_TAGS, "tags", f"{len(tags)} are more than {MOST_TAGS}")
    for place, tag in enumerate(tags[:MOST_TAGS]):
        fine = TAG.fullmatch(tag) is not None
        checks.require(fine, f"tags[{place}]", "1 to 32 of a-z, 0-9 and -")


def _texture(reference: Reference, features: Features | None) -> Texture | None:
    """Return how a reference's hair falls: as whoever stored it says, else as it is seen."""
    for texture in TEXTURES:
        if texture in reference.described.tags:
            return texture
    return features.hair.style.texture if features and features.hair else None


def _described(reference: Reference, features: Features | None) -> transfer_hair_pb2.Reference:
    described = reference.described
    written = transfer_hair_pb2.Reference(
        name=reference.name,
        title=described.title,
        tags=described.tags,
        texture=_texture(reference, features) or "",
        source=SOURCES[reference.source],
        license=described.license,
        products=[
            transfer_hair_pb2.ProductLink(title=product.title, url=product.url)
            for product in described.products
        ],
    )
    if features:
        written.yaw_deg = features.pose.yaw
        if features.hair:
            written.length = features.hair.style.length
            shades = {shade.name: (shade.lab,) for shade in SHADES}
            written.color = classified(features.hair.lab, shades).name
    return written


def _recommendation(
    ranked: Ranked, reference: transfer_hair_pb2.Reference
) -> transfer_hair_pb2.Recommendation:
    return transfer_hair_pb2.Recommendation(
        reference=reference,
        score=ranked.score,
        reasons=[
            transfer_hair_pb2.RecommendationReason(code=reason.code, message=reason.message)
            for reason in ranked.reasons[:MOST_REASONS]
        ],
        pose_gap_deg=ranked.facing.gap,
        mirrored=ranked.facing.mirrored,
    )
