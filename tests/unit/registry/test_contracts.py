"""What a tensor's sizes allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.contracts import CONTRACTS, STYLIZER, contract_of
from limner_registry.tensors import FREE, Tensor

sizes = st.lists(st.integers(1, 5000), max_size=4).map(tuple)


@given(sizes)
def test_a_tensor_holds_its_own_sizes(shape):
    assert Tensor("x", "uint8", shape, "anything").holds(shape)


@given(sizes.filter(bool), st.data())
def test_only_free_sizes_may_differ(shape, data):
    axis = data.draw(st.integers(0, len(shape) - 1))
    other = data.draw(st.integers(1, 5000).filter(lambda size: size != shape[axis]))
    changed = (*shape[:axis], other, *shape[axis + 1 :])
    free = (*shape[:axis], FREE, *shape[axis + 1 :])

    assert not Tensor("x", "uint8", shape, "anything").holds(changed)
    assert Tensor("x", "uint8", free, "anything").holds(changed)
    assert not Tensor("x", "uint8", free, "anything").holds((*changed, 1))
    assert not Tensor("x", "uint8", free, "anything").holds(changed[1:])


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.model)
def test_sizes_are_free_or_above_zero_and_contracts_are_found_by_name(contract):
    for tensor in (*contract.inputs, *contract.outputs):
        assert all(size == FREE or size > 0 for size in tensor.shape)
    assert contract_of(contract.model) is contract


def test_the_stylizer_s_tiles_have_any_size_but_their_channels():
    shapes = {tensor.name: tensor.shape for tensor in (*STYLIZER.inputs, *STYLIZER.outputs)}

    assert shapes == {
        "tile": (FREE, FREE, 3),
        "thumbnail": (FREE, FREE, 3),
        "style": (1,),
        "fields": (FREE, FREE, 4),
    }
