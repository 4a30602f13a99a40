from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.importers.errors import GraphUnreadable, OperatorUnsupported
from limner_registry.importers.graph import (
    Custom,
    Fused,
    Pooling,
    Resizing,
    Slicing,
    Sliding,
    Unfolding,
)
from limner_registry.importers.operators import same_padding


def noise(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def integers(*numbers):
    return np.array(numbers, np.int32)


def windows(image, kernel, stride, fill, *, same=True):
    """Yield row, column and window as TensorFlow places them, by its own formula."""
    height, width, channels = image.shape
    if same:
        rows, columns = -(-height // stride), -(-width // stride)
        down = max((rows - 1) * stride + kernel - height, 0)
        across = max((columns - 1) * stride + kernel - width, 0)
    else:
        rows, columns = (height - kernel) // stride + 1, (width - kernel) // stride + 1
        down = across = 0
    padded = np.full((height + down, width + across, channels), fill, np.float32)
    top, left = down // 2, across // 2
    padded[top : top + height, left : left + width] = image
    for row in range(rows):
        for column in range(columns):
            y, x = row * stride, column * stride
            yield row, column, padded[y : y + kernel, x : x + kernel]


@pytest.mark.parametrize(("size", "stride"), [(6, 1), (6, 2), (7, 2), (8, 2)])
@pytest.mark.parametrize("same", [True, False])
def test_convolution_pads_as_tensorflow_does(run_node, size, stride, same):
    images, weights, bias = noise(2, size, size, 3), noise(5, 3, 3, 3), noise(5)
    out = -(-size // stride) if same else (size - 3) // stride + 1
    expected = np.zeros((2, out, out, 5), np.float32)
    for n, image in enumerate(images):
        for row, column, window in windows(image, 3, stride, 0, same=same):
            expected[n, row, column] = np.einsum("hwc,ohwc->o", window, weights) + bias

    options = Sliding((stride, stride), (1, 1), same, "RELU")
    answer = run_node("CONV_2D", options, (1, out, out, 5), images, constants=[weights, bias])

    np.testing.assert_allclose(answer, np.maximum(expected, 0), atol=1e-5)


def test_depthwise_convolution_keeps_each_channel_to_itself(run_node):
    images, weights, bias = noise(2, 6, 6, 4), noise(1, 3, 3, 4), noise(4)
    expected = np.zeros((2, 3, 3, 4), np.float32)
    for n, image in enumerate(images):
        for row, column, window in windows(image, 3, 2, 0):
            expected[n, row, column] = np.einsum("hwc,hwc->c", window, weights[0]) + bias

    options = Sliding((2, 2), (1, 1), same=True, activation="NONE")
    answer = run_node("DEPTHWISE_CONV_2D", options, (1, 3, 3, 4), images, constants=[weights, bias])

    np.testing.assert_allclose(answer, expected, atol=1e-5)


def test_transposed_convolution_lays_its_windows_side_by_side(run_node):
    images, weights, bias = noise(2, 3, 4, 5), noise(2, 2, 2, 5), noise(2)
    tiles = np.einsum("nhwc,oyxc->nhywxo", images, weights) + bias

    options = Custom(1, {"stride_height": 2, "stride_width": 2})
    answer = run_node(
        "Convolution2DTransposeBias", options, (1, 6, 8, 2), images, constants=[weights, bias]
    )

    np.testing.assert_allclose(answer, tiles.reshape(2, 6, 8, 2), atol=1e-5)


def test_transposed_convolution_with_overlap_is_refused(run_node):
    options = Custom(1, {"stride_height": 1, "stride_width": 1})
    with pytest.raises(OperatorUnsupported, match="overlap"):
        run_node(
            "Convolution2DTransposeBias",
            options,
            (1, 3, 3, 1),
            noise(1, 3, 3, 1),
            constants=[noise(1, 2, 2, 1), noise(1)],
        )


@given(st.integers(1, 300), st.integers(1, 9), st.integers(1, 5), st.integers(1, 3))
def test_same_padding_makes_room_for_every_window_and_no_more(size, kernel, stride, dilation):
    before, after = same_padding(size, kernel, stride, dilation)

    extent = (kernel - 1) * dilation + 1
    needed = (-(-size // stride) - 1) * stride + extent
    assert 0 <= after - before <= 1
    assert before + after == max(needed - size, 0)


@pytest.mark.parametrize("size", [6, 7])
def test_max_pool_never_takes_its_padding(run_node, size):
    images = noise(2, size, size, 3) - 10
    out = -(-size // 2)
    expected = np.zeros((2, out, out, 3), np.float32)
    for n, image in enumerate(images):
        for row, column, window in windows(image, 3, 2, -np.inf):
            expected[n, row, column] = window.max((0, 1))

    options = Pooling((3, 3), (2, 2), same=True, activation="NONE")

    answer = run_node("MAX_POOL_2D", options, (1, out, out, 3), images)
    np.testing.assert_array_equal(answer, expected)


@pytest.mark.parametrize("kernel", [2, 4])
def test_average_pool_is_the_mean_of_each_window(run_node, kernel):
    images, out = noise(2, 4, 4, 3), 4 // kernel
    expected = images.reshape(2, out, kernel, out, kernel, 3).mean((2, 4))

    options = Pooling((kernel, kernel), (kernel, kernel), same=False, activation="NONE")

    answer = run_node("AVERAGE_POOL_2D", options, (1, out, out, 3), images)
    np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_average_pool_leaves_its_padding_out_of_the_mean(run_node):
    images = np.ones((1, 3, 3, 1), np.float32)
    options = Pooling((2, 2), (2, 2), same=True, activation="NONE")

    np.testing.assert_array_equal(run_node("AVERAGE_POOL_2D", options, (1, 2, 2, 1), images), 1)


@pytest.mark.parametrize(("op", "truth"), [("ADD", np.add), ("MUL", np.multiply)])
def test_a_constant_spreads_over_channels(run_node, op, truth):
    images, constant = noise(2, 4, 5, 3), noise(3)

    answer = run_node(op, Fused(), (1, 4, 5, 3), images, constants=[constant])

    np.testing.assert_allclose(answer, truth(images, constant), atol=1e-6)


def test_two_values_are_combined_where_one_is_a_single_pixel(run_node):
    images, gates = noise(2, 4, 5, 3), noise(2, 1, 1, 3)

    answer = run_node("MUL", Fused(), (1, 4, 5, 3), images, gates)

    np.testing.assert_allclose(answer, images * gates, atol=1e-6)


def test_prelu_has_a_slope_for_each_channel(run_node):
    images, slope = noise(2, 4, 5, 3), noise(1, 1, 3)

    answer = run_node("PRELU", None, (1, 4, 5, 3), images, constants=[slope])

    np.testing.assert_allclose(answer, np.where(images > 0, images, slope * images), atol=1e-6)


@pytest.mark.parametrize(
    ("op", "truth"),
    [
        ("RELU", lambda x: np.maximum(x, 0)),
        ("LOGISTIC", lambda x: 1 / (1 + np.exp(-x))),
        ("HARD_SWISH", lambda x: x * np.clip(x + 3, 0, 6) / 6),
    ],
)
def test_pointwise_operators_follow_their_formulas(run_node, op, truth):
    images = 3 * noise(2, 4, 5, 3)

    np.testing.assert_allclose(run_node(op, None, (1, 4, 5, 3), images), truth(images), atol=1e-6)


def test_pad_adds_rows_columns_and_channels(run_node):
    images, amounts = noise(2, 3, 4, 2), integers([0, 0], [1, 2], [0, 3], [0, 4])

    answer = run_node("PAD", None, (1, 6, 7, 6), images, constants=[amounts])

    np.testing.assert_array_equal(answer, np.pad(images, amounts))


def test_pad_of_the_batch_is_refused(run_node):
    amounts = integers([1, 0], [0, 0], [0, 0], [0, 0])
    with pytest.raises(OperatorUnsupported, match="padded"):
        run_node("PAD", None, (2, 3, 4, 2), noise(1, 3, 4, 2), constants=[amounts])


def test_resize_of_half_pixels_is_opencvs(run_node):
    images = noise(2, 4, 6, 3)
    expected = [cv2.resize(image, (12, 8), interpolation=cv2.INTER_LINEAR) for image in images]

    options = Resizing(align_corners=False, half_pixel=True)
    answer = run_node(
        "RESIZE_BILINEAR", options, (1, 8, 12, 3), images, constants=[integers(8, 12)]
    )

    np.testing.assert_allclose(answer, expected, atol=1e-5)


def test_resize_of_corners_keeps_the_corners(run_node):
    images = noise(2, 4, 6, 3)

    options = Resizing(align_corners=True, half_pixel=False)
    answer = run_node(
        "RESIZE_BILINEAR", options, (1, 7, 11, 3), images, constants=[integers(7, 11)]
    )

    np.testing.assert_allclose(answer[:, ::2, ::2], images, atol=1e-5)


def test_resize_of_neither_form_is_refused(run_node):
    options = Resizing(align_corners=False, half_pixel=False)
    with pytest.raises(OperatorUnsupported, match="align"):
        run_node(
            "RESIZE_BILINEAR", options, (1, 4, 4, 1), noise(1, 2, 2, 1), constants=[integers(4, 4)]
        )


def test_depth_to_space_takes_blocks_before_channels(run_node):
    images = noise(2, 3, 4, 8)
    blocks = images.reshape(2, 3, 4, 2, 2, 2).transpose(0, 1, 3, 2, 4, 5)

    answer = run_node("DEPTH_TO_SPACE", Unfolding(2), (1, 6, 8, 2), images)

    np.testing.assert_array_equal(answer, blocks.reshape(2, 6, 8, 2))


@pytest.mark.parametrize(
    ("taken", "given_"),
    [((3, 4, 2), (12, 2)), ((1, 1, 24), (12, 2)), ((12, 2), (1, 1, 24)), ((12, 2), (3, 4, 2))],
)
def test_reshape_reads_pixels_row_by_row(run_node, taken, given_):
    values = noise(2, *taken)

    answer = run_node("RESHAPE", None, (1, *given_), values)

    np.testing.assert_array_equal(answer, values.reshape(2, *given_))


def test_reshape_never_mixes_the_images_of_a_batch(run_node):
    with pytest.raises(OperatorUnsupported, match="batch"):
        run_node("RESHAPE", None, (6, 4), noise(1, 6, 4))


def test_slice_cuts_any_axis_but_the_batch(run_node):
    images = noise(2, 5, 6, 4)
    cuts = [integers(0, 1, 0, 1), integers(1, 4, 6, 9), integers(1, 1, 2, 1)]

    answer = run_node("STRIDED_SLICE", Slicing(0, 8, 0), (1, 3, 3, 3), images, constants=cuts)

    np.testing.assert_array_equal(answer, images[:, 1:4, ::2, 1:])


def test_slice_that_takes_all_changes_nothing(run_node):
    values = noise(2, 1, 1, 7)
    cuts = [integers(0, 0, 0, 0), integers(1, 1, 1, 7), integers(1, 1, 1, 1)]

    answer = run_node("STRIDED_SLICE", Slicing(0, 0, 0), (1, 1, 1, 7), values, constants=cuts)

    np.testing.assert_array_equal(answer, values)


def test_an_unknown_operator_is_named(run_node):
    with pytest.raises(OperatorUnsupported, match="WHILE"):
        run_node("WHILE", None, (1, 2), noise(1, 2))


def test_missing_inputs_are_damage(run_node):
    with pytest.raises(GraphUnreadable, match="CONV_2D"):
        run_node("CONV_2D", None, (1, 2, 2, 1), noise(1, 2, 2, 1))
