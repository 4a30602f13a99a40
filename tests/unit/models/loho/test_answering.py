"""A request of arrays, answered in the process, and what becomes of one that is too large."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from limner_models.errors import CheckpointDamaged
from limner_models.loho import answering
from limner_models.loho.answering import Answering, bytes_of
from limner_models.loho.answering import asked as parse_asked
from limner_models.loho.search import Search
from limner_models.loho.weights import packed
from limner_models.networks.hair_segmenter import HairSegmenter
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.networks.portrait_generator import StyleEncoder
from limner_models.networks.style_generator import StyleGenerator
from limner_registry.contracts import HAIR_OPTIMIZER, SEARCH_MEASURES

BUILT = {"size": 64, "mapping_layers": 1, "channel_multiplier": 0.02, "widest": 16, "width": 8}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "model.safetensors"
    file.write_bytes(packed(StyleGenerator(**BUILT), BUILT, HairSegmenter(MobileNetEncoder())))
    return file


def asked(first=1, second=2, side=48):
    maps = np.zeros((1, 3, side, side, 2), np.uint8)
    maps[:, :, :20, :, 0] = maps[:, :, 20:, :, 1] = 200
    return {
        "photos": np.random.default_rng(0).integers(0, 256, (1, 3, side, side, 3), np.uint8),
        "maps": maps,
        "steps": np.array([[first, second]], np.int16),
        "seed": np.array([[3, 1, 0, 0]], np.uint8),
    }


def nothing():
    pass


def test_answers_keep_the_contract_and_previews_their_pace(file):
    clock = itertools.count(0, 0.2)
    found = list(Answering(file, "cpu", 1, lambda: next(clock)).answers(asked(3, 5), nothing))

    for answer in found:
        for tensor in HAIR_OPTIMIZER.outputs:
            assert answer[tensor.name].dtype == tensor.dtype
            assert tensor.holds(answer[tensor.name].shape[1:])
    shown = [answer["picture"].shape[1] for answer in found]
    assert shown[-1] == 64
    assert 1 < shown[:-1].count(64) < 5
    assert [answer["maps"].shape[1] for answer in found] == [0] * 8 + [64]
    assert list(found[-1]["steps"][0]) == [8, 8]


def test_the_seed_is_read_lowest_byte_first():
    _, settings = answering.asked(asked())

    assert settings.seed == 3 + 256


def test_what_does_not_fit_is_searched_at_half_the_size(file, monkeypatch):
    tried = []

    class Large(Search):
        def __init__(self, tools, subjects, settings, start=None):
            tried.append(settings.side)
            if settings.side > 32:
                raise torch.cuda.OutOfMemoryError("as asked")
            super().__init__(tools, subjects, settings, start)

    monkeypatch.setattr(answering, "Search", Large)
    found = list(Answering(file, "cpu", 1).answers(asked(), nothing))

    assert tried == [64, 32]
    assert {int(answer["side"][0, 0]) for answer in found} == {32}
    assert found[-1]["picture"].shape == (1, 64, 64, 3)


def test_a_search_can_be_left_at_any_time(file):
    class Left(Exception):
        pass

    looks = itertools.count()

    def check():
        if next(looks) == 700:
            raise Left

    with pytest.raises(Left):
        list(Answering(file, "cpu", 1).answers(asked(50, 50), check))
    assert next(looks) == 701


@pytest.mark.parametrize(
    "change",
    [
        {"steps": np.array([[-1, 0]], np.int16)},
        {"steps": np.array([[0, 5001]], np.int16)},
        {"photos": np.zeros((1, 3, 48, 40, 3), np.uint8)},
        {"maps": np.zeros((1, 3, 40, 40, 2), np.uint8)},
        asked(side=24),
    ],
)
def test_what_is_out_of_range_is_refused(change):
    with pytest.raises(ValueError, match=r"not in|no three"):
        answering.asked(asked() | change)


def test_it_begins_with_what_the_encoder_finds(tmp_path):
    generator = StyleGenerator(**BUILT)
    encoder = StyleEncoder(generator.rows, 8, (8, 8, 8))
    torch.nn.init.constant_(encoder.readers[0][-1].bias, 3.0)
    with_encoder = tmp_path / "model.safetensors"
    segmenter = HairSegmenter(MobileNetEncoder())
    with_encoder.write_bytes(packed(generator, BUILT, segmenter, encoder=encoder))
    answering = Answering(with_encoder, "cpu", 1)

    (found,) = answering.answers(asked(0, 0), nothing)

    offsets = torch.zeros(1, generator.rows, 8)
    offsets[:, : len(torch.arange(generator.rows).tensor_split(3)[0])] = 3
    heads, settings = parse_asked(asked(0, 0))
    torch.testing.assert_close(answering._networks.start(heads), offsets)
    expected = Search(answering._networks.tools, heads, settings, offsets).drawn()
    assert np.array_equal(found["picture"][0], bytes_of(expected))


def test_other_files_are_refused(file, tmp_path):
    wrong = tmp_path / "model.safetensors"
    for content in (b"", file.read_bytes()[:-4], packed_without_names()):
        wrong.write_bytes(content)
        with pytest.raises(CheckpointDamaged, match="holds no networks"):
            Answering(wrong, "cpu", 1)


def packed_without_names():
    from safetensors.torch import save

    return save({"generator.start": torch.zeros(1)})


def test_measures_are_named_as_the_search_names_them(file):
    answer = list(Answering(file, "cpu", 1).answers(asked(), nothing))[-1]
    told = dict(zip(SEARCH_MEASURES, answer["measures"][0], strict=True))

    assert all(told[name] > 0 for name in ("identity", "noise", "style", "shape_style", "total"))
    assert told["cosine_after"] < 1e-6
