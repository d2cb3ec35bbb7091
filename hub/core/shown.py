"""The live picture as JSON documents, the same for MQTT, the API and the command line. Pure.

Unknown is null, never 0; times are ISO 8601, UTC, with milliseconds; the unit is in the name; limits round down.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

from hub.core.alarms import alarms
from hub.core.pulse import Pulse
from hub.core.state import LiveBalancing, LiveCharger, LiveMeter, Picture
from hub.model.candidate import Candidate
from hub.model.charger import Charger, Connection, Status
from hub.model.grant import Grant, Wish
from hub.model.ids import GRID, ChargerId, CircuitId, MeterId
from hub.model.reading import ChargerReading
from hub.model.session import LiveSession
from hub.model.units import PHASES, PerPhase, floor_to

Json = Mapping[str, object]


def site_document(picture: Picture, candidates: list[Candidate], now: datetime) -> dict[str, object]:
    """The whole site in one document: each state as MQTT retains it, by kind and id, and the devices that wait."""
    return {
        "ts": iso(now),
        "site": site_state(picture, now),
        "circuits": {id: circuit_state(picture, id, now) for id in picture.site.circuits},
        "meters": {id: meter_state(picture, id, now) for id in picture.site.meters},
        "chargers": {
            id: {"online": live.online, **charger_state(picture, id, now)}
            for id in picture.site.chargers
            if (live := picture.chargers.get(id)) is not None
        },
        "candidates": [candidate_state(candidate) for candidate in candidates],
    }


def site_state(picture: Picture, now: datetime) -> Json:
    """The site: what flows through its grid connection, how many chargers do what, is the start over, and alarms."""
    grid = picture.circuits.get(GRID)
    chargers = [picture.chargers.get(charger) for charger in picture.site.chargers]
    return {
        "ts": iso(now),
        "name": picture.site.name,
        "power_w": rounded(grid.power_w, 1) if grid else None,
        "current_a": lines(grid.current_a if grid else None, 2),
        "chargers": {
            "total": len(chargers),
            "online": sum(live is not None and live.online is True for live in chargers),
            "charging": sum(live is not None and live.status is Status.CHARGING for live in chargers),
        },
        "balancing": _balancing(picture.balancing),
        "safe_plan": members(picture.safe_plan) if picture.safe_plan else None,
        "alarms": [members(alarm) for alarm in alarms(picture)],
    }


def _balancing(live: LiveBalancing | None) -> Json | None:
    if live is None:
        return None
    state = "starting" if live.starting else "running"
    return {"state": state, "since": iso(live.since), "waits_for": list(live.waits_for)}


def in_short(picture: Picture) -> str:
    """How the site is, in a line: "Riverside 12: 3 of 12 charging, balancing since 2026-01-31T15:04:05.123Z"."""
    charging = sum(live.status is Status.CHARGING for live in picture.chargers.values())
    balancing = picture.balancing
    how = "starting" if balancing is None or balancing.starting else f"balancing since {iso(balancing.since)}"
    return " ".join(f"{picture.site.name}: {charging} of {len(picture.site.chargers)} charging, {how}".split())


def hub_state(pulse: Pulse) -> Json:
    """The program itself: by how much its event loop was late in the last minute."""
    p99_s, worst_s = pulse.late_s(0.99), pulse.late_s(1.0)
    lag = {"p99": _milliseconds(p99_s), "max": _milliseconds(worst_s)}
    return {"loop_lag_ms": lag}


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def circuit_state(picture: Picture, circuit: CircuitId, now: datetime) -> Json:
    """A circuit of the drawing and what the balancer last made of it."""
    drawn, live = picture.site.circuits[circuit], picture.circuits.get(circuit)
    return {
        "ts": iso(live.at if live else now),
        "name": drawn.name or circuit,
        "parent": drawn.parent,
        "current_a": lines(live.current_a if live else None, 2),
        "limit_a": limits(live.limit_a if live else drawn.limit_a),
        "power_w": rounded(live.power_w, 1) if live else None,
        "headroom_a": lines(live.headroom_a if live else None, 2),
        "binding": live.binding if live else None,
        "measured": live.measured if live else None,
        "over": live.over if live else None,
    }


def meter_state(picture: Picture, meter: MeterId, now: datetime) -> Json:
    """A meter and its latest reading; import is positive, export negative."""
    drawn, live = picture.site.meters[meter], picture.meters.get(meter, LiveMeter(meter))
    reading = live.reading
    return {
        "ts": iso(now),
        "measured_at": iso(reading.at) if reading else None,
        "name": drawn.name or meter,
        "online": live.online,
        "power_w": rounded(reading.total_w, 1) if reading else None,
        "current_a": lines(reading.current_a if reading else None, 2),
        "voltage_v": lines(reading.voltage_v if reading else None, 1),
        "phase_power_w": lines(reading.power_w if reading else None, 1),
        "import_wh": rounded(reading.import_wh, 0) if reading else None,
        "export_wh": rounded(reading.export_wh, 0) if reading else None,
    }


def charger_state(picture: Picture, charger: ChargerId, now: datetime) -> Json:
    """A charger: what it does, what it measures, what it may draw and why not more."""
    drawn = picture.site.chargers[charger]
    live = picture.chargers.get(charger, LiveCharger(charger, drawn.station))
    return {
        "ts": iso(now),
        "name": drawn.name or charger,
        "status": live.status,
        "fault": plain(live.fault),
        "enabled": live.enabled,
        **_measured(drawn, live),
        **_limited(picture.grants.get(charger), live),
        **_asked(picture.wishes.get(charger, Wish())),
        "session": _session(live.session),
        "circuit": drawn.circuit,
        "station": drawn.station,
        "vendor": live.identity.vendor if live.identity else None,
        "model": live.identity.model if live.identity else None,
        "firmware": live.identity.firmware if live.identity else None,
        "drawn": _drawn(drawn),
        "can": sorted(live.capabilities),
    }


def _drawn(charger: Charger) -> Json:
    return {
        "phases": None if charger.phases is None else [str(phase) for phase in charger.phases],
        "min_a": charger.min_a,
        "max_a": charger.max_a,
        "fallback_a": charger.fallback_a,
    }


def _measured(drawn: Charger, live: LiveCharger) -> Json:
    reading = live.reading
    return {
        "measured_at": iso(reading.at) if reading else None,
        "power_w": rounded(reading.power_w, 1) if reading else None,
        "current_a": lines(live.line_a, 2),
        "voltage_v": lines(_line_voltages(drawn, reading), 1),
        "energy_wh": rounded(reading.energy_wh, 0) if reading else None,
        "offered_a": rounded(reading.offered_a, 2) if reading else None,
    }


def _limited(grant: Grant | None, live: LiveCharger) -> Json:
    return {
        "limit_a": amps_down(grant.limit_a) if grant else None,
        "held_a": amps_down(live.held_a),
        "limit_reason": grant.limiter if grant else None,
        "limit_circuit": grant.circuit if grant else None,
        "limit_text": grant.text if grant else None,
        "queue_position": grant.queue_position if grant else None,
        "queue_until": iso(grant.queue_until) if grant and grant.queue_until else None,
        "safe_a": amps_down(grant.safe_a) if grant else None,
        "lease_until": iso(live.lease.until) if live.lease else None,
        "lease_text": _no_lease(live),
    }


def _no_lease(live: LiveCharger) -> str | None:
    """Why its limit does not end by itself; None while it does, and of one that cannot be heard."""
    if not live.online or live.lease is not None or (live.leasing is not None and live.leasing.lease_s is not None):
        return None
    return "its limits cannot end by themselves" if live.leasing is None else live.leasing.why


def _asked(wish: Wish) -> Json:
    return {"requested_a": amps_down(wish.limit_a), "allowed": wish.allow}


def _line_voltages(drawn: Charger, reading: ChargerReading | None) -> PerPhase[float | None] | None:
    """Volts on the supply lines, from volts on the terminals. Between two lines (LL) it belongs to neither of them."""
    if reading is None or reading.voltage_v is None or drawn.phases is None or drawn.connection is Connection.LL:
        return None
    on_line = dict(zip(drawn.phases, reading.voltage_v, strict=False))
    return PerPhase(*(on_line.get(phase) for phase in PHASES))


def _session(session: LiveSession | None) -> Json | None:
    if session is None:
        return None
    return {
        "id": session.id,
        "transaction": session.transaction,
        "started_at": iso(session.started_at),
        "energy_wh": rounded(session.energy_wh, 0),
        "token": session.token,
    }


def candidate_state(candidate: Candidate) -> Json:
    """A found device."""
    state = dict(members(candidate))
    return {"ts": state.pop("seen_at"), **state}


def plain(value: object) -> object:
    """A value of hub.model in JSON's terms: words, numbers, null, lists and objects."""
    match value:
        case datetime():
            return iso(value)
        case float():
            return rounded(value, 3)
        case PerPhase():
            return {"l1": plain(value.l1), "l2": plain(value.l2), "l3": plain(value.l3)}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return members(value)
        case _:
            return value


def members(value: object) -> Json:
    """The fields of a dataclass by name."""
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}  # type: ignore[arg-type]


def iso(moment: datetime) -> str:
    """`2026-01-31T15:04:05.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rounded(value: float | None, places: int) -> float | None:
    """Rounded, whole numbers as such; None where it is unknown or not a number."""
    if value is None or not math.isfinite(value):
        return None
    return round(value, places) if places else round(value)


def amps_down(value: float | None) -> float | None:
    """A limit, rounded down to 0.1 A; None where there is none."""
    return None if value is None or not math.isfinite(value) else floor_to(value, 0.1)


def lines(values: PerPhase[float | None] | None, places: int) -> Json:
    """`{"l1", "l2", "l3"}`, each null where it is unknown."""
    given = values or PerPhase(None, None, None)
    return given.map(lambda value: rounded(value, places))._asdict()


def limits(values: PerPhase[float]) -> Json:
    """Limits of the three lines; null where a line has none."""
    return values.map(amps_down)._asdict()
