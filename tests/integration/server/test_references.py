"""What is known of the references that come with the server, against what networks say of them."""

from __future__ import annotations

import time

import numpy as np
import onnxruntime
import pytest

from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.imaging import codec
from limner_server.imaging.hairstyle import covered
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.features import find_features
from limner_server.references.known import Known
from limner_server.references.ranking import Candidate, rank
from limner_server.references.store import ReferenceStore


class Networks:
    """The stack's own networks, without Triton between."""

    def __init__(self, models):
        self.models = models
        self.sessions = {}

    async def infer(self, contract, inputs, call):
        if contract.model not in self.sessions:
            (network,) = self.models.glob(f"{contract.model}.v1/*/model.onnx")
            cpu = ["CPUExecutionProvider"]
            self.sessions[contract.model] = onnxruntime.InferenceSession(network, providers=cpu)
        names = [output.name for output in contract.outputs]
        inputs = {name: np.ascontiguousarray(values) for name, values in inputs.items()}
        answers = self.sessions[contract.model].run(names, inputs)
        return dict(zip(names, answers, strict=True))


@pytest.fixture(scope="module")
def networks(stack):
    return Networks(stack.state / "models")


@pytest.fixture
def call():
    return Call(
        "/limner.v1.TransferHairService/RecommendReferences", time.monotonic() + 60, Routes()
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ReferenceStore(tmp_path_factory.mktemp("references"))


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return Known(tmp_path_factory.mktemp("known") / "features.json")


@pytest.mark.parametrize("name", ["afro-black", "long-chestnut"])
@pytest.mark.parametrize("place", [0, 1])
async def test_what_is_known_is_what_the_networks_say(networks, call, store, known, name, place):
    view = store.find(name).views[place]
    photo = codec.decode(store.photo(view))
    _, measured = await find_features(photo, Selector(), networks, call)
    kept = known.get(view.sha256)
    assert measured.pose.yaw == pytest.approx(kept.pose.yaw, abs=0.5)
    assert measured.face_shape == kept.face_shape
    assert measured.hair.style.length == kept.hair.style.length
    assert measured.hair.lab == pytest.approx(kept.hair.lab, abs=1)
    assert covered(kept.hair.style.outline, measured.hair.style.outline) > 0.97


async def test_a_real_head_is_recommended_what_covers_its_hair(
    networks, call, store, known, astronaut
):
    _, person = await find_features(codec.decode(astronaut), Selector(), networks, call)
    candidates = [Candidate(one.name, known.get(one.sha256), None) for one in store.references()]
    ranked = rank(person, candidates)
    assert len(ranked) == len(candidates)
    assert ranked[0].score > ranked[-1].score + 0.1
    best = known.get(store.find(ranked[0].name).sha256).hair
    assert covered(person.hair.style.outline, best.style.outline) > 0.8
    assert best.style.length == person.hair.style.length == "short"
