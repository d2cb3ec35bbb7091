"""How long a guesser waits."""

from __future__ import annotations

import pytest

from hub.access import lockout
from hub.access.lockout import Lockout, network_of


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


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nobody", "nobody"),
    ],
)
def test_a_household_is_one_guesser(origin: str, place: str) -> None:
    assert network_of(origin) == place


def test_a_year_of_guesses_is_still_a_number() -> None:
    guesses = Lockout()
    for n in range(3000):
        guesses.wrong("olga", n)
    assert guesses.wait_s("olga", 3000) == 899
