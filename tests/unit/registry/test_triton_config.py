"""What config.pbtxt says, read back by Triton's own definition of it."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import model_config_pb2
from tritonclient.utils import np_to_triton_dtype

from limner_registry.contract import Contract
from limner_registry.contracts import CONTRACTS
from limner_registry.tensors import FREE, Tensor
from limner_registry.triton_config import triton_config

names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
tensors = st.lists(
    st.builds(
        Tensor,
        names,
        st.sampled_from(["uint8", "int16", "float32"]),
        st.lists(st.just(FREE) | st.integers(1, 4096), min_size=1, max_size=4).map(tuple),
        st.just("anything"),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda tensor: tensor.name,
).map(tuple)
contracts = st.builds(
    Contract,
    names,
    st.integers(1, 99),
    tensors,
    tensors,
    st.integers(1, 64),
    st.integers(1, 4),
    st.sampled_from(["onnx", "loho"]),
)


def parsed(text):
    return text_format.Parse(text, model_config_pb2.ModelConfig())


@given(contracts, st.integers(1, 10**6), st.sampled_from(["KIND_CPU", "KIND_GPU"]))
def test_a_config_says_what_the_contract_says(contract, version, kind):
    config = parsed(triton_config(contract, version, "ab" * 32, kind))

    assert config.name == f"{contract.model}.v{version}"
    assert config.backend == "python"
    assert config.max_batch_size == contract.max_batch
    assert list(config.version_policy.specific.versions) == [version]
    assert config.WhichOneof("scheduling_choice") is None
    assert config.model_transaction_policy.decoupled == contract.streams
    (group,) = config.instance_group
    assert group.count == contract.runners
    assert model_config_pb2.ModelInstanceGroup.Kind.Name(group.kind) == kind
    assert config.parameters["limner.contract"].string_value == contract.id
    assert config.parameters["limner.manifest_sha256"].string_value == "ab" * 32
    for side, declared in ((contract.inputs, config.input), (contract.outputs, config.output)):
        assert [(t.name, t.shape) for t in side] == [(t.name, tuple(t.dims)) for t in declared]
        for tensor, found in zip(side, declared, strict=True):
            data_type = model_config_pb2.DataType.Name(found.data_type)
            assert data_type.removeprefix("TYPE_") == np_to_triton_dtype(np.dtype(tensor.dtype))


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.model)
def test_every_contract_has_a_config(contract):
    assert parsed(triton_config(contract, 1, "00" * 32)).max_batch_size >= 1
