"""What reports do to the live picture of a charger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.core.state import LiveCharger
from hub.devices.apply import apply
from hub.model.charger import Charger, Status
from hub.model.facts import ChargerConnected, ChargerDisconnected, Event, StatusChanged
from hub.model.ids import GRID, ChargerId, StationId
from hub.model.reading import ChargerReading, ChargerReport, ChargerStatus, Contact, Fault, LimitHeld, Link
from hub.model.units import PerPhase, Phase

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHARGER = Charger(ChargerId("bay-1"), GRID, "ocpp", StationId("CP1"), phases=(Phase.L2,))


def live() -> LiveCharger:
    return LiveCharger(CHARGER.id, CHARGER.station)


def heard(picture: LiveCharger, report: ChargerReport, now: datetime = NOW) -> list[Event]:
    return apply(picture, CHARGER, report, now, 5.0)


def test_a_status_is_told_once() -> None:
    picture = live()
    assert heard(picture, ChargerStatus(at=NOW, status=Status.CHARGING)) == [
        StatusChanged(at=NOW, charger=CHARGER.id, before=None, after=Status.CHARGING)
    ]
    later = NOW + timedelta(seconds=9)
    assert heard(picture, ChargerStatus(at=later, status=Status.CHARGING), later) == []
    assert (picture.status, picture.status_since) == (Status.CHARGING, NOW)


def test_a_fault_beside_the_same_status_is_told() -> None:
    picture = live()
    heard(picture, ChargerStatus(at=NOW, status=Status.FAULTED, fault=Fault(code="GroundFailure")))
    events = heard(picture, ChargerStatus(at=NOW, status=Status.FAULTED, fault=Fault(code="HighTemperature")))
    assert [event.fault.code for event in events if isinstance(event, StatusChanged) and event.fault] == [
        "HighTemperature"
    ]


def test_contact_is_told_when_it_changes() -> None:
    picture = live()
    away, back = Contact(at=NOW, link=Link.DOWN, why="gone"), Contact(at=NOW, link=Link.UP)
    assert heard(picture, away) == []  # never heard of: nothing was lost
    assert picture.online is False
    assert heard(picture, back) == [ChargerConnected(at=NOW, charger=CHARGER.id)]
    assert heard(picture, back) == []
    assert heard(picture, away) == [ChargerDisconnected(at=NOW, charger=CHARGER.id, why="gone")]


def test_a_partial_reading_keeps_what_it_leaves_out_for_two_minutes() -> None:
    picture = live()
    heard(picture, ChargerReading(at=NOW, current_a=PerPhase(10.0, None, None), power_w=2300.0, energy_wh=1000.0))
    heard(picture, ChargerReading(at=NOW + timedelta(seconds=60), energy_wh=1040.0))
    assert picture.reading is not None
    assert (picture.reading.power_w, picture.reading.energy_wh) == (2300.0, 1040.0)
    assert picture.line_a == PerPhase(0.0, 10.0, 0.0)
    heard(picture, ChargerReading(at=NOW + timedelta(seconds=300), energy_wh=1050.0))
    assert picture.reading.power_w is None


def charged(picture: LiveCharger) -> None:
    heard(picture, ChargerStatus(at=NOW, status=Status.CHARGING))
    heard(picture, ChargerReading(at=NOW, current_a=PerPhase(10.0, None, None), power_w=2300.0, energy_wh=1000.0))


def test_a_charge_that_ended_draws_nothing_although_no_meter_value_says_so() -> None:
    picture = live()
    charged(picture)
    heard(picture, ChargerStatus(at=NOW, status=Status.AVAILABLE))
    assert picture.reading is not None
    assert (picture.reading.power_w, picture.reading.energy_wh) == (0.0, 1000.0)
    assert picture.line_a == PerPhase(0.0, 0.0, 0.0)


def test_a_faulted_charger_may_draw_who_knows_what() -> None:
    picture = live()
    charged(picture)
    heard(picture, ChargerStatus(at=NOW, status=Status.FAULTED, fault=Fault(code="PowerSwitchFailure")))
    assert picture.reading is not None
    assert (picture.reading.power_w, picture.line_a) == (None, PerPhase(None, None, None))


def test_a_measured_current_counts_whatever_the_status_says() -> None:
    picture = live()
    charged(picture)
    heard(picture, ChargerStatus(at=NOW, status=Status.SUSPENDED_EVSE))
    heard(picture, ChargerReading(at=NOW, current_a=PerPhase(9.0, None, None)))
    assert picture.line_a == PerPhase(0.0, 9.0, 0.0)


def test_a_confirmed_limit_settles_what_was_asked() -> None:
    picture = live()
    picture.asked_a = 16.0
    heard(picture, LimitHeld(at=NOW, limit_a=10.0))
    assert (picture.held_a, picture.asked_a) == (10.0, None)
