"""The synchronous client; generated from client.py by generate_sync.py, not by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner.v1.composite_pb2_grpc import CompositeServiceStub
from limner.v1.dye_pb2_grpc import DyeServiceStub
from limner.v1.model_pb2_grpc import ModelServiceStub
from limner_client.pictures import Output
from limner_client.replies import ExportReply, composite_result, dye_result, shade_list
from limner_client.requests import (
    composite_request,
    dye_request,
    export_request,
    shades_request,
)
from limner_client.sync_transferring import Transferring

if TYPE_CHECKING:
    from limner_client.colors import ColorLike
    from limner_client.photos import PhotoLike, PlaneLike
    from limner_client.request_parts import FaceChoice
    from limner_client.requests import BlendName, ComposerName
    from limner_client.results import CompositeResult, DyeResult, ExportedModel, Shade

_AS_SENT = Output()


class LimnerClient(Transferring):
    """Edits portraits on a Limner server.

        with LimnerClient() as limner:
            result = limner.dye("me.jpg", shade="auburn")
            result.image.save("auburn.jpg")

    Nothing is connected before the first call. A call that fails because the server is away, or
    at its limit, is sent up to three times (requests over 8 MiB once), all within the one timeout.
    Every failed call raises a LimnerError.

    A stream takes frames as they come and answers the newest: while one is worked on, newer ones
    take the place of the one that waits. It lasts until the frames end, an hour at most.
    """

    def dye(  # noqa: PLR0913 - what a dye can be told, each by name
        self,
        photo: PhotoLike,
        *,
        color: ColorLike | None = None,
        shade: str | None = None,
        like: PhotoLike | None = None,
        strength: float = 1.0,
        keep_highlights: bool = True,
        blend: BlendName = "delta",
        face: FaceChoice = "largest",
        alpha: PlaneLike | None = None,
        return_alpha: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> DyeResult:
        """Return `photo` with its hair in another color, said as a color, a shade or a reference.

        Args:
            photo: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            color: `#rrggbb`, (red, green, blue), a Lab, or a Color of an earlier result.
            shade: A shade's name; `list_shades` has them.
            like: A photo whose hair has the color.
            strength: How much of the change is laid on, in [0, 1].
            keep_highlights: Let what gleams keep its own color.
            blend: "delta" adds the change of color; "patent" blends the dyed picture in.
            face: Whose hair it is: "largest", a place from the image's left, or a point in it.
            alpha: Where the hair is, 255 for nothing but hair; None lets the server find it.
            return_alpha: Return the alpha that was used too.
            output: How the picture and the alpha are to be written.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            FileNotFoundError: A path was given and nothing is there; nothing was sent.
            NoHair: The photo, or the reference, is fine but shows no hair.
            ShadeUnknown: No shade has that name; the message lists the nearest.
            LimnerError: Anything else the call ended in.
        """
        request = dye_request(
            photo,
            color=color,
            shade=shade,
            like=like,
            strength=strength,
            keep_highlights=keep_highlights,
            blend=blend,
            face=face,
            alpha=alpha,
            return_alpha=return_alpha,
            output=output,
            request_id=request_id,
        )
        stub = DyeServiceStub(self._channel)
        reply = self._call(stub.Dye, request, request.options, timeout)
        return dye_result(reply)

    def list_shades(
        self,
        *,
        previews: bool = True,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> tuple[Shade, ...]:
        """Return every shade that has a name, each with a picture of a strand if `previews`."""
        request = shades_request(previews, output, request_id)
        stub = DyeServiceStub(self._channel)
        reply = self._call(stub.ListShades, request, request.options, timeout)
        return shade_list(reply)

    def composite(  # noqa: PLR0913 - what laying a face in can be told, each by name
        self,
        original: PhotoLike,
        converted: PhotoLike,
        *,
        original_face: FaceChoice = "largest",
        converted_face: FaceChoice = "largest",
        engine: ComposerName = "network",
        return_mask: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> CompositeResult:
        """Return `original` with the face of `converted`, in the original's light.

        Args:
            original: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            converted: The same head with another face: relit, made up, restored, of another age.
            original_face: Which face is replaced: "largest", a place from the image's left, or a
                point in it.
            converted_face: Which face is taken.
            engine: "network", or the "conventional" chain of four steps, kept for comparison.
            return_mask: Return how much of each pixel is not the original's, too.
            output: How the picture and the mask are to be written.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            FileNotFoundError: A path was given and nothing is there; nothing was sent.
            NoFace: One of the photos, the message says which, shows no such face.
            PoseTooFar: The faces are turned, shaped or scaled too differently.
            LimnerError: Anything else the call ended in.
        """
        request = composite_request(
            original,
            converted,
            original_face=original_face,
            converted_face=converted_face,
            engine=engine,
            return_mask=return_mask,
            output=output,
            request_id=request_id,
        )
        stub = CompositeServiceStub(self._channel)
        reply = self._call(stub.Composite, request, request.options, timeout)
        return composite_result(reply)

    def export_model(
        self,
        model: str,
        *,
        version: int | None = None,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> ExportedModel:
        """Return a network to be run elsewhere, and what is to be known of it.

        Args:
            model: Its name, such as `animalizer`.
            version: Its number; None is the one that callers get.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            ModelVersionUnknown: There is no such model, or no such version on the server.
            ModelNotReady: No version of it serves yet.
            LimnerError: Anything else the call ended in.
        """
        request = export_request(model, version, request_id)
        stub = ModelServiceStub(self._channel)
        reply = ExportReply()
        self._hear(stub.ExportModel, request, request.options, timeout, reply.take)
        return reply.result()
