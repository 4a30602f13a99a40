"""The options of a .tflite file's operators, each kind read from its own table."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import tflite
from flatbuffers import flexbuffers

from limner_registry.importers.errors import GraphUnreadable, OperatorUnsupported
from limner_registry.importers.graph import (
    Activation,
    Custom,
    Fused,
    Pooling,
    Resizing,
    Slicing,
    Sliding,
    Unfolding,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_BYTES = 1 << 16
"""Bytes of a custom operator's options."""

TRANSPOSED_CONVOLUTION = "Convolution2DTransposeBias"
_ACTIVATIONS: Mapping[int, Activation] = {
    tflite.ActivationFunctionType.NONE: "NONE",
    tflite.ActivationFunctionType.RELU: "RELU",
}


def builtin_options(op: str, operator: Any) -> object:
    """Return the options of one of the format's own operators; None where it has none to read.

    Raises:
        GraphUnreadable: They are another operator's.
        OperatorUnsupported: They ask for an activation that has no form here.
    """
    if op not in _OPTIONS:
        return None
    kind, convert = _OPTIONS[op]
    table = operator.BuiltinOptions()
    if table is None and convert is _fused:
        return Fused()
    if operator.BuiltinOptionsType() != getattr(tflite.BuiltinOptions, kind.__name__):
        raise GraphUnreadable(f"{op} carries another operator's options")
    options = kind()
    options.Init(table.Bytes, table.Pos)
    return convert(options)


def custom_options(op: str, version: int, operator: Any) -> Custom:
    """Return the options of an operator that MediaPipe adds to the format.

    They are a flexbuffer map, but for the transposed convolution: three 32-bit integers.

    Raises:
        GraphUnreadable: They are longer than any that is wanted here.
    """
    size = operator.CustomOptionsLength()
    if size > MAX_BYTES:
        raise GraphUnreadable(f"{op} has {size} bytes of options, at most {MAX_BYTES} are read")
    stored = operator.CustomOptionsAsNumpy().tobytes() if size else b""
    if op == TRANSPOSED_CONVOLUTION:
        _, width, height = struct.unpack_from("<iii", stored)
        return Custom(version, {"stride_height": height, "stride_width": width})
    values = flexbuffers.Loads(stored) if stored else {}
    kept = {
        str(name): tuple(int(item) for item in value) if isinstance(value, list) else value
        for name, value in values.items()
    }
    return Custom(version, kept)


def _sliding(options: Any) -> Sliding:
    return Sliding(
        stride=(options.StrideH(), options.StrideW()),
        dilation=(options.DilationHFactor(), options.DilationWFactor()),
        same=options.Padding() == tflite.Padding.SAME,
        activation=_activation(options),
    )


def _pooling(options: Any) -> Pooling:
    return Pooling(
        kernel=(options.FilterHeight(), options.FilterWidth()),
        stride=(options.StrideH(), options.StrideW()),
        same=options.Padding() == tflite.Padding.SAME,
        activation=_activation(options),
    )


def _fused(options: Any) -> Fused:
    return Fused(_activation(options))


def _activation(options: Any) -> Activation:
    activation = _ACTIVATIONS.get(options.FusedActivationFunction())
    if activation is None:
        raise OperatorUnsupported(f"activation {options.FusedActivationFunction()} has no form")
    return activation


def _slicing(options: Any) -> Slicing:
    reshaping = options.EllipsisMask() | options.NewAxisMask() | options.ShrinkAxisMask()
    return Slicing(options.BeginMask(), options.EndMask(), reshaping)


_OPTIONS: Mapping[str, tuple[Any, Callable[[Any], object]]] = {
    "CONV_2D": (tflite.Conv2DOptions, _sliding),
    "DEPTHWISE_CONV_2D": (tflite.DepthwiseConv2DOptions, _sliding),
    "MAX_POOL_2D": (tflite.Pool2DOptions, _pooling),
    "AVERAGE_POOL_2D": (tflite.Pool2DOptions, _pooling),
    "ADD": (tflite.AddOptions, _fused),
    "MUL": (tflite.MulOptions, _fused),
    "RESIZE_BILINEAR": (
        tflite.ResizeBilinearOptions,
        lambda options: Resizing(options.AlignCorners(), options.HalfPixelCenters()),
    ),
    "DEPTH_TO_SPACE": (
        tflite.DepthToSpaceOptions,
        lambda options: Unfolding(options.BlockSize()),
    ),
    "STRIDED_SLICE": (tflite.StridedSliceOptions, _slicing),
}
