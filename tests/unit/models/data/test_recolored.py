from dataclasses import replace

import numpy as np
import pytest

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.hair_color import hair_color
from limner_models.data.recolored import MARGIN, Recolored, hair_square, read_head


@pytest.fixture
def recolored(portraits_folder):
    return Recolored(portraits.files(portraits_folder, range(12)), Backgrounds(None), 3, 48)


def batch_of(recolored, seed=0):
    return recolored(np.random.default_rng(seed))


def test_a_batch_holds_pairs_and_what_their_hair_looks_like(recolored):
    batch = batch_of(recolored)

    assert batch["before"].shape == batch["after"].shape == (3, 48, 48, 3)
    assert batch["alpha"].shape == (3, 48, 48)
    for photo, alpha, color in zip(batch["after"], batch["alpha"], batch["wanted"], strict=True):
        np.testing.assert_allclose(color, hair_color(photo, alpha / np.float32(255)), atol=1)


def test_chance_alone_decides_a_batch(recolored):
    first, again, other = batch_of(recolored), batch_of(recolored), batch_of(recolored, 1)

    np.testing.assert_array_equal(first["before"], again["before"])
    assert not np.array_equal(first["before"], other["before"])


def test_nothing_but_the_hair_differs_within_a_pair(recolored):
    head = recolored.head(0)
    dyed = head.looks["drawn"].copy()
    dyed[head.hair > 0] = 0.02
    head = replace(head, looks={"drawn": head.looks["drawn"], "black": dyed})
    for seed in range(20):
        pair = recolored.photographed(head, ("drawn", "black"), np.random.default_rng(seed))
        if pair is None:
            continue
        change = np.abs(pair["before"].astype(int) - pair["after"]).max(-1)
        # compression and lenses spread a little of the hair's color
        assert change[pair["alpha"] > 242].mean() > 4 * change[pair["alpha"] == 0].mean()


def test_a_head_in_one_shade_is_one_photo_twice(recolored):
    head = recolored.head(1)
    pairs = [
        recolored.photographed(head, ("red", "red"), np.random.default_rng(seed))
        for seed in range(5)
    ]

    seen = [pair for pair in pairs if pair is not None]
    assert seen
    for pair in seen:
        np.testing.assert_array_equal(pair["before"], pair["after"])
        np.testing.assert_array_equal(pair["found"], pair["wanted"])


def test_the_square_around_hair_leaves_the_servers_margin():
    alpha = np.zeros((100, 100), np.float32)
    alpha[40:60, 30:70] = 1

    rows, columns = hair_square(alpha)

    assert rows.stop - rows.start == columns.stop - columns.start == round(40 * (1 + 2 * MARGIN))
    assert columns.start == 24
    assert rows.start <= 40
    assert rows.stop >= 60


def test_a_square_stays_within_the_picture():
    alpha = np.zeros((100, 100), np.float32)
    alpha[:90, :95] = 1

    assert hair_square(alpha) == (slice(0, 100), slice(0, 100))


def test_a_bald_head_is_no_head(tmp_path, portraits_folder):
    with np.load(portraits_folder / "000000.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(tmp_path / "bald.npz", **(arrays | {"hair": np.zeros((64, 64), np.uint8)}))

    assert hair_square(np.zeros((64, 64), np.float32)) is None
    assert read_head(tmp_path / "bald.npz") is None
