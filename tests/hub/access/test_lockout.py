"""How long a guesser waits."""

from __future__ import annotations

import pytest

from hub.access import lockout
from hub.access.lockout import Lockout


@pytest.mark.parametrize(("wrong", "waits_s"), [(0, 0), (4, 0), (5, 1), (6, 2), (10, 32), (14, 512), (40, 900)])
def test_the_wait_doubles(wrong: int, waits_s: float) -> None:
    guesses = Lockout()
    for _ in range(wrong):
        guesses.wrong("olga", 100)
    assert guesses.wait_s("olga", 100) == waits_s
    assert guesses.wait_s("olga", 101) == max(waits_s - 1, 0)
    assert guesses.wait_s("vera", 100) == 0


def test_a_right_one_or_an_hour_forgives() -> None:
    guesses = Lockout()
    for _ in range(9):
        guesses.wrong("olga", 0)
        guesses.wrong("vera", 0)
    guesses.right("olga")
    assert guesses.wait_s("olga", 0) == 0
    guesses.wrong("vera", 3601)
    assert guesses.wait_s("vera", 3601) == 0


def test_a_thousand_names_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "MOST", 100)
    guesses = Lockout()
    for n in range(1000):
        guesses.wrong(f"name {n}", n)
    assert len(guesses._wrong) == 100
