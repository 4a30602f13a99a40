"""People and animals composed: aligned alike, lit alike, told what the network takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from limner_models.data.backgrounds import Backgrounds
from limner_models.data.camera import Camera
from limner_models.data.counterparts import KEYS, Counterparts, drawn, read, unroll
from limner_models.errors import MaterialDamaged, MaterialMissing
from limner_models.studio.counterparts import kinds_of
from limner_registry.animals import ANCHORS, ANIMALS, HEAD, TOLD
from tests.unit.models.conftest import BEAST

SIDE = BEAST // 2


@pytest.fixture(scope="module")
def files(counterparts_folder):
    return tuple(sorted(counterparts_folder.glob("*.npz")))


def exact(files, **changes):
    return Counterparts(files, Backgrounds(None), 4, astray=0, hidden=0, **changes)


def test_a_batch_holds_what_the_contract_takes_and_answers(files):
    batch = exact(files)(np.random.default_rng(0))

    assert {name: (array.shape, array.dtype.name) for name, array in batch.items()} == {
        "image": ((4, SIDE, SIDE, 3), "uint8"),
        "points": ((4, len(TOLD), 2), "float32"),
        "animal": ((4, 1), "uint8"),
        "coat": ((4, 1), "uint8"),
        "drawn": ((4, BEAST, BEAST, 4), "uint8"),
        "anchors": ((4, len(ANCHORS), 2), "float32"),
        "keys": ((4, len(KEYS), 2), "float32"),
        "unrolled": ((4, 2, BEAST // 4, BEAST // 4), "float32"),
        "on_head": ((4, BEAST // 4, BEAST // 4), "uint8"),
    }
    assert all(np.isfinite(array).all() for array in batch.values())


def test_the_same_chance_composes_the_same_batch(files):
    one, other = (exact(files)(np.random.default_rng(5)) for _ in range(2))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


def test_a_person_s_eyes_lie_between_the_animal_s_as_the_head_is_larger(files):
    for which in range(2):
        sample = exact(files).sample(files[0], which, np.random.default_rng(0))
        animal, coat = kinds_of(0)[which]
        assert [*ANIMALS][int(sample["animal"][0])] == animal
        assert ANIMALS[animal].coats[int(sample["coat"][0])] == coat
        told = dict(zip(TOLD, sample["points"], strict=True))
        wide = told["pupil_l"][0] - told["pupil_r"][0]
        template = np.array(ANIMALS[animal].template)
        assert wide * HEAD == pytest.approx(template[1, 0] - template[0, 0], rel=0.2)


def test_points_go_astray_by_a_share_of_the_eyes_distance(files):
    loose = Counterparts(files, Backgrounds(None), 1, astray=0.02)
    true = exact(files).sample(files[3], 0, np.random.default_rng(0))["points"]
    found = [loose.sample(files[3], 0, np.random.default_rng(k))["points"] for k in range(60)]
    off = (np.array(found) - true).std() / 0.17
    assert 0.015 < off < 0.06


def test_only_the_animals_wanted_are_composed(files):
    batch = exact(files, animals=("bear",))(np.random.default_rng(2))
    assert (batch["animal"] == [*ANIMALS].index("bear")).all()


def test_some_photos_show_nothing_but_their_points_are_told(files):
    blank = Counterparts(files, Backgrounds(None), 1, hidden=1.0)
    sample = blank.sample(files[0], 0, np.random.default_rng(0))
    assert np.ptp(sample["image"].reshape(-1, 3), axis=0).max() == 0
    assert sample["drawn"][..., 3].max() == 255


def test_it_is_known_how_far_a_person_s_jaw_was_opened(files):
    opened = [read(file, 0)[0].gape for file in files]
    eyes = [one[0].points for one in (read(file, 0) for file in files)]
    lids = [each["eye_bottom_r"][1] - each["eye_top_r"][1] for each in eyes]
    assert np.corrcoef(opened, lids)[0, 1] > 0.999  # drawn open as far
    assert 0 < min(opened) < max(opened) <= 1


def test_an_animal_takes_a_camera_s_light_but_not_its_faults(files):
    _, beast = read(files[0], 0)
    plain = drawn(beast, Camera(), 0.9)
    faulty = drawn(beast, Camera(noise=9, blur=2, quality=30, shrunk=0.4), 0.9)
    dark = drawn(beast, Camera(exposure=0.4), 0.9)
    inside = plain[..., 3] > 250

    np.testing.assert_array_equal(plain, faulty)
    assert dark[inside][:, :3].mean() < 0.8 * plain[inside][:, :3].mean()
    np.testing.assert_array_equal(plain[..., 3], dark[..., 3])


def test_an_animal_fades_below_the_person_s_chin_or_its_own(files):
    _, beast = read(files[0], 0)
    short = replace(beast, points={**beast.points, "chin": (32, 20)})
    middle = BEAST // 2
    columns = [
        drawn(each, Camera(), chin)[:, middle, 3].astype(int)
        for each, chin in ((short, 0.5), (short, 0.7), (beast, 0.5))
    ]

    lowest = [int(np.flatnonzero(column > 127).max()) for column in columns]
    assert lowest[0] < lowest[1] < lowest[2]
    for column in columns:
        assert (np.diff(column[middle:]) <= 0).all()


def test_a_head_is_unrolled_from_ear_to_ear():
    front, left, right, top = unroll(
        np.array([(0, 0, 1), (1, 0, -0.3), (-1, 0, -0.3), (0, 1.9, 1)], np.float32)
    )
    assert front[0] == 0
    assert left[0] == pytest.approx(-right[0])
    assert 0 < left[0] < 1
    assert top[1] == pytest.approx(-1)


def test_what_is_no_pair_is_refused(tmp_path, portraits_folder):
    with pytest.raises(MaterialMissing, match=r"no .*nothing\.npz"):
        read(tmp_path / "nothing.npz", 0)
    with pytest.raises(MaterialDamaged, match="holds no person with animals"):
        read(portraits_folder / "000000.npz", 0)
