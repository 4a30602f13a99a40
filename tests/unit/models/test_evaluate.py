"""Scores on labelled photos, with networks whose answers are known."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from limner_models.data.head_crop import head_crop
from limner_models.errors import MaterialDamaged, MaterialMissing
from limner_models.evaluate import (
    PhotoScore,
    crop_photo,
    labelled_photos,
    score_photos,
    summary,
)

POINTS = {"eyes": [[180, 200], [240, 200]], "mouth": [[185, 270], [235, 270]]}


class Reds(nn.Module):
    """Takes what is red for hair."""

    def forward(self, image):
        hair = (image[..., 0].float() - image[..., 2].float() > 100).float()
        return torch.stack([1 - hair, hair, 0 * hair, 0 * hair], 1)


def write_photo(folder, name, hair, size=420):
    """A photo whose hair is a red ellipse at `hair` = x, y, width, height, or None."""
    drawn = np.zeros((size, size), np.uint8)
    if hair:
        cv2.ellipse(drawn, hair[:2], hair[2:], 0, 0, 360, 255, -1)
    image = np.full((size, size, 3), 90, np.uint8)
    image[drawn > 0] = (20, 30, 220)  # OpenCV's order
    cv2.imwrite(str(folder / f"{name}.png"), image)
    cv2.imwrite(str(folder / f"{name}_hair.png"), drawn)
    (folder / f"{name}.json").write_text(json.dumps(POINTS))
    return drawn


def test_what_is_labelled_is_found_at_its_own_place_and_size(tmp_path):
    write_photo(tmp_path, "near", (210, 170, 90, 70))

    (found,) = score_photos(Reds(), labelled_photos(tmp_path), 256)

    assert found.name == "near"
    assert found.iou > 0.97
    assert found.missed < 0.02
    assert found.mistaken < 0.01


def test_a_large_photo_scores_like_a_small_one(tmp_path):
    write_photo(tmp_path, "large", (1050, 850, 450, 350), 2100)
    (tmp_path / "large.json").write_text(
        json.dumps({name: (5 * np.array(places)).tolist() for name, places in POINTS.items()})
    )

    (found,) = score_photos(Reds(), labelled_photos(tmp_path), 256)

    assert found.iou > 0.97


def test_unsure_pixels_and_those_beyond_the_crop_are_not_scored(tmp_path):
    drawn = write_photo(tmp_path, "photo", (210, 170, 90, 70))
    wrong = drawn.copy()
    wrong[:100] = 255  # the upper part is drawn wrong, but marked as unsure
    wrong[400:, :20] = 255  # a corner no head crop reaches
    ignore = np.zeros_like(drawn)
    ignore[:105] = 255
    cv2.imwrite(str(tmp_path / "photo_hair.png"), wrong)
    cv2.imwrite(str(tmp_path / "photo_ignore.png"), ignore)

    (found,) = score_photos(Reds(), labelled_photos(tmp_path), 256)

    assert found.iou > 0.97


def test_a_bare_head_has_no_iou_but_what_is_mistaken_there_counts(tmp_path):
    write_photo(tmp_path, "bare", None)
    write_photo(tmp_path, "dyed", (210, 170, 90, 70))
    cv2.imwrite(str(tmp_path / "dyed_hair.png"), np.zeros((420, 420), np.uint8))

    bare, dyed = score_photos(Reds(), labelled_photos(tmp_path), 256)

    assert (bare.iou, bare.missed, bare.mistaken) == (None, None, 0.0)
    assert dyed.iou is None
    assert dyed.mistaken > 0.1
    assert summary([bare, dyed]) == {"photo_bare_kept": 0.5}


def test_a_summary_counts_photos_alike():
    scores = [PhotoScore(str(iou), iou, 0.0, 0.0) for iou in (0.9, 0.8, 0.4)]

    assert summary(scores) == pytest.approx(
        {
            "photo_hair_iou_mean": 0.7,
            "photo_hair_iou_median": 0.8,
            "photo_hair_found": 2 / 3,
        }
    )


def test_a_shrunk_crop_lies_where_an_unshrunk_one_would():
    rows, columns = np.indices((1200, 1200))
    ramp = np.stack([rows / 5, columns / 5, 0 * rows], -1).astype(np.uint8)
    points = np.array([(500, 500), (700, 510), (520, 730), (690, 735)], float)
    matrix = head_crop(points, 128)
    assert np.hypot(*matrix[:, 0]) < 0.5

    near = cv2.warpAffine(ramp, matrix, (128, 128), borderMode=cv2.BORDER_REFLECT_101)
    inside = crop_photo(ramp, matrix, 128)[20:-20, 20:-20].astype(int)

    assert np.abs(inside - near[20:-20, 20:-20]).max() <= 2


def test_a_folder_without_drawings_and_broken_drawings_are_named(tmp_path):
    with pytest.raises(MaterialMissing, match="no photo with"):
        labelled_photos(tmp_path)
    write_photo(tmp_path, "photo", (210, 170, 90, 70))
    (tmp_path / "photo.json").write_text('{"eyes": []}')
    with pytest.raises(MaterialDamaged, match="no eyes and mouth"):
        labelled_photos(tmp_path)
    cv2.imwrite(str(tmp_path / "photo_hair.png"), np.zeros((3, 3), np.uint8))
    with pytest.raises(MaterialDamaged, match="differ in size"):
        labelled_photos(tmp_path)
    (tmp_path / "photo.png").write_bytes(b"nothing")
    with pytest.raises(MaterialDamaged, match="no picture"):
        labelled_photos(tmp_path)
