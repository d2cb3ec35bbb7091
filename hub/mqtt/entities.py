"""What the hub, a meter and a charger are for Home Assistant: their entities, row by row. Pure.

Values come from the retained states of topics.py, and what people do goes to its set-topics: this is no second
contract. A key is for ever; no key is the end of another one behind a `_`, so that ids never meet.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub import __version__
from hub.core.shown import Json
from hub.core.state import LiveCharger, Picture, PlanState
from hub.model.charger import Capability, Charger, Status
from hub.model.grant import Limiter
from hub.model.ids import GRID, ChargerId, MeterId
from hub.model.reading import Identity
from hub.model.site import Site
from hub.model.units import PHASES, Phase
from hub.mqtt.homeassistant import PRODUCT, Device, Entity, Scheme
from hub.mqtt.topics import Topics, safe

POWER: Json = {"dev_cla": "power", "unit_of_meas": "W", "stat_cla": "measurement", "sug_dsp_prc": 0}
CURRENT: Json = {"dev_cla": "current", "unit_of_meas": "A", "stat_cla": "measurement", "sug_dsp_prc": 1}
VOLTAGE: Json = {"dev_cla": "voltage", "unit_of_meas": "V", "stat_cla": "measurement", "sug_dsp_prc": 0}
ENERGY: Json = {"dev_cla": "energy", "unit_of_meas": "kWh", "stat_cla": "total_increasing", "sug_dsp_prc": 2}
PROBLEM: Json = {"dev_cla": "problem"}
NOISY: Json = {"en": False}  # there, and switched on by whoever wants it
DIAGNOSTIC: Json = {"ent_cat": "diagnostic"}

PLUGGED = (Status.PREPARING, Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE, Status.FINISHING)
FREE = (Status.AVAILABLE, Status.RESERVED)


def hub(picture: Picture, scheme: Scheme) -> Device:
    """The hub itself: what flows through the grid connection, and what is wrong."""
    site, topics = picture.site, scheme.topics
    info = {"name": site.name, "mf": PRODUCT, "mdl": "hub", "sw": __version__, "cu": scheme.page}
    return Device("hub", info, (_hub_is_there(topics),), tuple(_hub_entities(site, topics)))


def _hub_entities(site: Site, topics: Topics) -> Iterator[Entity]:
    here = {"stat_t": topics.site}
    yield _sensor("power", "Grid power", here, _plain("power_w"), POWER)
    grid = {"stat_t": topics.circuit(GRID)}
    for line in _site_lines(site):
        yield _sensor(f"headroom_{line.lower()}", f"Headroom {line}", grid, _of_line("headroom_a", line), CURRENT)
    states: Json = {"dev_cla": "enum", "ops": ["starting", "running"]}
    state = "{{ value_json.balancing.state if value_json.balancing else None }}"
    yield _sensor("balancing", "Balancing", here, state, {**states, **DIAGNOSTIC})
    plan = "{{ value_json.safe_plan.state if value_json.safe_plan else None }}"
    who = _attributes(topics.site, "{{ {'chargers': (value_json.safe_plan or {}).chargers | default([])} | to_json }}")
    states = {"dev_cla": "enum", "ops": list(PlanState)}
    yield _sensor("safe_plan", "Safe plan", here, plan, {**states, **DIAGNOSTIC, **who})
    alarms = "{{ 'ON' if value_json.alarms else 'OFF' }}"
    said = _attributes(topics.site, "{{ {'alarms': value_json.alarms} | to_json }}")
    yield _binary("alarms", "Alarm", here, alarms, {**PROBLEM, **said})
    for circuit in site.circuits.values():
        over = "{{ None if value_json.over is none else 'ON' if value_json.over else 'OFF' }}"
        name = f"{circuit.name or circuit.id} over its limit"
        yield _binary(f"over_{circuit.id}", name, {"stat_t": topics.circuit(circuit.id)}, over, PROBLEM)


def meter(picture: Picture, scheme: Scheme, id: MeterId) -> Device:
    """A meter."""
    drawn, topics, live = picture.site.meters[id], scheme.topics, picture.meters.get(id)
    info = {"name": drawn.name or id, "sn": drawn.station, **_calls_itself(live.identity if live else None)}
    online: Json = {"t": topics.meter(id), "val_tpl": "{{ 'online' if value_json.online else 'offline' }}"}
    entities = tuple(_meter_entities(picture.site, topics.meter(id)))
    return Device(f"meter_{id}", info, (_hub_is_there(topics), online), entities)


def _meter_entities(site: Site, topic: str) -> Iterator[Entity]:
    here = {"stat_t": topic}
    yield _sensor("power", "Power", here, _plain("power_w"), POWER)
    yield _sensor("import", "Energy import", here, _kwh("import_wh"), ENERGY)
    yield _sensor("export", "Energy export", here, _kwh("export_wh"), ENERGY)
    for line in _site_lines(site):
        yield _sensor(f"current_{line.lower()}", f"Current {line}", here, _of_line("current_a", line), CURRENT)
    for line in _site_lines(site):
        quiet = {**VOLTAGE, **NOISY}
        yield _sensor(f"voltage_{line.lower()}", f"Voltage {line}", here, _of_line("voltage_v", line), quiet)


def charger(picture: Picture, scheme: Scheme, id: ChargerId, known: frozenset[str] = frozenset()) -> Device:
    """A charger. `known`: unique ids that Home Assistant has; a station that has not spoken yet keeps its buttons."""
    drawn, topics, live = picture.site.chargers[id], scheme.topics, picture.chargers.get(id)
    info = {"name": drawn.name or id, "sn": drawn.station, **_calls_itself(live.identity if live else None)}
    kind = f"charger_{id}"
    entities = [*_charger_entities(picture.site, drawn, topics)]
    for button, capability in zip(_buttons(topics, id), (Capability.RESET, Capability.UNLOCK), strict=True):
        if _can(live, capability, was_there=scheme.unique_id(kind, button.key) in known):
            entities.append(button)
    return Device(kind, info, (_hub_is_there(topics), {"t": topics.availability(id)}), tuple(entities))


def _charger_entities(site: Site, drawn: Charger, topics: Topics) -> Iterator[Entity]:
    here = {"stat_t": topics.charger(drawn.id)}
    yield _sensor("status", "Status", here, _plain("status"), {"dev_cla": "enum", "ops": list(Status)})
    yield _sensor("power", "Power", here, _plain("power_w"), POWER)
    yield _sensor("energy", "Energy", here, _kwh("energy_wh"), ENERGY)
    yield _sensor("session", "Session energy", here, _kwh("energy_wh", inside="session"), ENERGY)
    yield _sensor("granted", "Granted current", here, _plain("limit_a"), CURRENT)
    why = _attributes(topics.charger(drawn.id), "{{ {'text': value_json.limit_text} | to_json }}")
    reasons: Json = {"dev_cla": "enum", "ops": list(Limiter)}
    yield _sensor("reason", "Limit reason", here, _plain("limit_reason"), {**reasons, **why})
    yield _sensor("queue", "Queue position", here, _plain("queue_position"), {})
    yield _binary("plug", "Plug", here, _plug(), {"dev_cla": "plug"})
    fault = "{{ 'ON' if value_json.fault or value_json.status == 'faulted' else 'OFF' if value_json.status else None }}"
    what = _attributes(topics.charger(drawn.id), "{{ (value_json.fault or {}) | to_json }}")
    yield _binary("fault", "Fault", here, fault, {**PROBLEM, **what})
    yield _limit(drawn, topics)
    allow = {**here, "val_tpl": "{{ 'ON' if value_json.allowed else 'OFF' }}", "cmd_t": _set(topics, drawn.id, "allow")}
    yield Entity("allow", "switch", "Charging allowed", allow)
    for line in drawn.phases or _site_lines(site):
        quiet = {**CURRENT, **NOISY}
        yield _sensor(f"current_{line.lower()}", f"Current {line}", here, _of_line("current_a", line), quiet)
    for line in drawn.phases or _site_lines(site):
        quiet = {**VOLTAGE, **NOISY}
        yield _sensor(f"voltage_{line.lower()}", f"Voltage {line}", here, _of_line("voltage_v", line), quiet)
    yield _sensor("firmware", "Firmware", here, _plain("firmware"), DIAGNOSTIC)


def _limit(drawn: Charger, topics: Topics) -> Entity:
    """What people ask for. Nothing asked is the charger's own maximum; so is more than that, from an older drawing."""
    most = f"{drawn.max_a:g}"
    asked = "value_json.requested_a"
    value = f"{{{{ {most} if {asked} is none else [{asked}, {most}] | min }}}}"
    bounds: Json = {"min": 0, "max": drawn.max_a, "step": 1, "dev_cla": "current", "unit_of_meas": "A"}
    way: Json = {"stat_t": topics.charger(drawn.id), "val_tpl": value, "cmd_t": _set(topics, drawn.id, "limit_a")}
    return Entity("limit", "number", "Charge limit", {**way, **bounds})


def _plug() -> str:
    """A car is there: as the status says, or an open session; unknown where neither does."""
    plugged, free = [str(word) for word in PLUGGED], [str(word) for word in FREE]
    there = f"value_json.status in {plugged} or value_json.session"
    return f"{{{{ 'ON' if {there} else 'OFF' if value_json.status in {free} else None }}}}"


def _buttons(topics: Topics, id: ChargerId) -> Iterator[Entity]:
    """Restart and unlock."""
    restart: Json = {"cmd_t": _set(topics, id, "restart"), "dev_cla": "restart", "ent_cat": "config"}
    yield Entity("restart", "button", "Restart", restart)
    yield Entity("unlock", "button", "Unlock", {"cmd_t": _set(topics, id, "unlock")})


def _can(live: LiveCharger | None, capability: Capability, *, was_there: bool) -> bool:
    """A driver says all that its station can do at once; before that what was there stays."""
    if live is None or not live.capabilities:
        return was_there
    return capability in live.capabilities


# how they are written


def _calls_itself(identity: Identity | None) -> Json:
    return {} if identity is None else {"mf": identity.vendor, "mdl": identity.model, "sw": identity.firmware}


def _sensor(key: str, name: str, here: Json, value: str, more: Json) -> Entity:
    return Entity(key, "sensor", name, {**here, "val_tpl": value, **more})


def _binary(key: str, name: str, here: Json, value: str, more: Json) -> Entity:
    return Entity(key, "binary_sensor", name, {**here, "val_tpl": value, **more})


def _attributes(topic: str, template: str) -> Json:
    return {"json_attr_t": topic, "json_attr_tpl": template}


def _set(topics: Topics, id: ChargerId, field: str) -> str:
    return topics.setting(safe(id), field)


def _hub_is_there(topics: Topics) -> Json:
    return {"t": topics.status}


def _plain(field: str) -> str:
    """A field as it is; null becomes `None`, which is "unknown" there."""
    return f"{{{{ value_json.{field} }}}}"


def _of_line(field: str, line: Phase) -> str:
    return f"{{{{ value_json.{field}.{line.lower()} }}}}"


def _kwh(field: str, inside: str | None = None) -> str:
    """A counter of Wh in kWh; unknown stays unknown, and never becomes 0."""
    place = f"value_json.{field}" if inside is None else f"value_json.{inside}.{field}"
    known = f"{place} is not none" if inside is None else f"value_json.{inside} and {place} is not none"
    return f"{{{{ ({place} / 1000) | round(3) if {known} else None }}}}"


def _site_lines(site: Site) -> tuple[Phase, ...]:
    """The lines that the grid connection has: a single-phase one has L1 only."""
    return tuple(phase for phase in PHASES if site.grid.limit_a.of(phase) > 0)
