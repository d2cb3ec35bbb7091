"""What to change in the file when a device of the drawing is renamed, replaced or retired. Pure.

The id of a charger or meter is for ever: topics, signs and history hang on it. Only its name and the device behind it
change, or it leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hub.config.edit import GONE, Place, Plan
from hub.config.explain import nearest
from hub.config.load import Loaded
from hub.config.wishes import place_of
from hub.devices.config import DeviceConfig
from hub.devices.entries import is_same
from hub.model.candidate import Address, Candidate
from hub.model.charger import Charger
from hub.model.errors import Invalid, NotFound, Refused
from hub.model.ids import StationId
from hub.model.site import Meter, Site

Device = Charger | Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """The device that takes another's place: one that is `here`, or one that somebody types in."""

    station: str | None
    integration: str | None = None
    host: str | None = None
    port: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    here: Candidate | None = None

    @property
    def named(self) -> str:
        """For a sentence, and as its identity where nobody knows its serial."""
        return self.station or (str(Address(self.host, self.port or 80)) if self.host else "")


def renaming(device: str, name: str, loaded: Loaded) -> Plan:
    """Another name for one charger or meter."""
    found = _named(device, loaded.site)
    if len(found) > 1:
        raise Invalid(f"device: {device} is {_ids(found)}", "name one of them")
    place = _place(found[0])
    about = ".".join(place)
    return Plan(about, (((*place, "name"), name),), f"{about}.name: {name}", {"device": found[0].id, "name": name})


def retirement(device: str, loaded: Loaded) -> Plan:
    """The entries taken out, and a meter also out of the circuit that it measures."""
    found = _named(device, loaded.site)
    ids = {one.id for one in found}
    measures = [place_of(c.id) for c in loaded.site.circuits.values() if isinstance(found[0], Meter) and c.meter in ids]
    places: list[Place] = [*map(_place, found), *measures]
    dotted = ", ".join(".".join(place) for place in places)
    about = ".".join(places[0])
    answer = {"devices": [one.id for one in found], "station": found[0].station}
    return Plan(about, tuple((place, GONE) for place in places), f"take out {dotted}", answer)


def replacement(device: str, newcomer: Newcomer, loaded: Loaded) -> Plan:
    """Another station behind all outlets of one: what says how to reach it changes, everything else stays."""
    found = _named(device, loaded.site)
    _refuse_half_a_station(device, found, loaded.site)
    _refuse_known(newcomer, found, loaded.site)
    _refuse_too_small(newcomer, found)
    changes = tuple(change for one in found for change in _swapped(one, newcomer, loaded))
    about = ".".join(_place(found[0]))
    said = ", ".join(f"{'.'.join(place)}: {'nothing' if value is GONE else value}" for place, value in changes)
    answer = {"devices": [one.id for one in found], "before": found[0].station, "station": newcomer.named}
    return Plan(about, changes, said, answer)


def _swapped(device: Device, newcomer: Newcomer, loaded: Loaded) -> Iterator[tuple[Place, object]]:
    """What changes in one entry."""
    place, entry = _place(device), _entry(device, loaded)
    for key, value in _reached(entry, newcomer).items():
        if value is not GONE or key in entry.model_fields_set:
            yield (*place, key), value
    is_kin = newcomer.integration in (None, entry.integration)
    gone = [key for key in entry.options if key not in newcomer.options and not is_kin]
    yield from (((*place, key), GONE) for key in gone)
    yield from (((*place, key), value) for key, value in newcomer.options.items())


def _reached(entry: DeviceConfig, newcomer: Newcomer) -> Mapping[str, object]:
    """A pinned address stays only where nobody knows another one, and the same family answers there."""
    said: dict[str, object] = {"station": newcomer.station or GONE}
    is_kin = newcomer.integration in (None, entry.integration)
    if not is_kin:
        said["integration"] = newcomer.integration
    if newcomer.host is not None or newcomer.here is not None or not is_kin:
        said |= {"host": newcomer.host or GONE, "port": newcomer.port or GONE}
    return said


def _refuse_half_a_station(device: str, found: tuple[Device, ...], site: Site) -> None:
    all_of_it = _of_station(found[0].station, site)
    if len(all_of_it) > len(found):
        raise Refused(
            f"{_ids(all_of_it)} are one station, {found[0].station}",
            f"say device={found[0].station} to replace all its outlets; or retire {device}, then adopt the new one "
            f"with id={device}",
        )


def _refuse_known(newcomer: Newcomer, found: tuple[Device, ...], site: Site) -> None:
    twins = _of_station(StationId(newcomer.named), site)
    if twins and is_same(twins[0].station, found[0].station):
        raise Refused(f"{_ids(found)} is {newcomer.named} already", "nothing is left to do")
    if twins:
        raise Refused(
            f"{newcomer.named} is in the configuration already, as {_ids(twins)}", f"retire {twins[0].id} first"
        )


def _refuse_too_small(newcomer: Newcomer, found: tuple[Device, ...]) -> None:
    has = None if newcomer.here is None else newcomer.here.connectors
    lacking = [one for one in found if isinstance(one, Charger) and has is not None and one.connector > has]
    if lacking:
        first = lacking[0]
        said = f"{newcomer.named} has {has} connector{'' if has == 1 else 's'}, and {first.id} is connector "
        raise Refused(f"{said}{first.connector}", f"retire {_ids(lacking)} first, or take a device with more outlets")


def _named(device: str, site: Site) -> tuple[Device, ...]:
    """The charger or meter of this id (`meters.main` where both have one), or all of a station. NotFound or Invalid."""
    by_key = {".".join(_place(one)): one for one in _all(site)}
    found = [one for key, one in by_key.items() if device in (key, one.id)]
    if len(found) > 1:
        raise Invalid(f"device: {device} is a charger and a meter", f"say chargers.{device} or meters.{device}")
    several = tuple(found) or _of_station(StationId(device), site)
    if not several:
        raise NotFound(f"no charger, meter or station is called '{device}'", _known(device, site))
    return several


def _known(device: str, site: Site) -> str:
    names = [str(one.id) for one in _all(site)]
    meant = nearest(device, [*names, *(one.station for one in _all(site))])
    return f"did you mean '{meant}'?" if meant else f"there are: {', '.join(names) or 'none yet'}"


def _of_station(station: StationId, site: Site) -> tuple[Device, ...]:
    return tuple(one for one in _all(site) if is_same(one.station, station))


def _all(site: Site) -> tuple[Device, ...]:
    return (*site.chargers.values(), *site.meters.values())


def _place(device: Device) -> Place:
    return ("chargers" if isinstance(device, Charger) else "meters", str(device.id))


def _entry(device: Device, loaded: Loaded) -> DeviceConfig:
    config = loaded.config
    return config.chargers[device.id] if isinstance(device, Charger) else config.meters[device.id]


def _ids(devices: Sequence[Device]) -> str:
    return " and ".join(str(one.id) for one in devices)
