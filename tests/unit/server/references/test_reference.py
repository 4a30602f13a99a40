from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.references.reference import (
    Description,
    Product,
    Source,
    Unusable,
    read_reference,
)
from tests.unit.server.references.photos import photo_of, text_of

LINK = {"title": "Curl cream", "url": "https://shop.example/cream?size=2"}


def read(photo=None, text=None, name="waves"):
    photo, text = photo or photo_of(90), text_of() if text is None else text
    return read_reference(f"{name}.jpg", photo, text, Source.OPERATOR)


def test_a_reference_is_what_its_two_files_say():
    found = read(text=text_of(tags=["long", "wavy", "long"], license="CC0-1.0", products=[LINK]))
    assert found.described.tags == ("long", "wavy")
    assert found.described.products == (Product(**LINK),)
    assert found.described.license == "CC0-1.0"
    assert found.sha256 == read(text=b"{}").sha256 != read(photo_of(91)).sha256


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tags": ["Long hair"]}, "tag 'Long hair'"),
        ({"tags": ["a"] * 17}, "tags"),
        ({"tags": "long"}, "tags"),
        ({"title": "two\nlines"}, "title"),
        ({"title": "x" * 129}, "title"),
        ({"license": 4}, "license"),
        ({"price": 3}, "'price'"),
        ({"products": [LINK] * 9}, "products"),
        ({"products": [LINK | {"url": "http://shop.example"}]}, "no https address"),
        ({"products": [LINK | {"url": "javascript:alert(1)"}]}, "no https address"),
        ({"products": [LINK | {"url": "https://"}]}, "no https address"),
        ({"products": [LINK | {"url": "https://[broken"}]}, "cannot be read"),
        ({"products": [LINK | {"url": "https://a.example/" + "x" * 2048}]}, "url"),
        ({"products": ["https://shop.example"]}, "a product is no object"),
    ],
)
def test_a_description_that_says_something_else_is_told_what(fields, said):
    with pytest.raises(Unusable, match="^.*" + said.replace("[", r"\[")):
        read(text=text_of(**fields))


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff\xfe", b"[" * 60_000, b" " * 70_000, b"nul"])
def test_no_description_is_a_fault_of_the_reference(text):
    with pytest.raises(Unusable):
        read(text=text)


def test_a_photo_must_be_one():
    for data in (b"", b"%PDF-1.7", photo_of(90)[:20], bytes(9 * 1024 * 1024)):
        with pytest.raises(Unusable):
            read_reference("waves.jpg", data, text_of(), Source.OPERATOR)
    with pytest.raises(Unusable, match="pixels"):
        read(photo_of(90, "PNG", (6000, 4100)))


@pytest.mark.parametrize("name", ["", "Waves", "../waves", "a b", "x" * 65, "wäves", "waves\n"])
def test_a_name_is_a_file_name_and_nothing_else(name):
    with pytest.raises(Unusable):
        read(name=name)


tags = st.lists(st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True), max_size=16, unique=True)
lines = st.text(max_size=40).filter(str.isprintable)


@given(lines, tags, lines)
def test_what_is_said_survives_a_file(title, given_tags, license_name):
    said = Description(title, tuple(given_tags), license_name, (Product(**LINK),))
    assert Description.from_json(json.loads(json.dumps(said.to_json()))) == said
