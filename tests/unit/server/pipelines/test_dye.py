from __future__ import annotations

import numpy as np
import pytest

from limner.v1.reasons import NoHair
from limner_registry.contracts import DYE_BANK, DYE_GENERATOR, HAIR_MATTER
from limner_registry.hair_colors import DYE_PAIRS, HAIR_COLORS
from limner_server.imaging.hair_color import classified
from limner_server.imaging.shades import shade_named
from limner_server.pipelines.dye import Blend, Dyeing, Generator, Order, choose
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.matte import Engine, Matting
from tests.unit.server.pipelines.conftest import call_with, draw

RED, BLUE, PINK = (shade_named(name).lab for name in ("red", "blue", "pink"))
AMBIGUOUS, FAR = (20.0, 3.5, 5.5), (45.0, -60.0, 40.0)


@pytest.fixture
def dyeing(networks):
    return Dyeing(networks, Matting(networks))


def color(lab):
    return classified(lab, HAIR_COLORS)


@pytest.mark.parametrize("pair", DYE_PAIRS)
def test_a_pair_that_the_bank_holds_is_the_bank_s(pair):
    found, wanted = (color(HAIR_COLORS[name][0]) for name in pair)

    assert choose(found, wanted) == (Generator.BANK, pair)


@pytest.mark.parametrize(
    ("found", "wanted", "generator"),
    [
        (HAIR_COLORS["black"][0], HAIR_COLORS["pink"][0], Generator.CONDITIONAL),
        (HAIR_COLORS["brown"][0], HAIR_COLORS["brown"][2], Generator.CONDITIONAL),
        (HAIR_COLORS["black"][0], FAR, Generator.CONDITIONAL),
        (AMBIGUOUS, HAIR_COLORS["red"][0], Generator.CONDITIONAL),
        (HAIR_COLORS["brown"][0], shade_named("auburn").lab, Generator.CONDITIONAL),
        (HAIR_COLORS["brown"][0], shade_named("purple").lab, Generator.CONDITIONAL),
        (AMBIGUOUS, FAR, Generator.CLOSED_FORM),
    ],
)
def test_the_others_are_for_one_sure_color_or_for_none(found, wanted, generator):
    assert choose(color(found), color(wanted)) == (generator, None)


async def test_hair_is_dyed_and_nothing_else_is(dyeing, call):
    photo, hair = draw((200, 150, 50))

    dyed = await dyeing.dye(photo, Order(RED), call)

    np.testing.assert_array_equal(dyed.photo[dyed.alpha == 0], photo[dyed.alpha == 0])
    assert (dyed.alpha[hair] > 240).mean() > 0.9
    assert (dyed.alpha[~hair] < 15).mean() > 0.97
    assert dyed.difference_after < 0.3 * dyed.difference_before
    assert dyed.found.name == "brown"
    assert (dyed.generator, dyed.pair) == (Generator.BANK, ("brown", "red"))
    assert not call.warnings


@pytest.mark.parametrize("blend", Blend)
async def test_a_sent_alpha_is_taken_as_it_is_and_nothing_is_looked_for(
    dyeing, networks, call, blend
):
    photo, _ = draw((200, 150, 50))
    alpha = np.zeros(photo.shape[:2], np.uint8)
    alpha[40:120, 150:250] = np.linspace(0, 255, 100).astype(np.uint8)

    dyed = await dyeing.dye(photo, Order(BLUE, blend=blend, alpha=alpha), call)

    assert dyed.alpha is alpha
    np.testing.assert_array_equal(dyed.photo[alpha == 0], photo[alpha == 0])
    assert set(networks.asked) <= {DYE_BANK.model, DYE_GENERATOR.model}


async def test_an_empty_alpha_has_no_hair(dyeing, call):
    photo, _ = draw((200, 150, 50))

    with pytest.raises(NoHair):
        await dyeing.dye(photo, Order(RED, alpha=np.zeros(photo.shape[:2], np.uint8)), call)


async def test_nothing_is_asked_of_generators_where_nothing_is_to_change(dyeing, networks, call):
    photo, _ = draw((200, 150, 50))
    own = await dyeing.color_of(photo, Selector(), call)

    for order in (Order(RED, strength=0.0), Order(own.lab)):
        dyed = await dyeing.dye(photo, order, call)

        np.testing.assert_array_equal(dyed.photo, photo)
        assert dyed.generator is Generator.NONE
        assert dyed.difference_before == dyed.difference_after
    assert not {DYE_BANK.model, DYE_GENERATOR.model} & set(networks.asked)


@pytest.mark.parametrize("wanted", [RED, PINK])
async def test_without_a_generator_the_closed_form_dyes_and_says_so(dyeing, wanted):
    call = call_with()
    photo, _ = draw((200, 150, 50))

    dyed = await dyeing.dye(photo, Order(wanted), call)

    assert dyed.generator is Generator.CLOSED_FORM
    assert dyed.difference_after < dyed.difference_before
    said = [said.message for said in call.warnings if said.code == "GENERATOR_NOT_READY"]
    missing = [DYE_BANK.model] * (wanted is RED) + [DYE_GENERATOR.model]
    assert len(said) == len(missing)
    assert all(model in message for model, message in zip(missing, said, strict=True))


async def test_without_the_bank_the_conditional_generator_dyes(dyeing):
    call = call_with(DYE_GENERATOR.model)
    photo, _ = draw((200, 150, 50))

    dyed = await dyeing.dye(photo, Order(RED), call)

    assert (dyed.generator, dyed.pair) == (Generator.CONDITIONAL, None)
    assert [said.code for said in call.warnings] == ["GENERATOR_NOT_READY"]


async def test_a_generator_that_leads_away_from_the_color_is_not_followed(dyeing, networks, call):
    networks.dyes = False
    photo, _ = draw((200, 150, 50))

    dyed = await dyeing.dye(photo, Order(RED), call)

    assert dyed.generator is Generator.CLOSED_FORM
    assert dyed.difference_after < dyed.difference_before
    assert [said.code for said in call.warnings] == ["GENERATOR_UNHELPFUL"]


async def test_a_shade_that_dark_hair_cannot_reach_is_told_with_what_is_left(dyeing, call):
    photo, _ = draw((200, 150, 50))

    dyed = await dyeing.dye(photo, Order(shade_named("platinum").lab), call)

    assert dyed.difference_after < dyed.difference_before
    said = call.warnings[-1]
    assert said.code == "SHADE_OUT_OF_REACH"
    assert any(part.isdigit() for part in said.message.split())


async def test_both_engines_agree_on_an_alpha_that_is_plain_to_see(networks, call):
    matting = Matting(networks)
    photo, hair = draw((200, 150, 50))
    trimap = await matting.trimap_of_hair(photo, Selector(), None, call)

    planes = [await matting.alpha(photo, trimap, engine, call) for engine in Engine]

    for plane in planes:
        assert np.abs(plane / 255.0 - hair).mean() < 0.02


async def test_a_cut_out_by_the_network_is_the_alpha_it_gave(networks, call):
    matting = Matting(networks)
    photo, _ = draw((200, 150, 50))
    trimap = await matting.trimap_of_hair(photo, Selector(), 12, call)

    cut = await matting.cut_out(photo, trimap, call, want_foreground=True, engine=Engine.NETWORK)

    plane = await matting.alpha(photo, trimap, Engine.NETWORK, call)
    np.testing.assert_array_equal(np.rint(cut.alpha * 255), plane)
    assert cut.foreground is not None
    np.testing.assert_array_equal(cut.foreground[plane == 255], photo[plane == 255])


async def test_without_a_matting_network_hair_is_solved_and_the_caller_is_told(networks):
    photo, hair = draw((200, 150, 50))
    call = call_with(DYE_GENERATOR.model, without=HAIR_MATTER.model)

    dyed = await Dyeing(networks, Matting(networks)).dye(photo, Order(BLUE), call)

    assert HAIR_MATTER.model not in networks.asked
    assert [warning.code for warning in call.warnings][:1] == ["MATTER_NOT_READY"]
    assert (dyed.alpha[hair] > 240).mean() > 0.9
