"""The judge of the kill test sees each kind of loss: a judge that cannot fail proves nothing."""

from __future__ import annotations

import re

import pytest

from tests.kill.judge import Kept, Stay, Told, judge

STAYS = {"bay-1": [Stay(100.0, 100.4), Stay(100.4, 150.9), Stay(150.9, 190.0)]}
FIRST, SECOND = Kept("a", "bay-1", 100.0, 50.0, True), Kept("b", "bay-1", 150.0, 40.0, True)
TOLD = [
    Told(1, "hub_started"),
    Told(2, "session_started", "a"),
    Told(3, "session_ended", "a", 50.0),
    Told(4, "session_started", "b"),
    Told(5, "session_ended", "b", 40.0),
]


def test_nothing_is_wrong_when_all_is_there() -> None:
    verdict = judge(STAYS, [FIRST, SECOND], TOLD)
    assert verdict.wrong == []
    assert (verdict.stays, verdict.sessions, verdict.facts) == (2, 2, 5)
    assert (verdict.true_wh, verdict.kept_wh) == (90.0, 90.0)


def test_a_little_more_than_nothing_is_found_by_its_whole_watt_hours() -> None:
    told = [Told(1, "session_started", "s"), Told(2, "session_ended", "s", 3.0)]
    assert judge({"bay-1": [Stay(171.1, 174.5)]}, [Kept("s", "bay-1", 171.0, 3.0, True)], told).wrong == []


@pytest.mark.parametrize(
    ("kept", "told", "wrong"),
    [
        ([FIRST], TOLD[:3], "150.9 to 190.0 Wh has no session: lost"),
        ([FIRST, SECOND, Kept("c", "bay-1", 151.0, 38.0, True)], TOLD, "has 2 sessions"),
        ([FIRST, Kept("b", "bay-1", 150.0, 20.0, True)], TOLD, "took 39.1 Wh, and session b has 20.0 Wh"),
        ([FIRST, Kept("b", "bay-1", 150.0, 40.0, False)], TOLD[:4], "session b has no end"),
        ([FIRST, SECOND, Kept("c", "bay-1", 500.0, 30.0, True)], TOLD, "belongs to no car"),
        ([FIRST, SECOND], TOLD[:4], "session b: told 1 times as started, 0 as ended"),
        ([FIRST, SECOND], [*TOLD, Told(6, "session_ended", "b", 40.0)], "told 1 times as started, 2 as ended"),
        ([FIRST, SECOND], [*TOLD[:4], Told(5, "session_ended", "b", 39.0)], "40.0 Wh, but told with 39.0 Wh"),
        ([FIRST, SECOND], [*TOLD, Told(6, "session_started", "z")], "session z was told and is not there"),
        ([FIRST, SECOND], [*TOLD, Told(7, "gap")], r"1 numbers are missing \[6\]"),
        ([FIRST, SECOND], [*TOLD, Told(5, "gap")], r"1 are doubled \[5\]"),
    ],
)
def test_each_loss_and_each_double_is_named(kept: list[Kept], told: list[Told], wrong: str) -> None:
    found = judge(STAYS, kept, told).wrong
    assert any(re.search(wrong, line) for line in found), found
