import numpy as np
import pytest

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.classed import Classed
from limner_models.data.hair_color import color_class, hair_color
from limner_models.data.recolored import Recolored
from tests.unit.models.conftest import write_portrait

LIGHTS = {"black": (0.004, 0.004, 0.004), "red": (0.08, 0.012, 0.006)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classed")
    for number in range(6):
        path = folder / f"{number:06d}.npz"
        write_portrait(path, number)
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        share = arrays["hair"][..., None] / np.float32(255)
        for name, light in LIGHTS.items():
            shade = (1 - share) * arrays["foreground"] + share * np.float32(light)
            arrays[f"foreground_{name}"] = shade.astype(np.float16)
        np.savez(path, **arrays)
    return folder


@pytest.fixture
def classed(folder):
    heads = Recolored(portraits.files(folder, range(6)), Backgrounds(None), 2, 48)
    return Classed(heads, (("black", "red"),))


def test_each_side_looks_like_its_class_and_would_look_like_the_other(classed):
    for seed in range(3):
        batch = classed(np.random.default_rng(seed))

        assert batch["pair"].tolist() == [0]
        for side, found, wanted in (("one", "black", "red"), ("other", "red", "black")):
            for moment, name in (("before", found), ("after", wanted)):
                for photo, alpha in zip(
                    batch[f"{side}_{moment}"], batch[f"{side}_alpha"], strict=True
                ):
                    color = hair_color(photo, alpha / np.float32(255))
                    assert color_class(color) == name


def test_the_sides_are_two_sets_not_pairs(classed):
    batch = classed(np.random.default_rng(0))

    assert batch["one_before"].shape == batch["other_before"].shape == (2, 48, 48, 3)
    assert not np.array_equal(batch["one_alpha"], batch["other_alpha"])
