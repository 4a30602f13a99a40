"""Only a network that keeps its contract and its golden answers is let through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import save

from limner_registry.contract import Contract
from limner_registry.contracts import PERSON_SEGMENTER
from limner_registry.errors import ContractBroken, GoldenMissed
from limner_registry.golden import Golden
from limner_registry.prove import prove
from limner_registry.tensors import FREE, Tensor


@pytest.fixture(scope="module")
def release(make_release):
    return make_release()


def test_a_sound_network_passes(release):
    prove(release.network, PERSON_SEGMENTER, release.golden)


def test_other_answers_are_refused(release, network):
    with pytest.raises(GoldenMissed, match="person is off by"):
        prove(network(1.01), PERSON_SEGMENTER, release.golden)


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x07" * 100])
def test_what_is_no_network_is_refused(release, content):
    with pytest.raises(ContractBroken, match="cannot load"):
        prove(content, PERSON_SEGMENTER, release.golden)


def test_an_output_of_another_name_is_refused(release, network):
    with pytest.raises(ContractBroken, match="outputs are mask, not person"):
        prove(network(output="mask"), PERSON_SEGMENTER, release.golden)


def test_a_fixed_batch_is_refused(release, network):
    with pytest.raises(ContractBroken, match=r"input image is tensor\(uint8\)\[2, 256"):
        prove(network(batch=2), PERSON_SEGMENTER, release.golden)


def test_another_type_or_size_is_refused(release):
    taken, given = PERSON_SEGMENTER.inputs[0], PERSON_SEGMENTER.outputs[0]
    for changed in (
        replace(PERSON_SEGMENTER, inputs=(replace(taken, dtype="float32"),)),
        replace(PERSON_SEGMENTER, inputs=(replace(taken, shape=(128, 128, 3)),)),
        replace(PERSON_SEGMENTER, outputs=(replace(given, shape=(256, 256, 1)),)),
    ):
        with pytest.raises(ContractBroken):
            prove(release.network, changed, release.golden)


def test_the_network_itself_is_held_to_the_contract(release):
    """The golden answers keep the contract; the network takes another size."""
    small = replace(PERSON_SEGMENTER.inputs[0], shape=(64, 64, 3))
    result = replace(PERSON_SEGMENTER.outputs[0], shape=(64, 64))
    golden = Golden(
        {"image": np.zeros((1, 64, 64, 3), np.uint8)},
        {"person": np.zeros((1, 64, 64), np.float32)},
        0.0,
    )

    with pytest.raises(ContractBroken, match="the network's input image"):
        prove(
            release.network, replace(PERSON_SEGMENTER, inputs=(small,), outputs=(result,)), golden
        )


def test_golden_answers_without_a_tensor_prove_nothing(release):
    with pytest.raises(ContractBroken, match="golden outputs are none, not person"):
        prove(release.network, PERSON_SEGMENTER, replace(release.golden, outputs={}))


def test_a_network_that_mixes_the_photos_of_a_batch_is_refused(release):
    taken = helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", 256, 256, 3])
    given = helper.make_tensor_value_info("person", TensorProto.FLOAT, ["batch", 256, 256])
    nodes = [
        helper.make_node("Cast", ["image"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real"], ["gray"], axes=[3], keepdims=0),
        helper.make_node("ReduceSum", ["gray", "axis"], ["all"], keepdims=1),
        helper.make_node("Add", ["gray", "all"], ["person"]),
    ]
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [0])
    graph = helper.make_graph(nodes, "mixing", [taken], [given], [axis])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    photos = release.golden.inputs["image"]
    gray = photos.mean(axis=3, dtype=np.float32)
    golden = Golden({"image": photos}, {"person": gray + gray.sum(axis=0, keepdims=True)}, 1e-3)

    with pytest.raises(GoldenMissed, match="batch of 8"):
        prove(model.SerializeToString(), PERSON_SEGMENTER, golden)


def brightened(height="height", answered="fields"):
    """A network that answers any size, or one, with its input and two."""
    taken = helper.make_tensor_value_info("tile", TensorProto.INT16, ["batch", height, "width", 3])
    given = helper.make_tensor_value_info(
        answered, TensorProto.INT16, ["batch", height, "width", 3]
    )
    two = helper.make_tensor("two", TensorProto.INT16, [1], [2])
    nodes = [
        helper.make_node("Cast", ["tile"], ["real"], to=TensorProto.INT32),
        helper.make_node("Cast", ["two"], ["more"], to=TensorProto.INT32),
        helper.make_node("Add", ["real", "more"], ["sum"]),
        helper.make_node("Cast", ["sum"], [answered], to=TensorProto.INT16),
    ]
    graph = helper.make_graph(nodes, "brightened", [taken], [given], [two])
    opset = helper.make_opsetid("", 13)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()


FREE_SIZES = Contract(
    "brightened",
    1,
    (Tensor("tile", "int16", (FREE, FREE, 3), "anything"),),
    (Tensor("fields", "int16", (FREE, FREE, 3), "two more"),),
    2,
)


def answers_of(*sizes):
    tile = np.arange(int(np.prod(sizes)), dtype=np.int16).reshape(sizes)
    return Golden({"tile": tile}, {"fields": tile + np.int16(2)}, 0.0)


@pytest.mark.parametrize("sizes", [(1, 4, 8, 3), (2, 12, 4, 3)])
def test_free_sizes_are_proven_at_any_size(sizes):
    prove(brightened(), FREE_SIZES, answers_of(*sizes))


def test_a_network_of_one_size_does_not_keep_a_contract_of_any():
    with pytest.raises(
        ContractBroken, match=r"input tile is tensor\(int16\).*not int16\[batch, -1"
    ):
        prove(brightened(height=4), FREE_SIZES, answers_of(1, 4, 8, 3))


def test_golden_answers_keep_the_sizes_that_are_not_free():
    with pytest.raises(ContractBroken, match="golden input tile"):
        prove(brightened(), FREE_SIZES, answers_of(1, 4, 8, 4))


def test_other_answers_of_a_free_size_are_refused():
    golden = answers_of(1, 4, 8, 3)
    wrong = replace(golden, outputs={"fields": golden.outputs["fields"] + np.int16(1)})

    with pytest.raises(GoldenMissed, match="fields is off by 1"):
        prove(brightened(), FREE_SIZES, wrong)


def test_weights_are_looked_through_and_never_run(release):
    searched = replace(PERSON_SEGMENTER, backend="loho")
    weights = save({"a": np.arange(6.0), "b": np.zeros(3)}, {"limner": "{}"})

    prove(weights, searched, release.golden)

    for wrong in (b"", release.network, weights[:-1], weights + b"\0", save({})):
        with pytest.raises(ContractBroken, match="the weights are"):
            prove(wrong, searched, release.golden)
