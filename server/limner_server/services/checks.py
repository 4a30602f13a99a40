"""Checks of request fields: every violation is found before any is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner.errors import Violation
from limner.v1 import image_pb2
from limner.v1.reasons import ParameterOutOfRange
from limner_server.call import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
    from google.protobuf.message import Message

RAW_FORMATS = {image_pb2.IMAGE_FORMAT_RAW_RGB8: 3, image_pb2.IMAGE_FORMAT_RAW_RGBA8: 4}
"""Bytes a pixel of the formats that are not encoded."""


class Checks:
    """Gathers what is wrong with one request."""

    def __init__(self, within: str = "") -> None:
        """Begin with nothing wrong; `within` is put before every field, such as `settings.`."""
        self._within = within
        self._violations: list[Violation] = []

    def require(self, fine: bool, field: str, description: str) -> None:  # noqa: FBT001 - the thing that is required
        """Note a violation of `field` unless `fine`."""
        if not fine:
            self._violations.append(Violation(self._within + field, description))

    def within(self, value: float, limits: tuple[float, float], field: str) -> None:
        """Note a violation when `value` is outside `limits`, inclusive, or no number."""
        low, high = limits
        self.require(low <= value <= high, field, f"{value:g} is not in [{low:g}, {high:g}]")

    def known(self, value: int, kind: EnumTypeWrapper, field: str) -> None:
        """Note a violation when `value` is no value of the enum `kind`."""
        self.require(value in kind.values(), field, f"{value} is no {kind.DESCRIPTOR.name}")

    def done(self) -> None:
        """Go on only if nothing is wrong.

        Raises:
            ParameterOutOfRange: Something is; it carries every violation.
        """
        if self._violations:
            first = self._violations[0]
            more = len(self._violations) - 1
            rest = f", and {more} more" if more else ""
            raise ParameterOutOfRange(
                f"{first.field}: {first.description}{rest}", violations=self._violations
            )

    def options(self, options: image_pb2.CallOptions) -> None:
        """Check what may be said of any call."""
        self.require(
            not options.request_id or REQUEST_ID.fullmatch(options.request_id) is not None,
            "options.request_id",
            "at most 64 letters, digits, '-', '_' or '.'",
        )
        self.known(options.priority, image_pb2.Priority, "options.priority")

    def image(self, image: image_pb2.Image, field: str) -> None:
        """Check an image's fields, not its data."""
        size = len(image.data)
        self.require(size > 0, f"{field}.data", "required, and empty")
        self.known(image.format, image_pb2.ImageFormat, f"{field}.format")
        if image.format in RAW_FORMATS:
            self._raw_size(image, size, RAW_FORMATS[image.format], field)

    def selector(
        self, selector: image_pb2.FaceSelector, field: str = "selector", *, several: bool = False
    ) -> None:
        """Check which face is meant, or which faces where `several` may be."""
        index = selector.index
        one = several or not selector.all
        self.require(one, f"{field}.all", "one face is taken here, not several")
        self.require(0 <= index < 64, f"{field}.index", f"{index} is not in [0, 63]")

    def settings(self, settings: Message, *, left_out: Sequence[str]) -> None:
        """Check what a stream's settings leave to its frames, or must not ask for."""
        for field in left_out:
            self.require(not settings.HasField(field), field, "left out of a stream's settings")
        options: image_pb2.CallOptions = settings.options  # type: ignore[attr-defined]
        self.require(not options.validate_only, "options.validate_only", "not for a stream")

    def plane(self, plane: image_pb2.Mask | image_pb2.Alpha, field: str) -> None:
        """Check a plane's fields, not its data."""
        size = len(plane.data)
        self.require(size > 0, f"{field}.data", "required, and empty")
        self.known(plane.format, image_pb2.PlaneFormat, f"{field}.format")
        if plane.format == image_pb2.PLANE_FORMAT_RAW_U8:
            self._raw_size(plane, size, 1, field)

    def output(self, output: image_pb2.OutputSpec) -> None:
        """Check how a reply is to be written."""
        self.known(output.format, image_pb2.ImageFormat, "output.format")
        self.known(output.plane_format, image_pb2.PlaneFormat, "output.plane_format")
        self.require(0 <= output.quality <= 100, "output.quality", "in [1, 100], or 0 for 92")
        self.require(
            output.longest_edge_px == 0 or 16 <= output.longest_edge_px <= 65535,
            "output.longest_edge_px",
            "in [16, 65535], or 0 for the input's",
        )

    def _raw_size(
        self,
        raw: image_pb2.Image | image_pb2.Mask | image_pb2.Alpha,
        size: int,
        pixel_bytes: int,
        field: str,
    ) -> None:
        sizes = ((raw.width_px, "width_px"), (raw.height_px, "height_px"))
        for edge, name in sizes:
            self.require(1 <= edge <= 65535, f"{field}.{name}", "in [1, 65535] for raw data")
        expected = raw.width_px * raw.height_px * pixel_bytes
        self.require(
            size == expected,
            f"{field}.data",
            f"{size} bytes, but the size and format say {expected}",
        )
