"""StyleGAN2s as others publish them: their files, and what they draw, worked out in another way."""

from __future__ import annotations

import math
import pickle
import sys
from types import ModuleType

import torch
from torch.nn import functional

KERNEL = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64
WIDTH, MAPPED = 12, 3


def sides_of(size):
    return [4 << power for power in range(int(math.log2(size)) - 1)]


def channels(side):
    return min(10, 256 // side)


def rosinality(size=64, seed=0):
    """A generator's state by rosinality's names."""
    make = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=make)

    state = {"input.input": normal(1, channels(4), 4, 4)}
    for index in range(MAPPED):
        state[f"style.{index + 1}.weight"] = 100 * normal(WIDTH, WIDTH)
        state[f"style.{index + 1}.bias"] = normal(WIDTH)

    def modulated(name, taken, given, kernel):
        state[f"{name}.conv.weight"] = normal(1, given, taken, kernel, kernel)
        state[f"{name}.conv.modulation.weight"] = normal(taken, WIDTH)
        state[f"{name}.conv.modulation.bias"] = 1 + 0.1 * normal(taken)

    def layer(name, taken, given):
        modulated(name, taken, given, 3)
        state[f"{name}.noise.weight"] = 0.2 * normal(1)
        state[f"{name}.activate.bias"] = 0.3 * normal(given)

    def colors(name, taken):
        modulated(name, taken, 3, 1)
        state[f"{name}.bias"] = normal(1, 3, 1, 1)

    layer("conv1", channels(4), channels(4))
    colors("to_rgb1", channels(4))
    state["noises.noise_0"] = normal(1, 1, 4, 4)
    for index, side in enumerate(sides_of(size)[1:]):
        layer(f"convs.{2 * index}", channels(side // 2), channels(side))
        state[f"convs.{2 * index}.conv.blur.kernel"] = KERNEL * 4
        layer(f"convs.{2 * index + 1}", channels(side), channels(side))
        colors(f"to_rgbs.{index}", channels(side))
        state[f"to_rgbs.{index}.upsample.kernel"] = KERNEL * 4
        for place in (2 * index + 1, 2 * index + 2):
            state[f"noises.noise_{place}"] = normal(1, 1, side, side)
    return state


def nvidia(size=64, seed=0):
    """The same generator's state by NVIDIA's names."""
    theirs = rosinality(size, seed)
    state = {"synthesis.b4.const": theirs["input.input"][0]}
    state["mapping.w_avg"] = torch.linspace(-1, 1, WIDTH)
    for index in range(MAPPED):
        for part in ("weight", "bias"):
            state[f"mapping.fc{index}.{part}"] = theirs[f"style.{index + 1}.{part}"]

    def modulated(name, theirs_name):
        state[f"{name}.weight"] = theirs[f"{theirs_name}.conv.weight"][0]
        for part in ("weight", "bias"):
            state[f"{name}.affine.{part}"] = theirs[f"{theirs_name}.conv.modulation.{part}"]

    def layer(name, theirs_name, noise):
        modulated(name, theirs_name)
        state[f"{name}.bias"] = theirs[f"{theirs_name}.activate.bias"]
        state[f"{name}.noise_strength"] = theirs[f"{theirs_name}.noise.weight"][0]
        state[f"{name}.noise_const"] = theirs[f"noises.noise_{noise}"][0, 0]
        state[f"{name}.resample_filter"] = KERNEL

    def colors(name, theirs_name):
        modulated(name, theirs_name)
        state[f"{name}.bias"] = theirs[f"{theirs_name}.bias"].reshape(3)

    layer("synthesis.b4.conv1", "conv1", 0)
    colors("synthesis.b4.torgb", "to_rgb1")
    for index, side in enumerate(sides_of(size)[1:]):
        for which in (0, 1):
            name = f"synthesis.b{side}.conv{which}"
            layer(name, f"convs.{2 * index + which}", 2 * index + which + 1)
        colors(f"synthesis.b{side}.torgb", f"to_rgbs.{index}")
        state[f"synthesis.b{side}.resample_filter"] = KERNEL
    return state


def drawn(state, latent, size=64, clamp=math.inf):
    """What rosinality's network of that state draws: each sample has weights of its own."""
    style = latent / latent.square().mean(1, keepdim=True).add(1e-8).sqrt()
    for index in range(MAPPED):
        weight, bias = (state[f"style.{index + 1}.{part}"] for part in ("weight", "bias"))
        style = functional.linear(style, weight * 0.01 / math.sqrt(WIDTH), bias * 0.01)
        style = functional.leaky_relu(style, 0.2) * math.sqrt(2)

    def modulated(name, features, *, doubles=False, demodulated=True):
        weight = state[f"{name}.conv.weight"]
        affine = state[f"{name}.conv.modulation.weight"] / math.sqrt(WIDTH)
        scales = style @ affine.T + state[f"{name}.conv.modulation.bias"]
        count, taken = scales.shape
        own = weight / math.sqrt(weight[0, 0].numel()) * scales[:, None, :, None, None]
        if demodulated:
            own = own * torch.rsqrt(own.square().sum((2, 3, 4), keepdim=True) + 1e-8)
        given, kernel = own.shape[1], own.shape[-1]
        grouped = features.reshape(1, count * taken, *features.shape[2:])
        if doubles:
            own = own.transpose(1, 2).reshape(count * taken, given, kernel, kernel)
            made = functional.conv_transpose2d(grouped, own, stride=2, groups=count)
            made = filtered(made, 1, 1)
        else:
            own = own.reshape(count * given, taken, kernel, kernel)
            made = functional.conv2d(grouped, own, padding=kernel // 2, groups=count)
        return made.reshape(count, given, *made.shape[2:])

    def layer(name, features, noise, *, doubles=False):
        made = modulated(name, features, doubles=doubles)
        made = made + state[f"{name}.noise.weight"] * state[f"noises.noise_{noise}"]
        made = made + state[f"{name}.activate.bias"].reshape(1, -1, 1, 1)
        made = functional.leaky_relu(made, 0.2) * math.sqrt(2)
        return made.clamp(-clamp, clamp)

    def colors(name, features):
        made = modulated(name, features, demodulated=False) + state[f"{name}.bias"]
        return made.clamp(-clamp, clamp)

    features = layer("conv1", state["input.input"].repeat(len(latent), 1, 1, 1), 0)
    picture = colors("to_rgb1", features)
    for index in range(len(sides_of(size)) - 1):
        features = layer(f"convs.{2 * index}", features, 2 * index + 1, doubles=True)
        features = layer(f"convs.{2 * index + 1}", features, 2 * index + 2)
        wide = torch.zeros(*picture.shape[:2], *(2 * side for side in picture.shape[2:]))
        wide[:, :, ::2, ::2] = picture
        picture = filtered(wide, 2, 1) + colors(f"to_rgbs.{index}", features)
    return picture


def filtered(planes, before, after):
    channels = planes.shape[1]
    planes = functional.pad(planes, (before, after, before, after))
    kernel = (KERNEL * 4).expand(channels, 1, 4, 4)
    return functional.conv2d(planes, kernel, groups=channels)


class Persistent:
    """A module that pickles itself as NVIDIA's persistent ones do."""

    def __init__(self, **state):
        self.__dict__.update(state)

    def __reduce__(self):
        about = {
            "type": "class",
            "version": 6,
            "module_src": "raise SystemExit('this code ran')",
            "class_name": type(self).__name__,
            "state": self.__dict__,
        }
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (about,)


def modules(state, settings):
    """The tree of persistent modules whose `state_dict` is `state`."""

    def said(prefix):
        """What a module of that name was built with: only what reads styles is not bent."""
        if prefix.endswith(".affine."):
            return {"activation": "linear"}
        clamped = prefix.endswith((".conv0.", ".conv1.", ".torgb."))
        return settings if clamped else {}

    def build(prefix):
        from collections import OrderedDict

        within = {name.removeprefix(prefix): kept for name, kept in state.items()}
        within = {name: kept for name, kept in within.items() if f"{prefix}{name}" in state}
        held = {name: kept for name, kept in within.items() if "." not in name}
        inner = sorted({name.partition(".")[0] for name in within if "." in name})
        buffers = {"noise_const", "resample_filter", "w_avg"}
        return Persistent(
            training=False,
            _parameters=OrderedDict(
                {
                    name: torch.nn.Parameter(kept)
                    for name, kept in held.items()
                    if name not in buffers
                }
            ),
            _buffers=OrderedDict({name: held[name] for name in buffers & set(held)}),
            _modules=OrderedDict({name: build(f"{prefix}{name}.") for name in inner}),
            _backward_hooks=OrderedDict(),
            _non_persistent_buffers_set=set(),
            **said(prefix),
        )

    return build("")


def write_nvidia(file, state, monkeypatch, settings=None, protocol=4):
    """Pickle a state as NVIDIA's training does, with modules that exist nowhere else."""
    import numpy as np

    persistence, util = ModuleType("torch_utils.persistence"), ModuleType("dnnlib.util")

    def _reconstruct_persistent_obj(_meta):
        raise AssertionError("nobody may rebuild it")

    _reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
    persistence._reconstruct_persistent_obj = _reconstruct_persistent_obj
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    util.EasyDict = type("EasyDict", (dict,), {"__module__": "dnnlib.util"})
    with monkeypatch.context() as there:
        for name, module in (
            ("torch_utils", ModuleType("torch_utils")),
            ("torch_utils.persistence", persistence),
            ("dnnlib", ModuleType("dnnlib")),
            ("dnnlib.util", util),
        ):
            there.setitem(sys.modules, name, module)
        said = {"activation": "lrelu", "act_gain": np.sqrt(2), **(settings or {})}
        networks = {
            "G": modules({"mapping.w_avg": torch.zeros(1)}, {}),
            "G_ema": modules(state, said),
            "training_set_kwargs": util.EasyDict(path="faces.zip", use_labels=False),
            "augment_pipe": None,
        }
        with file.open("wb") as opened:
            pickle.dump(networks, opened, protocol=protocol)
