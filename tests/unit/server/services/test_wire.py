from __future__ import annotations

import pytest

from limner.errors import Violation
from limner.v1.reasons import ImageUnreadable, ModelNotReady, NoHair
from limner_server.services import wire


def test_what_is_wrong_with_one_of_several_pictures_keeps_its_class_and_says_which_it_is():
    wrong = [Violation("image.format", "odd"), Violation("imagery", "odd")]
    with (
        pytest.raises(ImageUnreadable, match="the reference: cut off") as caught,
        wire.said_of("the reference", "color.reference"),
    ):
        raise ImageUnreadable("cut off", violations=wrong)
    fields = [violation.field for violation in caught.value.violations]
    assert fields == ["color.reference.format", "imagery"]
    with (
        pytest.raises(NoHair, match="the reference") as caught,
        wire.said_of("the reference", "reference"),
    ):
        raise NoHair("none")
    assert [violation.field for violation in caught.value.violations] == ["reference"]


def test_what_is_no_picture_s_fault_is_not_said_of_it():
    with pytest.raises(ModelNotReady) as caught, wire.said_of("the original", "original"):
        raise ModelNotReady("wait", retry_after=2.0)
    assert str(caught.value) == "wait"
    assert caught.value.retry_after == 2.0
