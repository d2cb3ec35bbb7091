"""Every topic name and every payload of the MQTT contract, made from the live picture. Pure.

Payloads are JSON objects. Unknown is null, never 0; times are ISO 8601, UTC, with milliseconds; units are in the names.
docs/reference/mqtt.md describes them all, and a test compares it with this file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime

from hub.core.state import LiveCharger, LiveMeter, Picture
from hub.model.candidate import Candidate
from hub.model.charger import Charger, Connection, Status
from hub.model.facts import Event
from hub.model.grant import Grant
from hub.model.ids import GRID, ChargerId, CircuitId, MeterId, StationId
from hub.model.reading import ChargerReading
from hub.model.session import LiveSession
from hub.model.units import PHASES, PerPhase, floor_to

Json = Mapping[str, object]
ONLINE, OFFLINE = "online", "offline"
SETTINGS = ("limit_a", "allow")
"""Fields that people may set under `charger/<id>/set/`."""

# The fields that move with every measurement: their changes may wait up to a second, all others are told at once.
CHARGER_SLOW = frozenset(
    {"ts", "measured_at", "power_w", "current_a", "voltage_v", "energy_wh", "offered_a", "limit_text", "session"}
)
METER_SLOW = frozenset(
    {"ts", "measured_at", "power_w", "current_a", "voltage_v", "phase_power_w", "import_wh", "export_wh"}
)
CIRCUIT_SLOW = frozenset({"ts", "current_a", "power_w", "headroom_a"})
SITE_SLOW = frozenset({"ts", "power_w", "current_a"})


def safe(name: str) -> str:
    """`name` as one level of a topic: what MQTT reserves (/ + # NUL), controls and % as %XX of their UTF-8 bytes."""
    return "".join(c if c.isprintable() and c not in "/+#%" else _escaped(c) for c in name)


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Topics:
    """The names under one prefix."""

    prefix: str

    @property
    def status(self) -> str:
        """Retained, and the last will: `online` or `offline`."""
        return f"{self.prefix}/status"

    @property
    def site(self) -> str:
        """Retained state of the whole site."""
        return f"{self.prefix}/site/state"

    def circuit(self, circuit: CircuitId) -> str:
        """Retained state of a circuit."""
        return f"{self.prefix}/circuit/{safe(circuit)}/state"

    def meter(self, meter: MeterId) -> str:
        """Retained state of a meter."""
        return f"{self.prefix}/meter/{safe(meter)}/state"

    def charger(self, charger: ChargerId) -> str:
        """Retained state of a charger."""
        return f"{self.prefix}/charger/{safe(charger)}/state"

    def availability(self, charger: ChargerId) -> str:
        """Retained `online` or `offline` of a charger."""
        return f"{self.prefix}/charger/{safe(charger)}/availability"

    def candidate(self, station: StationId) -> str:
        """Retained: a device that was found and waits to be adopted."""
        return f"{self.prefix}/discovery/{safe(station)}"

    def event(self, name: str) -> str:
        """Not retained: one topic for each kind of event."""
        return f"{self.prefix}/event/{name}"

    def order(self, name: str) -> str:
        """Where an order is sent to; `+` for all."""
        return f"{self.prefix}/order/{name}"

    def reply(self, order_id: str) -> str:
        """Where its reply comes; `unknown` where an order had no usable id."""
        return f"{self.prefix}/reply/{order_id}"

    def setting(self, charger: str, field: str) -> str:
        """Where people set one field of a charger; `+` for all."""
        return f"{self.prefix}/charger/{charger}/set/{field}"

    @property
    def kept(self) -> tuple[str, ...]:
        """Filters of everything retained that comes and goes with the drawing."""
        names = ("circuit/+/state", "meter/+/state", "charger/+/state", "charger/+/availability", "discovery/+")
        return tuple(f"{self.prefix}/{name}" for name in names)


def site_state(picture: Picture, now: datetime) -> Json:
    """The site: what flows through its grid connection, and how many chargers do what."""
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
    }


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
        "session": _session(live.session),
        "circuit": drawn.circuit,
        "station": drawn.station,
        "vendor": live.identity.vendor if live.identity else None,
        "model": live.identity.model if live.identity else None,
        "firmware": live.identity.firmware if live.identity else None,
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
        "limit_text": grant.text if grant else None,
    }


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
        "started_at": iso(session.started_at),
        "energy_wh": rounded(session.energy_wh, 0),
        "token": session.token,
    }


def availability(picture: Picture, charger: ChargerId) -> str:
    """`online` when the hub and the charger can talk; `offline` also while it was not heard of yet."""
    live = picture.chargers.get(charger)
    return ONLINE if live is not None and live.online else OFFLINE


def candidate_state(candidate: Candidate) -> Json:
    """A found device."""
    state = dict(_fields(candidate))
    return {"ts": state.pop("seen_at"), **state}


def event_payload(event: Event) -> Json:
    """An event: `ts`, then its fields."""
    state = dict(_fields(event))
    return {"ts": state.pop("at"), **state}


def is_adopted(picture: Picture, candidate: Candidate) -> bool:
    """True when the drawing holds the device: its meter, or all of the outlets that it is known to have."""
    site, station = picture.site, candidate.station
    outlets = sum(charger.station == station for charger in site.chargers.values())
    return any(meter.station == station for meter in site.meters.values()) or outlets >= max(
        candidate.connectors or 1, 1
    )


def urgent(state: Json, slow: frozenset[str]) -> Json:
    """What must not wait: the fields that are not slow, and which session runs."""
    session = state.get("session")
    running = session.get("id") if isinstance(session, Mapping) else None
    return {**{name: value for name, value in state.items() if name not in slow}, "session": running}


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
            return _fields(value)
        case _:
            return value


def _fields(value: object) -> Json:
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
