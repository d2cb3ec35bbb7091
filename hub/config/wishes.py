"""What to write of a device that is adopted: the wishes of the order, and sensible values for the rest. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hub.config.edit import Place, Plan
from hub.config.explain import known_words
from hub.config.load import Loaded
from hub.model.candidate import Candidate, Kind
from hub.model.charger import Charger
from hub.model.errors import Invalid, Refused
from hub.model.ids import GRID, CircuitId, StationId
from hub.model.site import Meter, Site

FIRST_METER = "main"


def adoption(candidate: Candidate, wishes: Mapping[str, object], loaded: Loaded, retired: Collection[str] = ()) -> Plan:
    """The new entry; its values are checked later with the whole file. Raises Invalid or Refused with the next step.

    The id of a device that was `retired` is given anew only to who asks for it: history hangs on it.
    """
    said = {key: value for key, value in wishes.items() if value is not None}
    said.setdefault("id", _free_id(candidate.kind, loaded.site, retired))
    _refuse_other_case(candidate.station, loaded.site)
    if candidate.kind is Kind.METER:
        return _meter(candidate, said, loaded.site)
    return _charger(candidate, said, loaded.site)


def _entry(place: Place, keys: Mapping[str, object], *more: tuple[Place, object]) -> Plan:
    section, id = place
    inside = ", ".join(f"{key}: {value}" for key, value in keys.items())
    by_hand = f"{section}: {{{id}: {{{inside}}}}}"
    return Plan(f"{section}.{id}", ((place, keys), *more), by_hand, {"id": id})


def _refuse_other_case(station: StationId, site: Site) -> None:
    """A serial is often typed off a label: the same letters in another case are the same device."""
    devices: tuple[Charger | Meter, ...] = (*site.chargers.values(), *site.meters.values())
    for drawn in devices:
        if drawn.station != station and drawn.station.casefold() == station.casefold():
            said = f"{drawn.id} is this device, but it calls itself '{station}' and not '{drawn.station}'"
            raise Refused(said, f"write station: {station} there")


def _charger(candidate: Candidate, said: dict[str, object], site: Site) -> Plan:
    id = _id(said.pop("id"), site.chargers)
    taken = {c.connector: c.id for c in site.chargers.values() if c.station == candidate.station}
    connector = said.pop("connector", None) or _free_outlet(candidate, taken)
    if connector in taken:
        which = f"{candidate.station} is in the configuration already, as {taken[connector]}"
        raise Refused(
            which if len(taken) == 1 else f"connector {connector} of {which}", _other_outlet(candidate, taken)
        )
    if candidate.connectors is not None and isinstance(connector, int) and connector > candidate.connectors:
        has = "1 connector" if candidate.connectors == 1 else f"{candidate.connectors} connectors"
        raise Invalid(f"connector: {candidate.station} has {has}, and no {connector}", _other_outlet(candidate, taken))
    keys: dict[str, object] = {"integration": candidate.integration, "station": str(candidate.station)}
    if connector != 1 or taken or (candidate.connectors or 1) > 1:
        keys["connector"] = connector
    if (name := said.pop("name", None)) is not None:
        keys["name"] = name
    keys["circuit"] = said.pop("circuit", str(GRID))
    return _entry(("chargers", id), {**keys, **{key: _plain(value) for key, value in said.items()}})


def _free_outlet(candidate: Candidate, taken: Collection[int]) -> int:
    outlets = range(1, (candidate.connectors or 1) + 1)
    return next((outlet for outlet in outlets if outlet not in taken), 1)


def _other_outlet(candidate: Candidate, taken: Collection[int]) -> str:
    if candidate.connectors is None:
        return "nothing is left to do; for a further outlet of it say connector=2"
    free = [f"connector={outlet}" for outlet in range(1, candidate.connectors + 1) if outlet not in taken]
    return f"say {' or '.join(free)}" if free else "nothing is left to do: all its connectors are in"


def _meter(candidate: Candidate, said: dict[str, object], site: Site) -> Plan:
    known = next((meter.id for meter in site.meters.values() if meter.station == candidate.station), None)
    if known is not None:
        raise Refused(f"{candidate.station} is in the configuration already, as {known}", "nothing is left to do")
    id = _id(said.pop("id"), site.meters)
    circuit = _measured(said.pop("circuit", None), site)
    keys = {"integration": candidate.integration, "station": str(candidate.station)}
    measures = place_of(circuit), id
    return _entry(("meters", id), {**keys, **{key: _plain(value) for key, value in said.items()}}, measures)


def place_of(circuit: CircuitId) -> Place:
    """Where the meter of a circuit is named."""
    return ("grid", "meter") if circuit == GRID else ("circuits", str(circuit), "meter")


def _measured(wish: object, site: Site) -> CircuitId:
    circuit = CircuitId(str(GRID if wish is None else wish))
    node = site.circuits.get(circuit)
    if node is None:
        known = tuple(str(id) for id in site.circuits)
        raise Invalid(f"circuit: there is no circuit '{circuit}'", known_words(circuit, known, "circuits"))
    if node.meter is not None:
        free = [str(c.id) for c in site.circuits.values() if c.meter is None]
        step = f"say which circuit it measures: circuit={' or '.join(free)}" if free else "take that one out first"
        raise Refused(f"'{circuit}' is measured by {node.meter} already", step)
    return circuit


def _free_id(kind: Kind, site: Site, retired: Collection[str]) -> str:
    taken = {*(site.meters if kind is Kind.METER else site.chargers), *retired}
    if kind is Kind.METER and not site.meters and FIRST_METER not in taken:
        return FIRST_METER
    word = "meter" if kind is Kind.METER else "bay"
    return next(id for n in range(1, len(taken) + 2) if (id := f"{word}-{n}") not in taken)


def _id(wish: object, taken: Collection[str]) -> str:
    id = str(wish)
    if id in taken:
        raise Refused(f"the id '{id}' is in use", "choose another, or leave it out")
    return id


def _plain(value: object) -> object:
    """As the file would have it: a tuple is a list."""
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
