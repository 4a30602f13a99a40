"""Layered portraits: what is read, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from limner_models.data import portraits
from limner_models.errors import MaterialDamaged, MaterialMissing
from tests.unit.models.conftest import write_portrait


def test_a_portrait_is_read_with_shares_and_named_points(portraits_folder):
    portrait = portraits.read(portraits_folder / "000003.npz")

    assert portrait.foreground.shape == (64, 64, 3)
    assert portrait.hair.dtype == portrait.coverage.dtype == np.float32
    assert portrait.coverage.max() == 1
    assert portrait.points["pupil_r"] == (27, 31)
    assert portrait.params == {"seed": 3}
    assert not portrait.shades


def test_shades_are_read_when_asked_for(portraits_folder):
    one = portraits.read(portraits_folder / "000003.npz", "red")
    every = portraits.read(portraits_folder / "000003.npz", "*")

    assert set(one.shades) == set(every.shades) == {"red"}
    np.testing.assert_array_equal(one.shades["red"], every.shades["red"])


@pytest.mark.parametrize(
    "changes",
    [
        {"hair": np.zeros((64, 64), np.float32)},
        {"hair": np.zeros((64, 64, 1), np.uint8)},
        {"params": np.array("{")},
        {"params": np.array([{}], dtype=object)},
        {"names": np.array(["chin"])},
    ],
)
def test_what_the_studio_does_not_write_is_refused(tmp_path, changes):
    file = write_portrait(tmp_path / "000000.npz", **changes)

    with pytest.raises(MaterialDamaged, match="no layered portrait"):
        portraits.read(file)


def test_an_array_too_large_for_any_portrait_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(portraits, "MAX_SIDE", 16)
    file = write_portrait(tmp_path / "000000.npz")

    with pytest.raises(MaterialDamaged, match=r"foreground.*bytes"):
        portraits.read(file)


def test_a_shade_that_was_not_drawn_is_damage(portraits_folder):
    with pytest.raises(MaterialDamaged):
        portraits.read(portraits_folder / "000000.npz", "green")


def test_files_are_those_of_the_numbers_in_order(portraits_folder):
    files = portraits.files(portraits_folder, range(2, 5))

    assert [file.name for file in files] == ["000002.npz", "000003.npz", "000004.npz"]


def test_missing_portraits_are_counted_and_the_first_is_named(portraits_folder, tmp_path):
    with pytest.raises(MaterialMissing, match=r"lacks 3 of 5 portraits, the first 000012"):
        portraits.files(portraits_folder, range(10, 15))
    with pytest.raises(MaterialMissing, match="lacks 1 of 1"):
        portraits.files(tmp_path / "nowhere", range(1))
    with pytest.raises(MaterialMissing):
        portraits.read(tmp_path / "000000.npz")


def test_the_digest_knows_content_names_and_order(tmp_path):
    one, other = (write_portrait(tmp_path / f"00000{n}.npz", n) for n in range(2))
    digest = portraits.digest([one, other])

    assert digest == portraits.digest([one, other])
    assert digest != portraits.digest([other, one])
    write_portrait(one, 7)
    assert digest != portraits.digest([one, other])
