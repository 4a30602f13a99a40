from __future__ import annotations

import functools
import hashlib
import json
import os

import numpy as np
import pytest

from limner_models.studio import Params
from limner_models.studio.labels import Label
from limner_models.studio.layers import dataset_digest
from limner_models.studio.store import Pictures, draw_many, draw_pictures
from limner_models.studio.workers import DrawingFailed, run

SIZE = 32


def digests(folder):
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.iterdir()
        if file.suffix != ".jpg"
    }


def test_layers_hold_what_training_reads(tmp_path):
    (file,) = draw_many(3, 1, SIZE, tmp_path, shades=("blond", "pink"))

    with np.load(file, allow_pickle=False) as layers:
        assert layers["foreground"].shape == (SIZE, SIZE, 3)
        assert layers["foreground"].dtype == np.float16
        for name in ("coverage", "hair", "labels"):
            assert layers[name].dtype == np.uint8
        assert layers["landmarks"].shape == (44, 2)
        assert Params.from_json(json.loads(str(layers["params"]))).seed == 3
        assert set(json.loads(str(layers["recolored"]))) == {"blond", "pink"}
        covered = layers["hair"] > 200
        pink = layers["foreground_pink"][covered].mean(0)
        blond = layers["foreground_blond"][covered].mean(0)
        assert pink[2] > pink[1]
        assert blond[2] < blond[1]


def test_beneath_hair_is_the_same_head_bald(tmp_path):
    (file,) = draw_many(3, 1, SIZE, tmp_path, beside="beneath")

    with np.load(file, allow_pickle=False) as layers:
        away = layers["hair"] == 0
        skin = layers["bald_labels"] == Label.FACE_SKIN
        assert layers["bald_foreground"].dtype == np.float16
        assert (
            np.abs(layers["coverage"][away] - layers["bald_coverage"][away].astype(int)).max() < 2
        )
        assert (layers["labels"] == layers["bald_labels"])[away].mean() > 0.98
        assert (skin & (layers["hair"] > 200)).any()
        assert json.loads(str(layers["params"]))["outfit"]["hat"] == "none"


def test_drawing_again_draws_only_what_is_missing(tmp_path):
    draw_many(0, 2, SIZE, tmp_path)
    kept = tmp_path / "000000.npz"
    before = kept.stat().st_mtime_ns
    (tmp_path / "000001.npz").unlink()
    (tmp_path / ".000001.npz.part").write_bytes(b"half of it")
    told = []

    files = draw_many(0, 2, SIZE, tmp_path, progress=told.append)

    assert kept.stat().st_mtime_ns == before
    assert told == [0, 1]
    assert all(file.exists() for file in files)
    assert not list(tmp_path.glob(".*"))


def test_two_workers_write_the_same_pictures_as_one(tmp_path):
    for workers in (1, 2):
        draw_pictures(Pictures(SIZE, tmp_path / str(workers)), range(2), workers)

    one = digests(tmp_path / "1")
    assert one == digests(tmp_path / "2")
    assert len(one) == 2 * 5


def test_variants_come_with_the_same_four_files_each(tmp_path):
    order = Pictures(SIZE, tmp_path, variants=True)

    draw_pictures(order, [4])

    stems = {name.split(".")[0] for name in digests(tmp_path)}
    endings = {
        ending for name in ("", "_color", "_style", "_bald", "_bg") for ending in parts(name)
    }
    assert stems == {f"000004{ending}" for ending in endings | {"_b"}}
    assert all(photo.exists() for photo in order.photos_of(4))


def parts(name):
    return {name, f"{name}_alpha", f"{name}_label"}


def test_what_is_no_portrait_of_the_studio_is_refused(tmp_path):
    with pytest.raises(ValueError, match="size 7"):
        draw_many(0, 1, 7, tmp_path)
    with pytest.raises(ValueError, match="seed -2"):
        draw_many(-2, 1, SIZE, tmp_path)
    with pytest.raises(KeyError, match="plaid"):
        draw_many(0, 1, SIZE, tmp_path, shades=("plaid",))


def fail_at(bad, seed):
    if seed == bad:
        raise RuntimeError("the brush broke")


def end_at(bad, seed):
    if seed == bad:
        os._exit(9)


def test_a_worker_that_fails_names_the_portrait():
    done = []

    with pytest.raises(DrawingFailed, match="portrait 3: RuntimeError: the brush broke"):
        run(functools.partial(fail_at, 3), range(4), 2, done.append)

    assert 3 not in done


def test_a_worker_that_dies_is_noticed():
    with pytest.raises(DrawingFailed, match="ended with 9"):
        run(functools.partial(end_at, 1), range(2), 2, lambda _: None)


def test_a_dataset_is_named_by_all_that_makes_it():
    names = {
        dataset_digest(0, 10, 64),
        dataset_digest(1, 10, 64),
        dataset_digest(0, 11, 64),
        dataset_digest(0, 10, 65),
        dataset_digest(0, 10, 64, ("blond",)),
    }

    assert len(names) == 5
    assert dataset_digest(0, 10, 64) in names
