import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.mattes import (
    INSIDE,
    OUTSIDE,
    UNKNOWN,
    Mattes,
    composed,
    rough_map,
    trimap_of,
)
from tests.unit.models.conftest import disk

HAIR = disk(48, 48, 30, 96)


@pytest.fixture
def mattes(portraits_folder):
    return Mattes(portraits.files(portraits_folder, range(12)), Backgrounds(None), 4, 64)


def test_a_batch_holds_photos_trimaps_and_the_truth(mattes):
    batch = mattes(np.random.default_rng(0))

    assert batch["image"].shape == (4, 64, 64, 3)
    assert {array.shape for name, array in batch.items() if name != "image"} == {(4, 64, 64)}
    assert {array.dtype for array in batch.values()} == {np.dtype(np.uint8)}
    assert set(np.unique(batch["trimap"])) <= {OUTSIDE, UNKNOWN, INSIDE}
    assert (batch["trimap"] == UNKNOWN).any(axis=(1, 2)).all()


def test_contrast_is_known_of_drawn_strands_alone(mattes):
    samples = [mattes.sample(np.random.default_rng(seed)) for seed in range(30)]

    known = [bool(sample["contrast"].any()) for sample in samples]
    assert any(known)
    assert not all(known)
    assert all((sample["contrast"][sample["alpha"] == 0] == 0).all() for sample in samples)


@given(st.floats(50, 2000), st.integers(0, 1000))
def test_a_trimap_of_the_truth_is_never_wrong(extent, seed):
    trimap = trimap_of(HAIR, extent, np.random.default_rng(seed))

    assert (HAIR[trimap == INSIDE] > 0.9).all()
    assert (HAIR[trimap == OUTSIDE] < 0.1).all()


def test_the_kernels_follow_the_hairs_extent():
    small, large = (np.count_nonzero(trimap_of(HAIR, size) == UNKNOWN) for size in (100, 800))

    assert large > 2 * small


def test_kernels_are_squares_as_the_patent_has_them():
    point = np.zeros((40, 40), np.float32)
    point[20, 20] = 1

    unknown = trimap_of(point, 400.0) == UNKNOWN

    rows, columns = np.nonzero(unknown)
    assert rows.min() == columns.min() == 20 - 6
    assert rows.max() == columns.max() == 20 + 6
    assert unknown.sum() == 13 * 13


def test_a_rough_map_is_near_the_truth_but_seldom_it():
    maps = [rough_map(HAIR, 53.0, np.random.default_rng(seed)) for seed in range(20)]

    assert 0 < sum(map_ is HAIR for map_ in maps) < 15
    for map_ in maps:
        assert map_.min() >= 0
        assert map_.max() <= 1
        overlap = ((map_ > 0.5) & (HAIR > 0.5)).sum() / ((map_ > 0.5) | (HAIR > 0.5)).sum()
        assert overlap > 0.8


def test_a_whole_portrait_comes_with_its_trimap_and_alpha(portraits_folder):
    file = portraits_folder / "000000.npz"

    image, trimap, alpha = composed(file, Backgrounds(None), np.random.default_rng(0))

    assert image.shape == (64, 64, 3)
    assert (trimap == UNKNOWN).any()
    np.testing.assert_array_equal(alpha, portraits.read(file).hair)
