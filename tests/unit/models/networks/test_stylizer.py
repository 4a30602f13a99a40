"""The stylizer: a tile is drawn as the whole photo would be, whatever its size."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from limner_models.export import export
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.stylizer import LARGEST, REACH, STRIDE, TINY, FrozenNorm, Stylizer
from limner_models.recipes.stylizer import drawn_head
from limner_registry.contracts import STYLIZER
from limner_registry.styles import STYLES

styles = st.integers(0, len(STYLES) - 1)


def stylizer(seed=0, width=4):
    """A network whose fields and styles differ as those of a trained one do."""
    torch.manual_seed(seed)
    network = Stylizer(width)
    torch.nn.init.normal_(network.fields.weight, std=0.2)
    torch.nn.init.constant_(network.fields.bias[3:], 0.4)
    for module in network.modules():
        if isinstance(module, FrozenNorm):
            torch.nn.init.normal_(module.scale, 1, 0.3)
            torch.nn.init.normal_(module.shift, 0, 0.3)
    return network.eval()


def photo(height, width, seed=0):
    """Noise over blotches, so that every branch has something to see."""
    rng = np.random.default_rng(seed)
    rough = rng.integers(0, 200, (-(-height // 16), -(-width // 16), 3)).repeat(16, 0).repeat(16, 1)
    fine = rng.integers(0, 56, (height, width, 3))
    pixels = (rough[:height, :width] + fine).astype(np.uint8)
    return torch.from_numpy(pixels)[None]


def number(style):
    return torch.tensor([[style]], dtype=torch.uint8)


def drawn(network, tile, thumbnail, style=0):
    with torch.inference_mode():
        return network(tile, thumbnail, number(style))[0].to(torch.int32)


def apart(one, other):
    return int((one - other).abs().max())


def with_margin(start, stop, end):
    return max(0, start - REACH), min(end, stop + REACH)


@pytest.fixture(scope="module")
def whole():
    network, picture = stylizer(), photo(168, 200)
    return network, picture, drawn(network, picture, picture)


@pytest.mark.parametrize(
    "core",
    [
        (0, 0, 48, 48),  # a corner of the photo
        (48, 64, 96, 128),  # inside on all sides
        (60, 76, 64, 80),  # no more than a stride
        (100, 40, 168, 44),  # a strip down to the border
        (120, 152, 168, 200),  # the last corner
        (0, 100, 168, 200),  # half of the photo
    ],
)
def test_a_tile_with_its_margin_is_the_whole_photo_s_own(whole, core):
    network, picture, expected = whole
    top, left, bottom, right = core
    assert top % STRIDE == left % STRIDE == 0
    first, last = with_margin(top, bottom, 168)
    begin, end = with_margin(left, right, 200)

    tile = drawn(network, picture[:, first:last, begin:end], picture)

    found = tile[top - first : bottom - first, left - begin : right - begin]
    assert apart(found, expected[top:bottom, left:right]) <= 1


@settings(max_examples=10)
@given(st.integers(0, 25), st.integers(0, 33), st.integers(1, 12), st.integers(1, 12))
def test_wherever_a_tile_begins_it_is_the_whole_photo_s_own(whole, down, right, rows, columns):
    network, picture, expected = whole
    top, left = min(STRIDE * down, 120), min(STRIDE * right, 150 // STRIDE * STRIDE)
    bottom, edge = min(168, top + STRIDE * rows), min(200, left + STRIDE * columns)
    first, last = with_margin(top, bottom, 168)
    begin, end = with_margin(left, edge, 200)

    tile = drawn(network, picture[:, first:last, begin:end], picture)

    found = tile[top - first : bottom - first, left - begin : edge - begin]
    assert apart(found, expected[top:bottom, left:edge]) <= 1


def test_a_tile_that_begins_between_strides_is_another(whole):
    network, picture, expected = whole

    tile = drawn(network, picture[:, 2:166, 2:198], picture)

    assert apart(tile[60:100, 60:100], expected[62:102, 62:102]) > LARGEST // 1000


def test_no_pixel_farther_than_the_reach_is_seen(whole):
    network, picture, expected = whole
    changed = picture.clone()
    changed[:, 80:84, 80:84] = 255 - changed[:, 80:84, 80:84]

    seen = (drawn(network, changed, picture) - expected).abs().sum(2).numpy() > 1

    rows, columns = np.nonzero(seen)
    assert seen[80:84, 80:84].any()
    assert rows.min() >= 80 - REACH
    assert columns.min() >= 80 - REACH
    assert max(rows.max(), columns.max()) < 84 + REACH


def test_norms_come_from_the_thumbnail_alone(whole):
    network, picture, expected = whole
    small, other = photo(48, 60, 1), photo(48, 60, 2)

    assert apart(drawn(network, picture, small), drawn(network, picture, other)) > LARGEST // 1000
    with torch.inference_mode():
        norms = network.norms(to_planes(picture), torch.tensor([0]))
        fields = network.draw(to_planes(picture), norms)[0].permute(1, 2, 0).clamp(0, 1)
    assert apart((LARGEST * fields + 0.5).to(torch.int32), expected) <= 1


@given(st.integers(0, 1000), styles)
def test_on_its_own_picture_a_frozen_norm_is_an_instance_norm(seed, style):
    torch.manual_seed(seed)
    norm, planes = FrozenNorm(3), torch.randn(2, 3, 6, 5)
    torch.nn.init.normal_(norm.scale)
    torch.nn.init.normal_(norm.shift)

    with torch.inference_mode():
        found = norm.applied(planes, norm.measured(planes, torch.tensor([style, style])))
        expected = functional.instance_norm(
            planes, weight=norm.scale[style], bias=norm.shift[style], eps=TINY
        )

    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-3)


def test_each_style_draws_otherwise(whole):
    network, picture, _ = whole

    answers = [drawn(network, picture, picture, style) for style in range(len(STYLES))]

    for one in range(len(STYLES)):
        for other in range(one):
            assert apart(answers[one], answers[other]) > LARGEST // 1000


def test_each_photo_of_a_batch_is_drawn_as_if_it_were_alone():
    network = stylizer()
    tiles, small = (torch.cat([photo(*size, seed) for seed in (1, 2)]) for size in [(32, 24)] * 2)
    wanted = torch.tensor([[2], [0]], dtype=torch.uint8)

    with torch.inference_mode():
        together = network(tiles, small, wanted).to(torch.int32)

    for index, style in enumerate((2, 0)):
        alone = drawn(network, tiles[index : index + 1], small[index : index + 1], style)
        assert apart(together[index], alone) <= 1


def test_an_untrained_network_answers_the_photo_and_hardly_a_line():
    torch.manual_seed(0)
    picture = photo(32, 40)

    found = drawn(Stylizer().eval(), picture, picture)

    gap = (found[..., :3].float() / LARGEST - picture[0].float() / 255).abs()
    assert float(gap.mean()) < 0.1
    assert float(found[..., 3].float().mean()) < 0.1 * LARGEST


def test_answers_use_their_whole_range_and_never_leave_it():
    network = stylizer()
    torch.nn.init.normal_(network.fields.weight, std=5.0)

    found = drawn(network, photo(32, 40), photo(32, 40))

    assert (int(found.min()), int(found.max())) == (0, LARGEST)


def test_what_is_exported_answers_for_other_sizes_than_it_was_traced_with():
    network = stylizer()
    exported = export(network, STYLIZER, drawn_head())
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])

    for size, small in (((64, 20), (16, 192)), ((4, 4), (16, 16)), ((132, 200), (144, 192))):
        tile, thumbnail = photo(*size, 3), photo(*small, 4)
        given_ = {"tile": tile.numpy(), "thumbnail": thumbnail.numpy(), "style": number(1).numpy()}
        (fields,) = session.run(["fields"], given_)

        assert fields.dtype == np.int16
        assert (
            apart(torch.from_numpy(fields[0].astype(int)), drawn(network, tile, thumbnail, 1)) <= 16
        )
