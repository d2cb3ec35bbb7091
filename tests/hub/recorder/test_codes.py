"""Words and numbers of the database: each word has one, and none is given twice."""

import math

from hub.model.charger import Status
from hub.model.grant import Limiter
from hub.recorder.codes import LIMITERS, STATES, hundredths, packed, tenths, text_key, unpacked, whole


def test_every_word_has_its_number() -> None:
    assert STATES.keys() == {*Status, "offline"}
    assert LIMITERS.keys() == set(Limiter)
    assert len(set(STATES.values())) == len(STATES)
    assert len(set(LIMITERS.values())) == len(LIMITERS)


def test_unknown_stays_unknown() -> None:
    for scale in (whole, hundredths, tenths):
        assert (scale(None), scale(math.nan), scale(math.inf)) == (None, None, None)
        assert scale(0.0) == 0


def test_scales() -> None:
    assert (whole(11_039.6), whole(-0.4)) == (11_040, 0)
    assert (hundredths(15.874), hundredths(-3.2)) == (1587, -320)
    assert (tenths(6.666), tenths(6.6), tenths(16)) == (66, 66, 160)  # limits round down


def test_seconds_by_code() -> None:
    assert packed({3: 240, 4: 60, 5: 0}) == "3:240,4:60"
    assert packed({}) is None
    assert unpacked("3:240,4:60") == {3: 240, 4: 60}
    assert unpacked(None) == {}


def test_a_sentence_has_the_same_key_for_ever() -> None:
    assert text_key("own maximum 16 A") == 136_060_168_309_497
    assert text_key("own maximum 16 A") < 2**48
