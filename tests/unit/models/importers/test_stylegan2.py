"""Published StyleGAN2s draw the same once imported, and what is none is refused."""

from __future__ import annotations

import argparse
from dataclasses import replace

import pytest
import torch

from limner_models.errors import WeightsRefused
from limner_models.importers import files
from limner_models.importers.files import Found
from limner_models.importers.stylegan2 import Built, generator
from tests.unit.models.importers.published import (
    WIDTH,
    drawn,
    nvidia,
    rosinality,
    write_nvidia,
)

BUILT = Built(64, 3, 4 * 64 / 16384, 10, WIDTH, None)


def found(tensors, **how):
    return Found(tensors, "0" * 64, **how)


@pytest.fixture
def latent():
    return torch.randn(3, WIDTH, generator=torch.Generator().manual_seed(5))


def assert_draws(network, state, latent, **how):
    with torch.inference_mode():
        picture, expected = network(latent), drawn(state, latent, **how)
    assert expected.std() > 0.3
    torch.testing.assert_close(picture, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("zipped", [True, False], ids=["zipped", "older"])
def test_rosinality_s_checkpoint_draws_the_same(tmp_path, latent, zipped):
    state = rosinality()
    whole = {"g": rosinality(seed=3), "g_ema": state, "args": argparse.Namespace(size=64)}
    whole["latent_avg"] = torch.linspace(-1, 1, WIDTH)
    torch.save(whole, tmp_path / "a.pt", _use_new_zipfile_serialization=zipped)

    built, network = generator(files.read(tmp_path / "a.pt"))

    assert built == BUILT
    assert torch.equal(network.mean, whole["latent_avg"])
    assert_draws(network, state, latent)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_nvidia_s_pickle_draws_the_same(tmp_path, monkeypatch, latent, protocol):
    write_nvidia(tmp_path / "a.pkl", nvidia(), monkeypatch, protocol=protocol)

    built, network = generator(files.read(tmp_path / "a.pkl"))

    assert built == BUILT
    assert torch.equal(network.mean, torch.linspace(-1, 1, WIDTH))
    assert_draws(network, rosinality(), latent)


def test_a_clamp_comes_along(tmp_path, monkeypatch, latent):
    write_nvidia(tmp_path / "a.pkl", nvidia(), monkeypatch, {"conv_clamp": 0.6})

    built, network = generator(files.read(tmp_path / "a.pkl"))

    assert built == replace(BUILT, clamp=0.6)
    assert_draws(network, rosinality(), latent, clamp=0.6)


def test_a_decoder_among_an_encoder_s_weights_is_found(tmp_path, latent):
    state = rosinality()
    mixed = {f"decoder.{name}": tensor for name, tensor in state.items()}
    mixed["encoder.input_layer.0.weight"] = torch.zeros(2)
    rows = torch.linspace(-1, 1, WIDTH).repeat(10, 1)
    torch.save({"state_dict": mixed, "latent_avg": rows}, tmp_path / "a.pt")

    _, network = generator(files.read(tmp_path / "a.pt"))

    torch.testing.assert_close(network.mean, rows[0])
    assert_draws(network, state, latent)


def test_noise_that_is_missing_is_drawn_and_a_missing_mean_is_measured():
    state = {name: each for name, each in rosinality().items() if "noises" not in name}

    _, network = generator(found(state))
    _, again = generator(found(state))

    assert all(map(torch.equal, network.noises, again.noises))
    assert network.noises[2].std() > 0.5
    torch.testing.assert_close(network.mean, network.mean_style()[0])
    assert network.mean.abs().max() > 0


@pytest.mark.parametrize("layout", [rosinality, nvidia])
def test_every_weight_is_needed_in_its_shape(layout):
    state = layout(32)
    needed = [
        name
        for name in state
        if "noise_const" not in name
        and not name.startswith("noises.")
        and not name.endswith(("kernel", "resample_filter", "w_avg"))
    ]
    for name in needed:
        rest = {other: tensor for other, tensor in state.items() if other != name}
        with pytest.raises(WeightsRefused):
            generator(found(rest))
        wide = state[name].repeat(2, *[1] * (state[name].ndim - 1)) if state[name].ndim else None
        with pytest.raises(WeightsRefused):
            generator(found({**rest, name: torch.zeros(3) if wide is None else wide}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"synthesis.input.freqs": torch.ones(2)}, "StyleGAN3"),
        ({"mapping.embed.weight": torch.ones(2, 2)}, "classes"),
        ({"synthesis.b64.skip.weight": torch.ones(2)}, "no place"),
        ({"synthesis.b64.resample_filter": torch.ones(4, 4)}, "another filter"),
        ({"synthesis.b8.conv0.noise_const": torch.ones(9, 9)}, "other shapes"),
    ],
)
def test_other_generators_are_refused_by_what_they_are(change, says):
    with pytest.raises(WeightsRefused, match=says):
        generator(found({**nvidia(), **change}))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"architecture": "resnet"}, "skip connections"),
        ({"activation": "linear"}, "leaky rectifiers"),
        ({"conv_clamp": "much"}, "no number"),
        ({"conv_clamp": -1}, "no number"),
    ],
)
def test_other_settings_are_refused(settings, says):
    with pytest.raises(WeightsRefused, match=says):
        generator(found(nvidia(), settings={"synthesis.b8": settings}))


def test_layers_must_be_clamped_alike():
    settings = {"synthesis.b8.conv0": {"conv_clamp": None}, "b": {"conv_clamp": 256}}

    with pytest.raises(WeightsRefused, match="clamped differently"):
        generator(found(nvidia(), settings=settings))


def test_no_size_is_believed_that_no_generator_has():
    state = {f"to_rgbs.{index}.bias": torch.zeros(1) for index in range(4000)}
    state |= {"input.input": torch.zeros(1, 4, 4, 4), "style.1.weight": torch.zeros(2, 2)}

    with pytest.raises(WeightsRefused):
        generator(found(state))
    with pytest.raises(WeightsRefused, match="no StyleGAN2"):
        generator(found({"weight": torch.zeros(1)}))
