"""What an operator sees of the journal, and what is left of a card's number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.model.facts import Keeping
from hub.operators.config import Tokens
from hub.operators.filter import Filter, is_token
from tests.hub.operators.entries import EVERYTHING, entry

SALT = bytes(16)


@pytest.mark.parametrize(
    ("facts", "classes", "taken"),
    [
        ((), Keeping, "ksp"),
        ((), (Keeping.KEPT, Keeping.STATUS), "ks"),
        (("session_started", "charger_connected"), Keeping, "ks"),
        (("session_started", "charger_connected"), (Keeping.STATUS,), "s"),
    ],
)
def test_facts_and_classes(facts: tuple[str, ...], classes: tuple[Keeping, ...], taken: str) -> None:
    passing = Filter(frozenset(facts), frozenset(classes), Tokens.PLAIN, SALT)
    assert "".join(kind for kind in "ksp" if passing.takes(entry(1, kind))) == taken


def token_of(tokens: Tokens, token: str | None, salt: bytes = SALT) -> object:
    passing = replace(EVERYTHING, tokens=tokens, salt=salt)
    data = passing.data(entry(1, token=token, charger="bay-1"))
    assert data["charger"] == "bay-1"
    return data["token"]


def test_a_card_is_a_pseudonym_that_only_this_hub_can_make() -> None:
    hashed = token_of(Tokens.HASHED, "04A2B3C4")
    assert isinstance(hashed, str)
    assert len(hashed) == 32
    assert token_of(Tokens.HASHED, "04A2B3C4") == hashed
    assert token_of(Tokens.HASHED, "04A2B3C5") != hashed
    assert token_of(Tokens.HASHED, "04A2B3C4", salt=b"another hub") != hashed


def test_a_card_can_be_left_out_or_left_as_it_is() -> None:
    assert token_of(Tokens.HIDDEN, "04A2B3C4") is None
    assert token_of(Tokens.PLAIN, "04A2B3C4") == "04A2B3C4"
    assert token_of(Tokens.HASHED, None) is None


def test_which_fields_hold_a_card() -> None:
    assert [is_token(name) for name in ("token", "group_token", "tokens", "charger")] == [True, True, False, False]
