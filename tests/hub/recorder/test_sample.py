"""What is worth a row, and what is not."""

from __future__ import annotations

from dataclasses import replace

from hub.core.state import LiveCharger, LiveMeter, Picture
from hub.model.charger import Status
from hub.model.grant import Limiter
from hub.model.ids import GRID, SessionId, StationId
from hub.model.session import LiveSession
from hub.recorder.codes import LIMITERS, OFFLINE, STATES, text_key
from hub.recorder.sample import CUT, NOTHING, UNKNOWN, Kind, Sample, Sampler, Subject, Values
from tests.hub.recorder.desk import BAY, MAIN, NOON, carrying, charging, drawing, granted, metered

BAY_1 = 1  # numbers are given in the order of appearance
FULL = Values(11_040, 1600, 1600, 1600, 5000, None, 160)


def painted() -> Picture:
    return Picture(drawing(), chargers={BAY: charging(16, 5000)})


def test_a_charger_s_sample() -> None:
    assert Sampler({}, {}).samples(painted(), 600) == [Sample(600, BAY_1, FULL)]


def test_a_meter_and_a_circuit() -> None:
    picture = Picture(drawing(), meters={MAIN: metered(-2300, 70_000, 1234)}, circuits={GRID: carrying(20)})
    found = Sampler({}, {}).samples(picture, 600)
    assert [row.values for row in found] == [
        Values(-2300, -1000, 0, 0, 70_000, 1234),
        Values(13_800, 2000, 2000, 2000),
    ]


def test_what_says_nothing_new_is_no_row() -> None:
    sampler, picture = Sampler({}, {}), painted()
    sampler.samples(picture, 601)
    assert sampler.samples(picture, 602) == []
    picture.chargers[BAY] = charging(16, 5001)
    assert sampler.samples(picture, 603) == [Sample(603, BAY_1, FULL._replace(energy=5001))]


def test_each_five_minutes_begin_with_what_still_holds() -> None:
    sampler, picture = Sampler({}, {}), painted()
    sampler.samples(picture, 601)
    assert sampler.samples(picture, 901) == [Sample(900, BAY_1, FULL)]
    picture.chargers[BAY] = charging(6, 5010)
    lower = Values(4140, 600, 600, 600, 5010, None, 60)
    assert sampler.samples(picture, 1203) == [Sample(1200, BAY_1, FULL), Sample(1203, BAY_1, lower)]


def test_nothing_holds_over_a_time_at_which_nobody_looked() -> None:
    sampler, picture = Sampler({}, {}), painted()
    sampler.samples(picture, 601)
    assert sampler.samples(picture, 1501) == [Sample(1501, BAY_1, FULL)]  # a suspended machine


def test_a_device_that_talks_fast_is_thinned() -> None:
    sampler, picture = Sampler({}, {}, interval_s=10), painted()
    rows = []
    for at in range(600, 640):
        picture.chargers[BAY] = charging(16, at)
        rows += sampler.samples(picture, at)
    assert [row.at for row in rows] == [600, 610, 620, 630]


def test_out_of_contact_is_a_row_at_once_and_no_zero() -> None:
    sampler, picture = Sampler({}, {}, interval_s=10), painted()
    sampler.samples(picture, 601)
    picture.chargers[BAY].online = False
    assert sampler.samples(picture, 602) == [Sample(602, BAY_1, NOTHING)]
    assert sampler.samples(picture, 901) == []


def test_what_left_the_drawing_ends() -> None:
    sampler, picture = Sampler({}, {}), painted()
    sampler.samples(picture, 601)
    sampler.changes(picture, 601)
    del picture.chargers[BAY]
    assert sampler.samples(picture, 602) == [Sample(602, BAY_1, NOTHING)]
    assert [change.doing for change in sampler.changes(picture, 602)] == [UNKNOWN]
    assert (sampler.samples(picture, 603), sampler.changes(picture, 603)) == ([], [])


def test_another_device_in_the_same_place_is_said_once() -> None:
    sampler, picture = Sampler({}, {}), painted()
    sampler.samples(picture, 601)
    picture.site = drawing("S2")
    picture.chargers[BAY] = replace(charging(16, 7), station=StationId("S2"))
    assert sampler.samples(picture, 602) == [Sample(602, BAY_1, CUT)]
    assert sampler.samples(picture, 603) == [Sample(603, BAY_1, FULL._replace(energy=7))]
    assert sampler.new == {Subject(Kind.CHARGER, BAY)}


def test_a_device_that_was_replaced_while_the_hub_was_down() -> None:
    sampler = Sampler({Subject(Kind.CHARGER, BAY): 4}, {4: "s0/1"})
    assert sampler.samples(painted(), 602) == [Sample(602, 4, CUT)]


def test_a_session_s_register_stands_in_where_there_is_no_other() -> None:
    picture = painted()
    reading = picture.chargers[BAY].reading
    assert reading is not None
    picture.chargers[BAY].reading = replace(reading, energy_wh=None, session_wh=12.4)
    assert Sampler({}, {}).samples(picture, 600)[0].values.energy == 12


def sessions_register(sampler: Sampler, picture: Picture, at: int) -> list[int | None]:
    return [row.values.energy for row in sampler.samples(picture, at)]


def in_session(start_wh: float | None, energy_wh: float | None) -> LiveSession:
    return LiveSession(id=SessionId("s"), started_at=NOON, start_wh=start_wh, energy_wh=energy_wh)


def test_what_a_start_says_of_the_register_counts_before_the_first_sample() -> None:
    sampler, picture = Sampler({}, {}), Picture(drawing())
    live = picture.chargers[BAY] = LiveCharger(BAY, StationId("S1"), online=True, session=in_session(700.0, None))
    assert sessions_register(sampler, picture, 600) == [700]
    live.reading = charging(16, 715).reading
    live.session = in_session(700.0, 15.0)
    assert sessions_register(sampler, picture, 605) == [715]


def test_what_a_stop_says_counts_although_no_sample_follows() -> None:
    sampler, picture = Sampler({}, {}), painted()
    live = picture.chargers[BAY]
    live.session = in_session(4000.0, 1000.0)
    assert sessions_register(sampler, picture, 600) == [5000]
    live.session = None
    sampler.session_ended(BAY, 1042.0)  # the car was gone at once
    assert sessions_register(sampler, picture, 601) == [5042]
    assert sessions_register(sampler, picture, 602) == []
    live.reading = charging(16, 5050).reading
    assert sessions_register(sampler, picture, 603) == [5050]
    live.reading = charging(16, 3).reading  # a register that begins anew is believed
    assert sessions_register(sampler, picture, 604) == [3]


def test_a_session_without_a_register_changes_nothing() -> None:
    sampler, picture = Sampler({}, {}), painted()
    picture.chargers[BAY].session = in_session(None, 300.0)
    assert sessions_register(sampler, picture, 600) == [5000]
    sampler.session_ended(BAY, 310.0)
    assert sessions_register(sampler, picture, 601) == []


def test_changes_are_told_when_something_is_different() -> None:
    sampler, picture = Sampler({}, {}), painted()
    picture.grants[BAY] = granted(6.66, "6.6 A because it is full")
    sampler.samples(picture, 600)
    (change,) = sampler.changes(picture, 600)
    assert (change.at, change.subject) == (600, BAY_1)
    doing = change.doing
    assert (doing.state, doing.limit, doing.held) == (STATES[Status.CHARGING], 66, 160)
    assert (doing.limiter, doing.phase) == (LIMITERS[Limiter.CIRCUIT], 1)
    assert sampler.ids[Subject(Kind.CIRCUIT, GRID)] == doing.circuit
    assert sampler.texts == {text_key("6.6 A because it is full"): "6.6 A because it is full"}
    picture.grants[BAY] = granted(6.66, "6.6 A because it is full")  # decided anew, and the same
    assert sampler.changes(picture, 601) == []
    picture.chargers[BAY].online = False
    assert [change.doing.state for change in sampler.changes(picture, 602)] == [OFFLINE]


def test_a_meter_without_contact_measures_nothing() -> None:
    picture = Picture(drawing(), meters={MAIN: LiveMeter(MAIN, online=False, reading=metered(1, 1).reading)})
    assert Sampler({}, {}).samples(picture, 600) == []
