from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from limner_server.imaging import codec
from limner_server.references.store import ReferenceStore
from limner_server.services import previews
from limner_server.services.previews import PREVIEW_PX, Previews
from tests.unit.server.references.people import someone
from tests.unit.server.references.photos import text_of


@pytest.fixture
def store(tmp_path):
    """A store with one wide photo, whose columns and rows tell where they are."""
    rows, columns = np.mgrid[0:400, 0:1000]
    photo = np.dstack([columns // 4, rows // 2, np.zeros_like(rows)]).astype(np.uint8)
    (tmp_path / "wide.png").write_bytes(codec.encode(photo, "png"))
    (tmp_path / "wide.json").write_bytes(text_of())
    return ReferenceStore(tmp_path)


@pytest.mark.parametrize(
    ("head", "size", "first"),
    [
        ((500, 200, 200), (200, 200), (100, 50)),
        ((900, 100, 400), (PREVIEW_PX, PREVIEW_PX), (175, 0)),
        ((500, 200, 5000), (102, PREVIEW_PX), (0, 0)),
        ((5000, 5000, 10), (102, PREVIEW_PX), (0, 0)),
    ],
)
def test_a_preview_shows_the_head_and_nothing_beyond_the_photo(store, head, size, first):
    picture = Previews(store).preview(store.find("wide"), replace(someone(), head=head))
    assert picture.shape[:2] == pytest.approx(size, abs=1)
    assert picture[0, 0, :2] == pytest.approx(first, abs=2)


def test_so_many_are_kept_and_drawn_once(store, monkeypatch):
    monkeypatch.setattr(previews, "KEPT", 2)
    drawer, wide = Previews(store), store.find("wide")
    seen = [drawer.preview(one, None) for one in [wide, *store.references()[:1], wide]]
    assert seen[0] is seen[2]
    assert drawer.preview(wide, someone()) is not seen[0]
    assert len(drawer._kept) == 2
