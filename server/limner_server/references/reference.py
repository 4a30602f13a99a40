"""A reference: photos with hair worth having, and what whoever stored them says of it."""

from __future__ import annotations

import enum
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from limner_server.imaging.containers import read_header
from limner_server.imaging.pictures import PictureError, check_size

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = re.compile(r"[a-z0-9-]{1,64}")
TAG: Final = re.compile(r"[a-z0-9-]{1,32}")

ENDINGS: Final[Mapping[str, str]] = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".webp": "webp",
}
"""What a photo's file may end in, and what it then holds."""

MOST_PHOTO_BYTES: Final = 8 * 1024 * 1024
MOST_PIXELS: Final = 24_000_000
MOST_TEXT_BYTES: Final = 64 * 1024
MOST_TAGS: Final = 16
MOST_PRODUCTS: Final = 8
MOST_TITLE: Final = 128
MOST_URL: Final = 2048
MOST_LICENSE: Final = 64


class Unusable(ValueError):
    """A photo or what is said of it cannot be a reference; the message says why."""


class Source(enum.Enum):
    """Who stored a reference."""

    STUDIO = enum.auto()
    OPERATOR = enum.auto()


@dataclass(frozen=True)
class Product:
    """Where something that such hair needs can be had."""

    title: str
    url: str
    """Begins with https."""


@dataclass(frozen=True)
class Description:
    """What is said of a reference."""

    title: str = ""
    """One line for people."""
    tags: tuple[str, ...] = ()
    license: str = ""
    """As SPDX names it."""
    products: tuple[Product, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object that `from_json` reads."""
        return {
            "title": self.title,
            "tags": list(self.tags),
            "license": self.license,
            "products": [{"title": one.title, "url": one.url} for one in self.products],
        }

    @classmethod
    def from_json(cls, document: object) -> Description:
        """Return what an object says.

        Raises:
            Unusable: A field is unknown, of another type or too long.
        """
        fields = _object(document, "the description", {"title", "tags", "license", "products"})
        tags = _items(fields, "tags", MOST_TAGS)
        for tag in tags:
            if not isinstance(tag, str) or not TAG.fullmatch(tag):
                raise Unusable(f"tag {tag!r:.80} is not of 1 to 32 of a-z, 0-9 and -")
        products = _items(fields, "products", MOST_PRODUCTS)
        return cls(
            _line(fields, "title", MOST_TITLE),
            tuple(dict.fromkeys(tags)),
            _line(fields, "license", MOST_LICENSE),
            tuple(_product(product) for product in products),
        )


@dataclass(frozen=True)
class Reference:
    """A photo that is stored under a name, with others of that hair on heads turned otherwise."""

    name: str
    described: Description
    source: Source
    file: str
    """The photo's, in its folder."""
    sha256: str
    """Digest of the photo's data, lower-case hex."""
    others: tuple[Reference, ...] = ()
    """Each as if it were the only one."""

    @property
    def views(self) -> tuple[Reference, ...]:
        """The reference by each of its photos, its first one before the others."""
        return self, *self.others


def check_name(name: str) -> str:
    """Return a name that a reference may have.

    Raises:
        Unusable: It may not have this one.
    """
    if not NAME.fullmatch(name):
        raise Unusable(f"name {name!r:.80} is not of 1 to 64 of a-z, 0-9 and -")
    return name


def check_photo(data: bytes) -> str:
    """Return which format a photo has, from its first bytes.

    Raises:
        Unusable: It is too large, or no JPEG, PNG or WebP.
    """
    if len(data) > MOST_PHOTO_BYTES:
        raise Unusable(f"the photo has more than {MOST_PHOTO_BYTES >> 20} MiB")
    try:
        header = read_header(data)
        check_size(header.width, header.height, MOST_PIXELS)
    except PictureError as error:
        raise Unusable(str(error)) from error
    return header.format


def read_reference(file: str, photo: bytes, text: bytes, source: Source) -> Reference:
    """Return a reference from the name of a photo's file, and what it and the description hold.

    Raises:
        Unusable: One of them does not hold it.
    """
    name = check_name(file.partition(".")[0])
    check_photo(photo)
    if len(text) > MOST_TEXT_BYTES:
        raise Unusable(f"the description has more than {MOST_TEXT_BYTES >> 10} KiB")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"the description is no JSON: {error}") from error
    described = Description.from_json(document)
    return Reference(name, described, source, file, hashlib.sha256(photo).hexdigest())


def _object(document: object, what: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise Unusable(f"{what} is no object")
    strange = sorted(set(document) - known)
    if strange:
        raise Unusable(f"{what} has {strange[0]!r:.80}; it may have {', '.join(sorted(known))}")
    return document


def _items(fields: dict[str, Any], name: str, most: int) -> list[Any]:
    items = fields.get(name, [])
    if not isinstance(items, list) or len(items) > most:
        raise Unusable(f"{name} is no list of at most {most}")
    return items


def _line(fields: dict[str, Any], name: str, most: int) -> str:
    line = fields.get(name, "")
    if not isinstance(line, str) or len(line) > most or not line.isprintable():
        raise Unusable(f"{name} is no line of at most {most} letters")
    return line


def _product(document: object) -> Product:
    fields = _object(document, "a product", {"title", "url"})
    title, url = _line(fields, "title", MOST_TITLE), _line(fields, "url", MOST_URL)
    try:
        place = urlsplit(url)
    except ValueError as error:
        raise Unusable(f"url {url!r:.80} cannot be read: {error}") from error
    if place.scheme != "https" or not place.hostname or " " in url:
        raise Unusable(f"url {url!r:.80} is no https address")
    return Product(title, url)
