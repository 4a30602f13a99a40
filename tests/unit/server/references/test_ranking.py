from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.facing import facing
from limner_server.imaging.pose import HeadPose
from limner_server.references import ranking
from limner_server.references.face_rules import OVAL as ANY
from limner_server.references.face_rules import RULES, suits, traits
from limner_server.references.ranking import Candidate, nearest, rank
from tests.unit.server.references.people import OVAL, ROUND, outline_to, people, someone


def candidate(name, texture=None, **fields):
    return Candidate(name, someone(**fields), texture)


def order(person, *candidates):
    return [one.name for one in rank(person, candidates)]


def test_the_weights_sum_to_one():
    weights = [value for name, value in vars(ranking).items() if name.endswith("_WEIGHT")]
    assert len(weights) == 5
    assert sum(weights) == pytest.approx(1)


turns = st.floats(-30, 30)


@given(turns, turns, turns, turns)
def test_of_two_that_differ_in_pose_alone_the_nearer_never_ranks_lower(yaw, nod, one, other):
    found = rank(someone(yaw, nod), [candidate("one", yaw=one), candidate("other", yaw=other)])
    gaps = [ranked.facing.gap for ranked in found]
    assert gaps == sorted(gaps) or found[0].score == pytest.approx(found[1].score, abs=1e-6)
    assert not any(ranked.facing.is_too_far for ranked in found)


heads = st.builds(HeadPose, st.floats(-60, 60), st.floats(-30, 30), st.just(0.0))


@given(heads, st.lists(heads, min_size=1, max_size=5))
def test_the_nearest_of_several_views_is_no_farther_than_any(person, others):
    chosen = facing(person, others[nearest(person, others)])
    assert all(chosen.gap <= facing(person, other).gap for other in others)


@pytest.mark.parametrize(("yaw", "which"), [(0, 0), (12, 0), (-12, 0), (20, 1), (-20, 1), (50, 1)])
def test_whoever_is_turned_to_either_side_is_nearest_to_the_turned_view(yaw, which):
    front, turned = HeadPose(0.0, 0.0, 0.0), HeadPose(-30.0, 0.0, 0.0)
    assert nearest(HeadPose(yaw, 0.0, 0.0), [front, turned]) == which
    assert nearest(HeadPose(yaw, 0.0, 0.0), [front, front]) == 0


@given(st.integers(6, 30), st.integers(6, 30))
def test_of_two_that_differ_in_what_they_cover_the_one_that_covers_more_goes_first(one, other):
    person = someone(row=20)
    found = rank(person, [candidate("one", row=one), candidate("other", row=other)])
    rows = {"one": min(one + 1, 20), "other": min(other + 1, 20)}
    first, second = (rows[ranked.name] for ranked in found)
    assert first >= second


@given(people, st.lists(people, max_size=5))
def test_scores_are_shares_in_falling_order_and_reasons_say_why(person, others):
    candidates = [Candidate(str(n), other, None) for n, other in enumerate(others)]
    found = rank(person, candidates)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    for one in found:
        assert candidates[int(one.name)].features.hair
        effects = [abs(reason.effect) for reason in one.reasons]
        assert effects == sorted(effects, reverse=True)
        assert all(reason.message and len(one.reasons) <= 8 for reason in one.reasons)


@given(people)
def test_one_s_own_photo_is_turned_alike_and_covers_all(person):
    found = rank(person, [Candidate("self", person, None)])
    if person.hair is None:
        assert found == []
        return
    said = {reason.code: reason.message for reason in found[0].reasons}
    assert {"POSE_NEAR", "HAIR_COVERS", "COLOR_CLOSE", "LENGTH_CLOSE"} <= said.keys()
    assert "100%" in said["HAIR_COVERS"]


def test_a_head_turned_too_far_is_left_out_and_a_mirrored_one_is_not():
    assert order(someone(yaw=0), candidate("aside", yaw=40)) == []
    (found,) = rank(someone(yaw=20), [candidate("mirrored", yaw=-20)])
    assert found.facing.mirrored
    assert any("mirrored" in reason.message for reason in found.reasons)


def test_a_mirrored_reference_covers_what_its_mirror_image_covers():
    person, other = someone(yaw=20), someone(yaw=-20)
    left = tuple(row & 0xFFFF0000 for row in outline_to(20))
    person, other = (
        replace(head, hair=replace(head.hair, style=replace(head.hair.style, outline=outline)))
        for head, outline in (
            (person, left),
            (other, tuple(int(f"{row:032b}"[::-1], 2) for row in left)),
        )
    )
    (found,) = rank(person, [Candidate("other", other, None)])
    assert "100%" in next(r.message for r in found.reasons if r.code == "HAIR_COVERS")


def test_who_has_no_hair_has_none_to_be_covered():
    bald = replace(someone(), hair=None)
    (found,) = rank(bald, [candidate("one")])
    codes = [reason.code for reason in found.reasons]
    assert codes == ["POSE_NEAR", "HAIR_COVERS", "FACE_SHAPE"]
    assert found.score == pytest.approx(1 - ranking.FACE_WEIGHT * (1 - ANY))


def test_what_stylists_say_decides_between_those_that_are_else_alike():
    person = someone(face=ROUND, reach=0.3)
    long, chin = candidate("long", reach=0.6), candidate("chin", reach=0.0)
    assert order(person, chin, long) == ["long", "chin"]
    said = {
        one.name: {r.code: r.message for r in one.reasons} for one in rank(person, [chin, long])
    }
    assert "round face longer" in said["long"]["FACE_SHAPE"]
    assert "chin" in said["chin"]["FACE_SHAPE_OTHER"]
    oval = {one.score for one in rank(someone(face=OVAL, reach=0.3), [chin, long])}
    assert max(oval) - min(oval) < 0.01


@pytest.mark.parametrize("shape", RULES)
def test_rules_stay_within_bounds_and_speak_of_traits_that_are_seen(shape):
    seen = [
        traits(someone(reach=reach, fullness=full, fringe=fringe).hair.style, texture)
        for reach in (-0.6, 0.0, 0.3, 0.9)
        for full in (0.5, 2.0)
        for fringe in (0.0, 0.4)
        for texture in (None, "straight", "curly")
    ]
    assert all(0 <= suits(shape, hair)[0] <= 1 for hair in seen)
    for rule in RULES[shape]:
        assert any(rule.trait in hair for hair in seen)
        assert shape in rule.said
