"""Every topic name and every payload of the MQTT contract, made from the live picture. Pure.

Payloads are JSON objects. Unknown is null, never 0; times are ISO 8601, UTC, with milliseconds; units are in the names.
docs/reference/mqtt.md describes them all, and a test compares it with this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.core.shown import Json, members
from hub.core.state import Picture
from hub.model.candidate import Candidate
from hub.model.facts import Event
from hub.model.ids import ChargerId, CircuitId, MeterId, StationId

ONLINE, OFFLINE = "online", "offline"
SETTINGS = ("limit_a", "allow", "restart", "unlock")
"""Fields that people may set, and buttons that they may press, under `charger/<id>/set/`."""

# The fields that move with every measurement: their changes may wait up to a second, all others are told at once.
CHARGER_SLOW = frozenset(
    {
        "ts",
        "measured_at",
        "power_w",
        "current_a",
        "voltage_v",
        "energy_wh",
        "offered_a",
        "limit_text",
        "lease_until",
        "session",
    }
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


def availability(picture: Picture, charger: ChargerId) -> str:
    """`online` when the hub and the charger can talk; `offline` also while it was not heard of yet."""
    live = picture.chargers.get(charger)
    return ONLINE if live is not None and live.online else OFFLINE


def event_payload(event: Event) -> Json:
    """An event: `ts`, then its fields."""
    state = dict(members(event))
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
