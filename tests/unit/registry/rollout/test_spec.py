"""A spec is read whole or refused whole, with every reason."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.rollout.document import LEAST_RATIO, SpecRefused, read_spec
from limner_registry.rollout.spec import (
    DEFAULT,
    Approve,
    HeaderRule,
    Headers,
    Judging,
    Kind,
    Metric,
    Otherwise,
    Shadow,
    Spec,
    Weight,
)

names = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)
keys = names.filter(lambda name: not name.endswith("-bin"))
seconds = st.floats(0, 3600)
shadows = st.builds(Shadow, st.integers(1, 10_000), st.integers(1, 10**6), seconds)
headers = st.builds(
    Headers, st.lists(st.builds(HeaderRule, keys, names), min_size=1, max_size=3).map(tuple)
)
approvals = st.builds(Approve, names, st.floats(1, 10**6), st.sampled_from(Otherwise))
budgets = st.none() | st.floats(1e-6, 0.9)


@st.composite
def specs(draw):
    weights = sorted(draw(st.sets(st.integers(1, 9999), max_size=4)))
    steps = draw(st.lists(shadows | headers, max_size=2))
    for bps in weights:
        steps.append(Weight(bps, draw(seconds), draw(st.none() | st.integers(1, 10**6))))
        steps += draw(st.lists(approvals, max_size=1))
    steps.append(Weight(10_000, ratio=draw(st.none() | st.floats(1.25, 100))))
    kinds = [Kind.ERROR, *sorted(draw(st.sets(st.sampled_from(Kind))) - {Kind.ERROR})]
    metrics = [
        Metric(kind, 1 / len(kinds), draw(st.floats(0, 0.2)), draw(budgets)) for kind in kinds
    ]
    return Spec(
        tuple(steps),
        Judging(draw(st.floats(1e-9, 0.5)), metrics=tuple(metrics)),
        draw(st.sampled_from(Otherwise)),
        progress_seconds=draw(st.floats(40_000, 80_000)),
        dry_run=draw(st.booleans()),
    )


@given(specs())
def test_a_spec_is_read_back_from_the_json_it_writes(spec):
    assert read_spec(json.loads(json.dumps(spec.to_json()))) == spec


def test_an_empty_document_is_the_default():
    assert read_spec({}) == DEFAULT
    assert read_spec(DEFAULT.to_json()) == DEFAULT


def test_what_is_left_out_of_a_step_is_its_default():
    spec = read_spec({"steps": [{"shadow": {"bps": 500}}, {"weight": {"bps": 10_000}}]})

    assert spec == replace(DEFAULT, steps=(Shadow(500), Weight(10_000)))


def by_header(name):
    rules = [{"name": name, "value": "yes"}]
    return {"steps": [{"headers": {"rules": rules}}, {"weight": {"bps": 10_000}}]}


def test_headers_are_read_in_the_small_letters_that_grpc_sends():
    assert read_spec(by_header("X-Team")) == read_spec(by_header("x-team"))
    assert read_spec(by_header("X-Team")).steps[0].rules == (HeaderRule("x-team", "yes"),)


@pytest.mark.parametrize("name", ["x team", "x-team:", "équipe", "x-team-bin", "X-TEAM-BIN", "", 7])
def test_a_header_that_no_call_can_have_is_refused(name):
    with pytest.raises(SpecRefused, match=r"steps\[0\]\.headers\.rules\[0\]\.name must be"):
        read_spec(by_header(name))


def test_every_violation_is_named_at_once():
    document = {
        "steps": [
            {"weight": {"bps": 0, "hold": 3}},
            {"wieght": {"bps": 1}},
            {"headers": {"rules": []}},
        ],
        "judging": {"alpha_abort": "1 %", "metrics": [{"kind": "speed", "share": 1}]},
        "on_inconclusive": "promote",
        "dry_run": 1,
        "webhook": None,
    }

    with pytest.raises(SpecRefused) as refused:
        read_spec(document)

    for path in (
        "steps[0].weight.bps must be a whole number",
        "steps[0].weight.hold is not a field",
        "steps[1] must be one of shadow, weight, headers, approve",
        "steps[2].headers.rules must be a list of 1",
        "judging.alpha_abort must be a number",
        "judging.metrics[0].kind must be one of error, slow, fallback, quality",
        "on_inconclusive must be one of pause, abort",
        "dry_run must be true or false",
        "webhook is not a field",
    ):
        assert path in str(refused.value)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"steps": [{"weight": {"bps": 500}}]}, "end with a weight of 10000"),
        ({"steps": [{"weight": {"bps": 10_000}}, {"approve": {}}]}, "end with a weight of 10000"),
        (
            {"steps": [{"weight": {"bps": 500}}, {"weight": {"bps": 500}}]},
            "raise the weight every time",
        ),
        (
            {
                "steps": [
                    {"weight": {"bps": 1}},
                    {"shadow": {"bps": 1}},
                    {"weight": {"bps": 10_000}},
                ]
            },
            "before the first weight",
        ),
        (
            {"steps": [{"weight": {"bps": 10_000, "min_seconds": 9, "max_seconds": 8}}]},
            "min_seconds up to max_seconds",
        ),
        ({"progress_seconds": 60}, "progress_seconds must be at least"),
        ({"judging": {"metrics": [{"kind": "error", "share": 0.5}]}}, "shares that sum to 1"),
        ({"judging": {"metrics": [{"kind": "error", "share": 0.5}] * 2}}, "name a kind once"),
        ({"judging": {"metrics": [{"kind": "fallback", "share": 1}]}}, "name error with fallback"),
        (
            {"judging": {"metrics": [{"kind": "error", "share": 1, "margin": 0.5}]}},
            "margins below every step's ratio",
        ),
        ({"steps": [{"weight": {"bps": 10_000, "ratio": 1.1}}]}, f"number from {LEAST_RATIO}"),
        ({"steps": [{"weight": {"bps": 10_000, "max_seconds": float("nan")}}]}, "must be a number"),
        ({"steps": [{"weight": {"bps": True}}]}, "must be a whole number"),
        ({"steps": [{"weight": {"bps": 10_000}}] * 101}, "list of 1 to 100"),
        ({"steps": None, "judging": []}, "judging must be an object"),
        ([], "the document must be an object"),
        ("weight", "the document must be an object"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_reason(document, reason):
    with pytest.raises(SpecRefused, match="refused") as refused:
        read_spec(document)

    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "spec", [DEFAULT, replace(DEFAULT, steps=(Weight(500), Weight(10_000, 1, 9)))]
)
def test_a_spec_over_the_wire_is_the_one_that_was_sent(spec):
    sent = ParseDict(spec.to_json(), Struct()).SerializeToString()

    assert read_spec(MessageToDict(Struct.FromString(sent))) == spec


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["steps", "weight", "bps", "judging", "metrics", "rules", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(junk)
def test_no_document_does_worse_than_be_refused(document):
    try:
        spec = read_spec(document)
    except SpecRefused:
        return
    assert read_spec(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("bps", "ratio"), [(1, 2), (1000, 2), (1001, 1.5), (2500, 1.5), (5000, 1.25)]
)
def test_more_users_grant_a_canary_less(bps, ratio):
    assert Weight(bps).worst_ratio == ratio
    assert Weight(bps, ratio=3).worst_ratio == 3
