"""Answers of the history in words."""

import pytest
from click.testing import CliRunner

from hub.cli.history import reason, table
from hub.cli.main import main

FULL = {
    "charger": "bay-3",
    "at": "2026-03-03T18:10:00+01:00",
    "limit_a": 6.0,
    "status": "charging",
    "limit_reason": "circuit",
    "circuit": "garage",
    "phase": "L1",
    "text": "6 A because Garage circuit L1 is full (40 A)",
    "since": "2026-03-03T18:08:12+01:00",
    "until": None,
}


def test_why() -> None:
    assert list(reason(FULL)) == [
        "bay-3 at 2026-03-03T18:10:00+01:00",
        "  6 A because Garage circuit L1 is full (40 A)",
        "  reason circuit (garage L1), status charging",
        "  since 2026-03-03T18:08:12+01:00, until now",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("no car", "  0 A: no car"), (None, "  0 A: nobody knows why"), ("0 A: too low", "  0 A: too low")],
)
def test_the_limit_is_said_with_a_reason_that_does_not_begin_with_it(text: str | None, said: str) -> None:
    other = {**FULL, "limit_a": 0.0, "text": text, "circuit": None, "phase": None, "limit_reason": "no_car"}
    lines = list(reason(other))
    assert lines[1] == said
    assert lines[2] == "  reason no_car, status charging"


def test_when_only_the_hour_is_known() -> None:
    hour = {"charger": "bay-3", "at": "A", "hour": "B", "limited_s": {"circuit": 2400, "charger": 1200}}
    assert list(reason(hour))[1].endswith("in the hour of B: circuit 40 min, charger 20 min")


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    assert list(table(["at", "power_w"], [["12:00", 11040.0], ["12:05", None]])) == [
        "   at  power_w",
        "12:00    11040",
        "12:05        –",
    ]


@pytest.mark.parametrize("command", [["history", "bay-1"], ["totals"], ["sessions"]])
def test_one_form_at_a_time(command: list[str]) -> None:
    ended = CliRunner().invoke(main, [*command, "--csv", "--json"])
    assert (ended.exit_code, "give --json or --csv, not both" in ended.output) == (2, True)
