"""Imported networks: kept with what must be known of them, and asked again when they are loaded."""

from __future__ import annotations

import hashlib
import json

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file
from torch.nn import functional

from limner_models.commands.importing import IMPORTS
from limner_models.errors import WeightsRefused
from limner_models.importers import imported, searched
from tests.unit.models.importers.published import drawn, nvidia, rosinality, write_nvidia
from tests.unit.models.networks.test_eyes import vgg19

VGG16 = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
CHANNELS = (64, 128, 256, 512, 512)


def vgg16():
    torch.manual_seed(1)
    state, taken = {}, 3
    for place, width in zip(VGG16, (64, 64, 128, 128, *[256] * 3, *[512] * 6), strict=True):
        scale = (2 / (9 * taken)) ** 0.5
        state[f"features.{place}.weight"] = scale * torch.randn(width, taken, 3, 3)
        state[f"features.{place}.bias"] = 0.1 * torch.randn(width)
        taken = width
    return state


def lins():
    torch.manual_seed(2)
    return {
        f"lin{index}.model.1.weight": torch.rand(1, width, 1, 1)
        for index, width in enumerate(CHANNELS)
    }


def run(kind, file, out, *more):
    arguments = [str(file), "--license", "CC-BY-NC-4.0", "-o", str(out), *more]
    return CliRunner().invoke(IMPORTS[kind], arguments)


def taken(tmp_path, kind, state):
    file, out = tmp_path / "theirs.pt", tmp_path / "kept" / "ours.safetensors"
    torch.save(state, file)
    answer = run(kind, file, out, "--json")
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    manifest = json.loads(out.with_suffix(".json").read_text())
    assert document == {"file": str(out), "manifest": manifest, "version": None}
    assert manifest["source_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert manifest["license"] == "CC-BY-NC-4.0"
    return out, manifest


def test_a_generator_is_kept_and_draws_the_same_when_loaded(tmp_path):
    out, manifest = taken(tmp_path, "stylegan2", {"g_ema": rosinality()})

    network, known = imported.load(out)

    latent = torch.randn(2, 12, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(network(latent), drawn(rosinality(), latent), rtol=1e-4, atol=1e-4)
    assert manifest["arch"] == "stylegan2"
    assert manifest["arch_args"]["size"] == known.arch_args["size"] == 64
    assert manifest["range"] == [-1, 1]
    picture = drawn(rosinality(), torch.randn(1, 12, generator=torch.Generator().manual_seed(0)))
    assert manifest["probe"]["mean"] == pytest.approx(picture.mean().item(), abs=1e-4)
    assert manifest["probe"]["std"] == pytest.approx(picture.std().item(), abs=1e-4)


def test_nvidia_s_pickle_goes_all_the_way(tmp_path, monkeypatch):
    write_nvidia(tmp_path / "a.pkl", nvidia(32), monkeypatch, {"conv_clamp": 256})

    answer = run("stylegan2", tmp_path / "a.pkl", tmp_path / "a.safetensors")

    assert answer.exit_code == 0, answer.output
    assert imported.load(tmp_path / "a.safetensors")[1].arch_args["clamp"] == 256


@pytest.mark.parametrize(("state", "depth"), [(vgg16(), 16), (vgg19(), 19)])
def test_a_vgg_is_kept_by_torchvision_s_names(tmp_path, state, depth):
    out, manifest = taken(tmp_path, "vgg", state)

    network, _ = imported.load(out)
    assert manifest["arch_args"] == {"depth": depth}
    assert manifest["mean"] == [0.485, 0.456, 0.406]
    kept = load_file(out)
    assert set(kept) == {name for name in state if name.startswith("features.")}
    planes = torch.randn(1, 3, 32, 32)
    first = functional.relu(
        functional.conv2d(planes, state["features.0.weight"], state["features.0.bias"], padding=1)
    )
    torch.testing.assert_close(network.features[:2](planes), first, rtol=1e-4, atol=1e-4)
    assert network(planes).shape == (1, 512, 2, 2)


def test_lpips_s_weights_are_kept_by_their_names(tmp_path):
    out, _ = taken(tmp_path, "lpips", lins())

    network, _ = imported.load(out)
    differences = torch.rand(3, 1472)
    rows = differences.split(CHANNELS, 1)
    expected = [row @ each.flatten() for row, each in zip(rows, lins().values(), strict=True)]
    torch.testing.assert_close(network(differences), torch.stack(expected, 1))
    assert set(load_file(out)) == set(lins())


@pytest.mark.parametrize(
    ("kind", "state", "says"),
    [
        ("vgg", {"weight": torch.ones(1)}, "neither torchvision's"),
        ("vgg", {**vgg16(), "features.1.running_mean": torch.ones(64)}, "batch norms"),
        ("vgg", {**vgg16(), "features.0.weight": torch.ones(64, 1, 3, 3)}, "other shapes"),
        ("lpips", {**lins(), "lin0.model.1.weight": -torch.ones(1, 64, 1, 1)}, "less than"),
        ("lpips", {"lin0.model.1.weight": torch.ones(1, 64, 1, 1)}, "lacks"),
        ("stylegan2", vgg16(), "no StyleGAN2"),
    ],
)
def test_other_networks_are_refused_and_nothing_is_written(tmp_path, kind, state, says):
    torch.save(state, tmp_path / "theirs.pt")

    answer = run(kind, tmp_path / "theirs.pt", tmp_path / "ours.safetensors")

    assert answer.exit_code == 2
    assert says in answer.output
    assert list(tmp_path.iterdir()) == [tmp_path / "theirs.pt"]


def test_an_output_of_another_kind_is_refused(tmp_path):
    torch.save(lins(), tmp_path / "theirs.pt")

    answer = run("lpips", tmp_path / "theirs.pt", tmp_path / "ours.pt")

    assert answer.exit_code == 2
    assert "must end in .safetensors" in answer.output


def test_an_output_that_cannot_be_written_is_the_request_s_fault(tmp_path):
    torch.save(lins(), tmp_path / "theirs.pt")

    answer = run("lpips", tmp_path / "theirs.pt", tmp_path / "theirs.pt" / "ours.safetensors")

    assert answer.exit_code == 2
    assert "cannot be written" in answer.output


def test_what_was_changed_since_is_refused(tmp_path):
    out, manifest = taken(tmp_path, "lpips", lins())
    for change, says in (
        ({"arch": "stylegan3"}, "not known"),
        ({"arch_args": {"depth": 16}}, "cannot be built"),
        ({"probe": None}, "no manifest"),
        ({"arch": "vgg", "arch_args": {"depth": 17}}, "cannot be built"),
        ({"arch": "vgg", "arch_args": {"depth": 16}}, "lacks"),
    ):
        out.with_suffix(".json").write_text(json.dumps({**manifest, **change}))
        with pytest.raises(WeightsRefused, match=says):
            imported.load(out)
    out.with_suffix(".json").write_text(json.dumps(manifest))
    save_file({name: 1.1 * tensor for name, tensor in lins().items()}, out)

    with pytest.raises(WeightsRefused, match="does not answer as it did"):
        imported.load(out)


def test_another_network_is_no_generator_to_search_with(tmp_path):
    out, _ = taken(tmp_path, "lpips", lins())

    with pytest.raises(WeightsRefused, match="no generator of portraits, but lpips"):
        searched.release(out)


def test_a_generator_too_large_for_half_precision_is_not_searched_with(tmp_path):
    state = rosinality(32)
    state["style.1.weight"] *= 1000
    out, _ = taken(tmp_path, "stylegan2", state)

    with pytest.raises(WeightsRefused, match=r"mapping\.0\.weight is too large"):
        searched.release(out)


def test_a_network_that_answers_no_numbers_is_not_kept(tmp_path):
    loud = torch.full((1, 3, 1, 1), 3e38)  # twice that is infinite
    state = rosinality(32) | {"to_rgb1.bias": loud, "to_rgbs.0.bias": loud}
    torch.save(state, tmp_path / "theirs.pt")

    answer = run("stylegan2", tmp_path / "theirs.pt", tmp_path / "ours.safetensors")

    assert answer.exit_code == 2
    assert "answers no numbers" in answer.output
    assert not (tmp_path / "ours.safetensors").exists()
