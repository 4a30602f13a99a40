"""Export: what comes out is what was trained, or nothing comes out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner_models.errors import ParityMissed
from limner_models.export import TOLERANCE, _shortened, export, release_of
from limner_models.recipes.recipe import Arrays
from limner_registry.prove import prove
from tests.unit.models.tiny import CONTRACT, Doubler, examples

SAID = {"card": "c", "license": "MIT", "data_sha256": "0" * 64, "origin": "here"}


def test_a_release_is_proven_by_the_registry_at_any_batch():
    torch.manual_seed(0)
    release = release_of(Doubler(), CONTRACT, examples(), {"doubled": 0.5}, SAID)

    prove(release.network, CONTRACT, release.golden)
    assert release.scores == {"doubled": 0.5}
    assert release.golden.inputs.keys() == {"image"}


def test_the_same_weights_export_to_the_same_bytes():
    network = Doubler()

    assert export(network, CONTRACT, examples()) == export(network, CONTRACT, examples())


def test_a_network_that_tracing_cannot_follow_is_not_exported():
    class Moody(Doubler):
        calls = 0

        def forward(self, image):
            Moody.calls += 1
            return super().forward(image) * Moody.calls

    with pytest.raises(ParityMissed, match="twice differs"):
        export(Moody(), CONTRACT, examples())


def test_golden_answers_are_rounded_by_less_than_their_tolerance():
    network = Doubler().eval()
    release = release_of(network, CONTRACT, examples(), {}, SAID)

    with torch.inference_mode():
        exact: Arrays = {"twice": network(torch.from_numpy(examples()["image"])).numpy()}
    assert release.golden.difference(exact) is None
    off = {"twice": exact["twice"] + 0.05 * np.ptp(exact["twice"])}
    assert release.golden.difference(off) is not None


def test_golden_answers_of_whole_numbers_stay_within_them():
    answer = np.array([[0, 5, 32767]], np.int16)
    rounded = _shortened(answer)
    assert rounded.dtype == np.int16
    assert np.abs(rounded.astype(int) - answer).max() <= TOLERANCE * 32767
