"""What a report changes in the live picture of one charger, and which events follow from it. No clock, no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.core.state import LiveCharger
from hub.devices.lines import line_currents
from hub.model.charger import Charger, Status
from hub.model.facts import ChargerConnected, ChargerDisconnected, Event, StatusChanged
from hub.model.lease import Leasing
from hub.model.reading import ChargerReading, ChargerReport, ChargerStatus, Contact, Identity, LimitHeld, Link

NOTHING_FLOWS = frozenset(
    {
        Status.AVAILABLE,
        Status.PREPARING,
        Status.SUSPENDED_EV,
        Status.SUSPENDED_EVSE,
        Status.FINISHING,
        Status.RESERVED,
    }
)
"""Many chargers send no meter values outside a charge, so that their last ones would stand for ever."""

KEPT_FOR = timedelta(minutes=2)
"""A value that the newest message does not repeat is shown from the one before for this long."""


def apply(live: LiveCharger, charger: Charger, report: ChargerReport, now: datetime, now_s: float) -> list[Event]:
    """Write one report into the picture; answers the events to tell."""
    match report:
        case ChargerReading():
            live.heard_at = now
            _reading(live, charger, report, now_s)
            return []
        case ChargerStatus():
            live.heard_at = now
            return _status(live, report, now)
        case Contact():
            return _contact(live, report, now)
        case Identity():
            live.identity = report
            return []
        case LimitHeld():
            live.heard_at = now
            live.held_a, live.asked_a = report.limit_a, None
            return []
        case Leasing():
            live.leasing = report
            live.lease = live.lease if report.lease_s is not None else None
            return []


def _reading(live: LiveCharger, charger: Charger, fresh: ChargerReading, now_s: float) -> None:
    live.reading = merged(live.reading, fresh)
    live.reading_at_s = now_s
    if fresh.current_a is not None:
        live.line_a = line_currents(charger, fresh.current_a)


def merged(old: ChargerReading | None, fresh: ChargerReading) -> ChargerReading:
    """The fresh reading, with what it leaves out taken from the one before when that is recent."""
    if old is None or fresh.at - old.at > KEPT_FOR or _says_all(fresh, old):
        return fresh
    return ChargerReading(
        at=fresh.at,
        current_a=old.current_a if fresh.current_a is None else fresh.current_a,
        voltage_v=old.voltage_v if fresh.voltage_v is None else fresh.voltage_v,
        power_w=old.power_w if fresh.power_w is None else fresh.power_w,
        energy_wh=old.energy_wh if fresh.energy_wh is None else fresh.energy_wh,
        session_wh=old.session_wh if fresh.session_wh is None else fresh.session_wh,
        offered_a=old.offered_a if fresh.offered_a is None else fresh.offered_a,
        temperature_c=old.temperature_c if fresh.temperature_c is None else fresh.temperature_c,
    )


def _says_all(fresh: ChargerReading, old: ChargerReading) -> bool:
    """Nothing of the old reading is left out: so it is with nearly every sample of a charge."""
    return (
        (fresh.current_a is not None or old.current_a is None)
        and (fresh.voltage_v is not None or old.voltage_v is None)
        and (fresh.power_w is not None or old.power_w is None)
        and (fresh.energy_wh is not None or old.energy_wh is None)
        and (fresh.session_wh is not None or old.session_wh is None)
        and (fresh.offered_a is not None or old.offered_a is None)
        and (fresh.temperature_c is not None or old.temperature_c is None)
    )


def _status(live: LiveCharger, report: ChargerStatus, now: datetime) -> list[Event]:
    before, before_fault = live.status, live.fault
    live.status, live.fault = report.status, report.fault
    if report.enabled is not None:
        live.enabled = report.enabled
    if before == report.status and before_fault == report.fault:
        return []
    if before != report.status:
        live.status_since = now
        _stopped(live, report)
    return [StatusChanged(at=now, charger=live.id, before=before, after=report.status, fault=report.fault)]


def _stopped(live: LiveCharger, report: ChargerStatus) -> None:
    """A new status that is not charging ends what was measured before: nothing flows, or out of service, who knows."""
    reading = live.reading
    if reading is None or report.status is Status.CHARGING or report.status is None:
        return
    amps = 0.0 if report.status in NOTHING_FLOWS else None
    live.reading = ChargerReading(
        at=max(report.at, reading.at),
        current_a=None if reading.current_a is None else reading.current_a.map(lambda a: None if a is None else amps),
        power_w=None if reading.power_w is None else amps,
        energy_wh=reading.energy_wh,
        session_wh=reading.session_wh,
        temperature_c=reading.temperature_c,
    )
    live.line_a = None if live.line_a is None else live.line_a.map(lambda a: None if a is None else amps)


def _contact(live: LiveCharger, report: Contact, now: datetime) -> list[Event]:
    up = report.link is Link.UP
    if not up:
        live.held_a = None  # it may restart while nobody looks: it says anew what it holds when it is back
        live.lease = live.leasing = None
    if live.online is up:
        return []
    first_word = live.online is None
    live.online = up
    if up:
        live.heard_at = now
        return [ChargerConnected(at=now, charger=live.id)]
    return [] if first_word else [ChargerDisconnected(at=now, charger=live.id, why=report.why)]
