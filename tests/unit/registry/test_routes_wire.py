from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from limner.v1 import routing_pb2
from limner_registry.routes import Canary, Routes
from limner_registry.routes_wire import from_message, to_message

models = st.sampled_from(["dye_bank", "hair_matter", "face_mesh"])
numbers = st.integers(1, 2**31 - 1)
canaries = st.builds(
    Canary,
    numbers,
    st.text(max_size=9),
    st.text(max_size=9),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=2).map(tuple),
    st.floats(0, 10),
)


@given(
    st.builds(
        Routes,
        st.integers(1, 2**62),
        st.dictionaries(models, numbers),
        st.dictionaries(models, numbers),
        st.dictionaries(models, canaries),
        st.booleans(),
    )
)
def test_a_table_arrives_as_it_was_sent(routes):
    sent = to_message(routes).SerializeToString()

    assert from_message(routing_pb2.RoutingTable.FromString(sent)) == routes
