"""What a question asks for, and how its answer looks."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from hub.model.charger import Status
from hub.model.errors import Invalid
from hub.model.grant import Limiter
from hub.recorder import query
from hub.recorder.buckets import Spread, Stat
from hub.recorder.codes import LIMITERS, STATES
from hub.recorder.query import Energy, Every, Point, Question, Words
from hub.recorder.sample import ANEW, NOTHING, UNKNOWN, Change, Doing, Kind, Sample, Values

BRUSSELS = ZoneInfo("Europe/Brussels")
DAY_S = 86_400
FULL = Doing(STATES[Status.CHARGING], 66, 60, LIMITERS[Limiter.CIRCUIT], 7, 2, 99)
LOW = FULL._replace(limit=60, text=98)
WORDS = Words({99: "6.6 A because it is full"}, {7: "garage"})
QUESTION = Question(1, Kind.CHARGER, "bay-1", query.USUAL, 0, DAY_S, Every.FIVE_MINUTES, BRUSSELS)


@pytest.mark.parametrize(
    ("days", "grain"),
    [(1, Every.FIVE_MINUTES), (3, Every.FIVE_MINUTES), (4, Every.HOUR), (60, Every.HOUR), (90, Every.DAY)],
)
def test_the_usual_grain(days: int, grain: Every) -> None:
    assert query.usual_grain(0, days * DAY_S) is grain


@pytest.mark.parametrize(
    ("every", "days", "fits"),
    [
        (Every.FIVE_MINUTES, 17, Every.FIVE_MINUTES),  # 4,896 points
        (Every.FIVE_MINUTES, 18, Every.HOUR),
        (Every.HOUR, 208, Every.HOUR),
        (Every.HOUR, 209, Every.DAY),
        (Every.FIVE_MINUTES, 3650, Every.DAY),
    ],
)
def test_too_many_points_become_coarser(every: Every, days: int, fits: Every) -> None:
    assert query.fitting(every, 0, days * DAY_S) is fits


def test_more_than_all_is_refused() -> None:
    with pytest.raises(Invalid):
        query.fitting(Every.DAY, 0, 6000 * DAY_S)
    with pytest.raises(Invalid):
        query.wanted("power,love")


def test_a_question_begins_where_its_five_minutes_do() -> None:
    assert query.aligned(replace(QUESTION, at=1001)).at == 900
    assert query.aligned(replace(QUESTION, at=4001, every=Every.HOUR)).at == 3600
    assert query.aligned(replace(QUESTION, at=4001, every=Every.RAW)).at == 4001


def test_a_charger_has_what_was_asked_for() -> None:
    def names(what: str, every: Every) -> list[str]:
        return [c.name for c in query.columns(replace(QUESTION, what=query.wanted(what), every=every))]

    assert names("power,energy", Every.HOUR) == [
        "known_s", "power_w", "power_min_w", "power_max_w", "energy_wh", "register_wh",
    ]  # fmt: skip
    assert names("limits", Every.RAW) == [
        "limit_a", "held_a", "limit_reason", "limit_circuit", "limit_phase", "limit_text",
    ]  # fmt: skip
    assert {"charging_s", "offline_s", "limited_by_circuit_s"} <= set(names("all", Every.DAY))


def test_only_meters_export_and_circuits_have_no_register() -> None:
    def names(kind: Kind) -> set[str]:
        return {c.name for c in query.columns(replace(QUESTION, kind=kind, what=query.WHAT))}

    assert "export_wh" in names(Kind.METER)
    assert "export_wh" not in names(Kind.CHARGER)
    assert not {"energy_wh", "charging_s"} & names(Kind.CIRCUIT)


def test_a_row_of_statistics() -> None:
    chosen = query.columns(replace(QUESTION, what=("power", "current", "energy")))
    stat = Stat(1, 300, 299, Spread(0, 7300, 11040), Spread(0, 1058, 1600), energy=608, register=ANEW)
    assert query.stat_rows(chosen, [stat]) == [
        [300, 299, 7300, 0, 11_040, 10.58, 0, 16.0, *[None] * 6, 608, None],
    ]


def test_samples_and_changes_are_one_line() -> None:
    found = query.points(
        [Sample(10, 1, Values(power=100)), Sample(20, 1, Values(power=200))],
        [Change(15, 1, FULL), Change(20, 1, LOW)],
        query.first_point(5, UNKNOWN),
    )
    assert found == [
        Point(10, Values(power=100), UNKNOWN),
        Point(15, Values(power=100), FULL),
        Point(20, Values(power=200), LOW),
    ]


def test_a_raw_row_in_words() -> None:
    chosen = query.columns(replace(QUESTION, what=("status", "limits"), every=Every.RAW))
    assert query.point_rows(chosen, [Point(10, NOTHING, FULL), Point(11, NOTHING, UNKNOWN)], WORDS) == [
        [10, "charging", 6.6, 6.0, "circuit", "garage", "L2", "6.6 A because it is full"],
        [11, *[None] * 7],
    ]


def test_hours_become_the_site_s_days() -> None:
    begins = 1_774_738_800  # midnight of 2026-03-29 in Brussels, a day of 23 hours
    hours = [Stat(1, begins + 3600 * hour, 3600, Spread(0, 1000, 1000), energy=1000) for hour in range(23 + 24)]
    first, second = query.days(hours, begins, begins + 3600 * 47, BRUSSELS)
    assert (first.at, first.energy, first.known_s) == (begins, 23_000, 23 * 3600)
    assert (second.at, second.energy) == (begins + 23 * 3600, 24_000)


def test_energy_by_stretch() -> None:
    energies = [Energy(1, 0, 10, None), Energy(1, 99, 20, None), Energy(1, 100, 30, None), Energy(2, 150, 5, 7)]
    first, second = query.totals(energies, [(0, 100), (100, 200)])
    assert (first.energy, first.export) == ({1: 30}, {})
    assert (second.energy, second.export) == ({1: 30, 2: 5}, {2: 7})


def test_whether_hours_fit() -> None:
    assert query.whole_hours([0, 3600, DAY_S])
    assert not query.whole_hours([0, 1800])  # Kolkata


@pytest.mark.parametrize(
    ("at", "limit", "since", "until"),
    [
        (5, None, None, None),  # before anything was known
        (10, 66, 10, 30),
        (25, 66, 10, 30),  # the car changed what it does at 20; the limit did not
        (30, 60, 30, 40),
        (45, None, None, None),  # out of the drawing
        (1000, 66, 50, None),  # it still holds
    ],
)
def test_why(at: int, limit: int | None, since: int | None, until: int | None) -> None:
    rows = [
        Change(10, 1, FULL),
        Change(20, 1, FULL._replace(state=STATES[Status.SUSPENDED_EV], held=0)),
        Change(30, 1, LOW),
        Change(40, 1, UNKNOWN),
        Change(50, 1, FULL),
    ]
    found = query.why(at, rows)
    if limit is None:
        assert found is None
    else:
        assert found is not None
        assert (found.doing.limit, found.since, found.until) == (limit, since, until)
